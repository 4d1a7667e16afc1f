import { once } from 'node:events'
import { inspect } from './inspect.ts'
import { driver, playground } from './kills.ts'
import { durable } from './power.ts'
import type { Scenario } from './scenarios.ts'
import { Watched } from './watched.ts'
import { type CallName, mounted } from './wrap.ts'

const TURNS = 50

/** The calls of the scenario. */
export async function callsOf(scenario: Scenario): Promise<CallName[]> {
  const watched = new Watched()
  const { root, remove } = playground()
  try {
    await scenario.prepare(driver(root), root)
    const storage = durable(root, scenario.mounted ? mounted(watched.system, root) : watched.system)
    for (const step of scenario.steps()) await step.run(storage)
    return watched.calls
  } finally {
    remove()
  }
}

/** Whether it puts something in a place that callers see. */
function publishes(name: CallName, args: unknown[]): boolean {
  return name === 'rename' && !String(args[1]).includes('.stowage')
}

/**
 * Aborts when the call of that number begins, which then takes until the caller has been told. Looks at
 * what happens after that, and at what is left. With `isDeaf` the driver is not told of the signal.
 */
export async function abortAt(scenario: Scenario, at: number, isDeaf = false): Promise<void> {
  const { root, remove } = playground()
  const controller = new AbortController()
  const reason = new Error('the caller has changed his mind')
  const watched = new Watched()
  let isToldNow = (): void => {}
  const isTold = new Promise<void>((resolve) => {
    isToldNow = resolve
  })
  const late: string[] = []
  const steps = scenario.steps()
  let end: Promise<unknown> | undefined
  let done = 0
  let isPatient = false
  watched.around = async (number, name, args, make) => {
    if (controller.signal.aborted && publishes(name, args)) late.push(String(args[1]))
    if (number === at) {
      controller.abort(reason)
      // What ends an upload goes on to its end: an abort wants the same.
      isPatient = steps[done]?.ends === true
      if (!isPatient) await isTold
    }
    return await make()
  }
  try {
    await scenario.prepare(driver(root), root)
    const system = scenario.mounted ? mounted(watched.system, root) : watched.system
    const storage = durable(root, system)
    const signal = isDeaf ? undefined : controller.signal
    const run = async (): Promise<void> => {
      for (const step of steps) {
        await step.run(storage, signal)
        done++
      }
    }
    end = run().catch((error: unknown) => error)
    const error = await Promise.race([end, untilStuck(controller.signal, () => isPatient)])
    if (error !== reason && !(isPatient && error === undefined))
      throw new Error(`callers are told ${String(error)}`)
    isToldNow()
    await watched.quiet()
    if (late.length > 0) throw new Error(`published after the abort: ${late.join(', ')}`)
    if (watched.handles > 0) throw new Error(`${watched.handles} handles are left`)
    await inspect(root, withoutDemand(scenario), { crash: 'kill', done })
  } catch (error) {
    const where = `${scenario.name}, aborted at call ${at} (${watched.calls[at]})`
    throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
  } finally {
    isToldNow()
    await end
    await watched.quiet()
    remove()
  }
}

/** Resolves where nobody was told of the abort for many turns of the event loop. */
async function untilStuck(signal: AbortSignal, isPatient: () => boolean): Promise<string> {
  if (!signal.aborted) await once(signal, 'abort')
  if (isPatient()) return await new Promise(() => {})
  for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate)
  return 'nothing while a call takes its time'
}

/** An abort removes the upload: none has to be there. */
function withoutDemand(scenario: Scenario): Scenario {
  const steps = scenario.steps().map((step) => ({ ...step, kept: 0, passedOn: 0 }))
  return { ...scenario, kept: 0, steps: () => steps }
}
