import { isStorageError } from '@stowage/core'
import { inspect } from './inspect.ts'
import { driver, playground } from './kills.ts'
import { durable } from './power.ts'
import { SABOTEURS, type SaboteurName } from './saboteurs.ts'
import type { Scenario, Step } from './scenarios.ts'
import { Watched } from './watched.ts'
import { type CallName, mounted, systemError } from './wrap.ts'

/** Errors of the system, and what callers get for them where it does not go well by itself. */
const ERRORS = {
  EIO: 'DRIVER',
  ENOSPC: 'NO_SPACE',
  EDQUOT: 'NO_SPACE',
  EMFILE: undefined,
  ENFILE: undefined,
  EINTR: undefined,
  EPERM: 'PERMISSION_DENIED',
  EACCES: 'PERMISSION_DENIED',
  EROFS: 'PERMISSION_DENIED',
} as const

type ErrorName = keyof typeof ERRORS

/** `late`: the call is made, and then the error is told. `short`: of the bytes, half is written or read. */
export type Fault = ErrorName | 'late' | 'short'

export interface Injection {
  readonly at: number
  readonly call: CallName
  readonly fault: Fault
}

const CHANGES: readonly CallName[] = ['write', 'fsync', 'ftruncate', 'mkdir', 'rmdir', 'rename']
const LATE: readonly CallName[] = [...CHANGES, 'unlink', 'copyFile']
const OPENING: readonly CallName[] = ['open', 'opendir', 'readdir', 'copyFile']
/** Where one of these fails, a success would be a lie. */
const ESSENTIAL: readonly CallName[] = ['write', 'fsync', 'ftruncate', 'rename', 'copyFile']

/** Every fault at every call. */
export async function injections(scenario: Scenario): Promise<Injection[]> {
  const watched = new Watched()
  const { root, remove } = playground()
  try {
    await scenario.prepare(driver(root), root)
    const storage = durable(root, scenario.mounted ? mounted(watched.system, root) : watched.system)
    for (const step of scenario.steps()) await step.run(storage)
  } finally {
    remove()
  }
  return watched.calls.flatMap((call, at) => {
    const faults: Fault[] = (Object.keys(ERRORS) as ErrorName[]).filter(
      (name) => OPENING.includes(call) || !['EMFILE', 'ENFILE'].includes(name),
    )
    if (LATE.includes(call)) faults.push('late')
    if (call === 'write' || call === 'read') faults.push('short')
    return faults.map((fault) => ({ at, call, fault }))
  })
}

/** Runs the scenario with the fault, and looks at what callers are told and at what is left. */
export async function inject(
  scenario: Scenario,
  injection: Injection,
  saboteur?: SaboteurName,
): Promise<void> {
  const { root, remove } = playground()
  const watched = new Watched()
  try {
    await scenario.prepare(driver(root), root)
    watched.around = (at, name, args, make) =>
      at === injection.at ? fail(injection.fault, name, args, make) : make()
    const system = saboteur ? SABOTEURS[saboteur](watched.system) : watched.system
    const storage = durable(root, scenario.mounted ? mounted(system, root) : system)
    const steps = scenario.steps()
    const run = (step: Step): Promise<unknown> => step.run(storage)
    const done = await runSteps(steps, run, injection)
    if (done < steps.length) await steps[done]?.giveUp?.().catch(() => {})
    await watched.quiet()
    if (watched.handles > 0) throw new Error(`${watched.handles} handles are left`)
    await inspect(root, scenario, { crash: 'power', done })
  } catch (error) {
    const where = `${scenario.name}, ${injection.fault} at call ${injection.at} (${injection.call})`
    throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
  } finally {
    remove()
  }
}

/** Gives the number of steps that have succeeded. */
async function runSteps(
  steps: readonly Step[],
  run: (step: Step) => Promise<unknown>,
  { fault, call }: Injection,
): Promise<number> {
  let isTold = false
  for (const [done, step] of steps.entries()) {
    const error = await run(step).then(
      () => undefined,
      (reason: unknown) => ({ reason }),
    )
    if (error === undefined) continue
    isTold = true
    mustBeClear(error.reason, fault)
    if (step.name !== 'commit') return done
    const again = await run(step).catch((reason: unknown) => ({ reason }))
    if (!again) continue
    // An upload that could not be flushed is to be closed; one whose rename was made is gone.
    const isGone =
      fault === 'late' && isStorageError((again as { reason: unknown }).reason, 'UPLOAD_NOT_FOUND')
    if (call !== 'fsync' && !isGone) throw new Error('a commit cannot be made again', again)
    return done
  }
  const isError = fault === 'late' || (fault !== 'short' && ERRORS[fault] !== undefined)
  if (!isTold && isError && ESSENTIAL.includes(call)) throw new Error('nobody was told')
  return steps.length
}

function mustBeClear(error: unknown, fault: Fault): void {
  const cause = fault === 'late' ? 'EIO' : fault
  const expected = cause === 'short' ? undefined : ERRORS[cause]
  const single = isStorageError(error, 'MULTIPLE')
    ? (error as { errors?: unknown[] }).errors?.[0]
    : error
  const { code, path, message } = single as { code: string; path?: string; message: string }
  if (code !== expected || path === undefined || !message.includes('(')) {
    throw new Error(`callers are told ${code}: ${message}`, { cause: error })
  }
}

async function fail(
  fault: Fault,
  name: CallName,
  args: unknown[],
  make: () => Promise<unknown>,
): Promise<unknown> {
  if (fault === 'short') return await shortened(args, make)
  // A handle is free whatever close says.
  if (fault === 'late' || name === 'close') await make()
  throw systemError(fault === 'late' ? 'EIO' : fault)
}

async function shortened(args: unknown[], make: () => Promise<unknown>): Promise<unknown> {
  const bytes = args[1] as Uint8Array
  args[1] = bytes.subarray(0, Math.ceil(bytes.length / 2))
  return await make()
}
