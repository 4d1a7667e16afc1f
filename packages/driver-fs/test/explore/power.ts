import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { compareKeys, type StorageDriver, toStorageDriver } from '@stowage/core/driver'
import { FULL, random, SEED } from '@stowage-internal/jest-preset/sample'
import { FsDriver } from '../../src/driver.ts'
import type { FileSystem } from '../../src/file-system.ts'
import { nodeFileSystem } from '../../src/node-file-system.ts'
import { thisProcess } from '../../src/owner.ts'
import { type Durability, parse } from '../../src/parameters.ts'
import type { Disk } from './disk.ts'
import { DiskLog, type Event } from './disk-log.ts'
import { inspect } from './inspect.ts'
import { driver, playground } from './kills.ts'
import type { Saboteur } from './saboteurs.ts'
import type { Scenario } from './scenarios.ts'
import { mounted } from './wrap.ts'

/** What became of a change that was not flushed; of the bytes of a write, half may be there. */
type Fate = 'kept' | 'lost' | 'torn'

/** Fates that are tried at each moment, beside those in which one change differs from all the others. */
const DRAWN = FULL ? 64 : 8
/** Up to so many changes, every combination is tried. */
const EXHAUSTIVE = FULL ? 8 : 5

/**
 * The machine stops after some of these events: what the disk may hold then. Right after a success only what
 * was flushed counts, name by name, as POSIX has it. In between the file system is taken to be
 * consistent in itself: nothing is in a directory that never was.
 */
export class PowerLoss {
  readonly #before: Disk
  readonly #events: readonly Event[]
  readonly #isStrict: boolean
  readonly #seen = new Set<string>()

  constructor(log: DiskLog, isStrict: boolean) {
    this.#before = log.before
    this.#events = log.events
    this.#isStrict = isStrict
  }

  /** Every moment, with the steps that had succeeded and each state of the disk that is new. */
  *states(): Generator<{ at: number; done: number; disk: Disk; fates: string }> {
    let done = 0
    for (let at = 0; at <= this.#events.length; at++) {
      const isSuccess = this.#events[at - 1]?.kind === 'done'
      if (isSuccess) done++
      const isStrict = isSuccess && this.#isStrict
      for (const fates of combinations(this.#uncertain(at, isStrict), SEED + at)) {
        this.#makeConsistent(fates, at, isStrict)
        const disk = this.#after(at, fates)
        const key = `${done} ${hash(disk)}`
        if (this.#seen.has(key)) continue
        this.#seen.add(key)
        const lost = [...fates].filter(([, fate]) => fate !== 'kept')
        const told = lost.map(([i, fate]) => `${fate}: ${tell(this.#events[i] as Event)}`)
        yield { at, done, disk, fates: told.join(', ') || 'nothing lost' }
      }
    }
  }

  /** The changes before that moment that no flush has made certain. */
  #uncertain(at: number, isStrict: boolean): number[] {
    const flushed = new Map<number, number>()
    for (const event of this.#events.slice(0, at)) {
      if (event.kind === 'flush') {
        flushed.set(event.node, Math.max(flushed.get(event.node) ?? 0, event.since))
      }
    }
    return [...this.#events.slice(0, at).keys()].filter((i) => {
      const event = this.#events[i] as Event
      const subject = subjectOf(event)
      if (subject === undefined || i < (flushed.get(subject) ?? 0)) return false
      const isDirectory = event.kind === 'make' && event.what === 'directory'
      return isStrict || !isDirectory || !flushed.has(event.node)
    })
  }

  /** What was in a directory that is certainly removed is gone; what is in one that was lost is lost too. */
  #makeConsistent(fates: Map<number, Fate>, at: number, isStrict: boolean): void {
    const removed = new Set<number>()
    const events = [...this.#events.slice(0, at).entries()]
    for (const [i, event] of events.toReversed()) {
      if (event.kind === 'remove' && !fates.has(i)) removed.add(event.node)
      const from = event.kind === 'remove' ? event.at : event.kind === 'rename' && event.from
      if (from && removed.has(from.directory)) fates.delete(i)
    }
    const lost = new Set<number>()
    for (const [i, event] of isStrict ? [] : events) {
      if (event.kind !== 'make' && event.kind !== 'remove' && event.kind !== 'rename') continue
      if (lost.has(subjectOf(event) ?? -1)) fates.set(i, 'lost')
      if (event.kind === 'make' && (fates.get(i) ?? 'kept') !== 'kept') lost.add(event.node)
    }
  }

  #after(at: number, fates: ReadonlyMap<number, Fate>): Disk {
    const disk = this.#before.copy()
    for (const [i, event] of this.#events.slice(0, at).entries()) {
      if (event.kind === 'flush' || event.kind === 'done') continue
      const fate = fates.get(i) ?? 'kept'
      if (fate === 'torn' && event.kind === 'write') {
        const bytes = event.bytes.subarray(0, event.bytes.length / 2)
        disk.apply({ ...event, bytes })
      } else disk.apply(event, fate === 'kept')
    }
    return disk
  }
}

