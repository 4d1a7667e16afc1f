import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type StorageDriver, toStorageDriver } from '@stowage/core/driver'
import { FsDriver } from '../../src/driver.ts'
import type { FileSystem } from '../../src/file-system.ts'
import { nodeFileSystem } from '../../src/node-file-system.ts'
import { parse } from '../../src/parameters.ts'
import { inspect } from './inspect.ts'
import { counting } from './kill-at.ts'
import { SABOTEURS, type SaboteurName } from './saboteurs.ts'
import type { Scenario } from './scenarios.ts'
import { type CallName, mounted } from './wrap.ts'

/** What a child process is to do. */
export interface KillJob {
  readonly root: string
  readonly scenario: string
  readonly saboteur?: SaboteurName | undefined
  /** The call at whose beginning it is killed. */
  readonly at: number
  /** Of a call that writes, this part of the bytes is written before. */
  readonly part?: number | undefined
}

export type KillCase = Pick<KillJob, 'at' | 'part'> & { readonly call: CallName }

const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url))

/** Flags with which a process runs the sources. */
export const NODE_FLAGS = [
  '--conditions=@stowage/source',
  '--disable-warning=ExperimentalWarning',
  ...(process.versions.node.startsWith('22.') ? ['--experimental-strip-types'] : []),
]

/** In memory, flushes cost nothing: what they would keep is not what these tests are about. */
const MEMORY = '/dev/shm'

/** A directory in which a scenario is to run; the function removes it. */
export function playground(): { root: string; remove(): void } {
  const folder = realpathSync(mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'stowage-')))
  return {
    root: join(folder, 'root'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export function driver(root: string, system: FileSystem = nodeFileSystem): StorageDriver {
  const settings = parse({ rootDirectory: root, durability: 'none', chunkSize: 16_384 })
  return toStorageDriver(new FsDriver(settings, { system }))
}

/** Every moment at which the scenario can be killed. */
export async function killCases(scenario: Scenario, saboteur?: SaboteurName): Promise<KillCase[]> {
  const { root, remove } = playground()
  try {
    await scenario.prepare(driver(root), root)
    const calls: CallName[] = []
    let system = counting(nodeFileSystem, calls)
    if (saboteur) system = SABOTEURS[saboteur](system)
    const storage = driver(root, scenario.mounted ? mounted(system, root) : system)
    for (const step of scenario.steps()) await step.run(storage)
    return calls.flatMap((call, at) => {
      const parts = call === 'write' || call === 'copyFile' ? [undefined, 0.5] : [undefined]
      return parts.map((part) => ({ at, part, call }))
    })
  } finally {
    remove()
  }
}

/** Runs the scenario in a process that is killed there, and looks at what it has left. */
export async function killed(
  scenario: Scenario,
  { at, part, call }: KillCase,
  saboteur?: SaboteurName,
): Promise<void> {
  const { root, remove } = playground()
  try {
    await scenario.prepare(driver(root), root)
    const done = await runChild({ root, scenario: scenario.name, at, part, saboteur })
    await inspect(root, scenario, { crash: 'kill', done })
  } catch (error) {
    const where = `${scenario.name}, killed ${part ? 'within' : 'before'} call ${at} (${call})`
    throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
  } finally {
    remove()
  }
}

/** Gives the number of steps that the process has told of. */
async function runChild(job: KillJob): Promise<number> {
  const child = spawn(process.execPath, [...NODE_FLAGS, CHILD, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (text) => {
    output += text
  })
  child.stderr.on('data', (text) => {
    errors += text
  })
  const [, signal] = await once(child, 'close')
  if (signal !== 'SIGKILL') throw new Error(`the child was not killed: ${errors}`)
  return output.length
}