/** The file, or the directory of the names, that has to be flushed for the change to be certain. */
function subjectOf(event: Event): number | undefined {
  if (event.kind === 'write' || event.kind === 'truncate') return event.node
  if (event.kind === 'make' || event.kind === 'remove') return event.at.directory
  return event.kind === 'rename' ? event.to.directory : undefined
}

function tell(event: Event): string {
  if (event.kind === 'make' || event.kind === 'remove') return `${event.kind} ${event.at.name}`
  if (event.kind === 'rename') return `rename ${event.from.name} -> ${event.to.name}`
  return event.kind
}

/** Fates of these changes: all combinations of few, of many the likely mistakes and some at random. */
function* combinations(changes: readonly number[], seed: number): Generator<Map<number, Fate>> {
  const all = (fate: Fate): [number, Fate][] => changes.map((i) => [i, fate])
  yield new Map(all('kept'))
  if (changes.length <= EXHAUSTIVE) {
    for (let bits = 1; bits < 2 ** changes.length; bits++) {
      yield new Map(changes.map((i, bit) => [i, (bits >> bit) & 1 ? 'lost' : 'kept']))
    }
  } else yield new Map(all('lost'))
  for (const i of changes) {
    yield new Map([...all('kept'), [i, 'torn']])
    yield new Map([...all('lost'), [i, 'torn']])
    if (changes.length <= EXHAUSTIVE) continue
    yield new Map([...all('kept'), [i, 'lost']])
    yield new Map([...all('lost'), [i, 'kept']])
  }
  if (changes.length <= EXHAUSTIVE) return
  const next = random(seed)
  const draw = (): Fate => (['kept', 'lost', 'torn'] as const)[Math.floor(next() * 3)] as Fate
  for (let drawn = 0; drawn < DRAWN; drawn++) yield new Map(changes.map((i) => [i, draw()]))
}

/** What is reachable on a disk, in short. */
function hash(disk: Disk): string {
  const sum = createHash('sha256')
  const add = (number: number, path: string): void => {
    const node = disk.nodes.get(number)
    sum.update(`${path}\0${node?.kind}\0`)
    if (node?.kind === 'file') sum.update(`${node.bytes.length}\0`).update(node.bytes)
    if (node?.kind !== 'directory') return
    for (const name of [...node.entries.keys()].sort(compareKeys)) {
      add(node.entries.get(name) as number, `${path}/${name}`)
    }
  }
  add(0, '')
  return sum.digest('base64')
}

export interface PowerOptions {
  readonly durability?: Durability
  readonly saboteur?: Saboteur
}

/** Runs the scenario and writes down what reaches the disk. */
async function recorded(
  scenario: Scenario,
  { durability = 'full', saboteur = (system) => system }: PowerOptions,
): Promise<{ log: DiskLog; remove(): void; root: string }> {
  const { root, remove } = playground()
  await scenario.prepare(driver(root), root)
  const log = new DiskLog(dirname(root), nodeFileSystem)
  const system = saboteur(scenario.mounted ? mounted(log.system, root) : log.system)
  const storage = durable(root, system, durability)
  for (const step of scenario.steps()) {
    await step.run(storage)
    log.done()
  }
  return { log, remove, root }
}

export function durable(
  root: string,
  system: FileSystem,
  durability: Durability = 'full',
): StorageDriver {
  const settings = parse({ rootDirectory: root, durability, chunkSize: 16_384 })
  return toStorageDriver(new FsDriver(settings, { system }))
}

/**
 * Stops the machine at every moment of a scenario, and looks at each state of the disk that may be
 * there then. Gives their number.
 */
export async function losePower(scenario: Scenario, options: PowerOptions = {}): Promise<number> {
  const { log, remove, root } = await recorded(scenario, options)
  let count = 0
  try {
    const namesMayBeLost = options.durability === 'file'
    for (const { at, done, disk, fates } of new PowerLoss(log, !namesMayBeLost).states()) {
      const folder = join(dirname(root), `state-${count++}`)
      disk.write(folder, afterRestart)
      try {
        await inspect(join(folder, 'root'), scenario, { crash: 'power', done, namesMayBeLost })
      } catch (error) {
        const last = tell(log.events[at - 1] ?? { kind: 'done' })
        const where = `${scenario.name}, after ${done} steps and event ${at} (${last})`
        throw new Error(`${where}, ${fates}: ${(error as Error).message}`, { cause: error })
      }
      rmSync(folder, { recursive: true })
    }
    return count
  } finally {
    remove()
  }
}

/** The names of staging as they look to another run of the kernel. */
function afterRestart(name: string): string {
  return name.replace(`.${thisProcess().boot}.`, '.ffffffffffff.')
}
