import assert from 'node:assert/strict'
import { WorkingChild } from '../child-process.ts'
import { within } from '../patience.ts'
import type { Fault, Seen } from './fault.ts'
import type { Outcome, Stage } from './operation.ts'
import type { Point } from './points.ts'
import type { Tree } from './tree.ts'
import type { World } from './world.ts'

/** How long an aborted call may take to tell: time that this process had. */
const PROMPT_MS = 10_000

/** How long a process may take to start and to prepare, on a busy machine too. */
const START_MS = 300_000

/** How an operation ended. */
export interface Attempt {
  readonly outcome: Outcome
  /** What was visible when the signal was aborted. */
  readonly atAbort?: Tree | undefined
  /** It was over before the signal was aborted. */
  readonly moot?: boolean | undefined
}

/** Carries the operation out without a fault, and gives the requests that it made. */
export async function measure(world: World): Promise<{ seen: readonly Seen[]; attempt: Attempt }> {
  const { operation, proxy, kept } = world
  const stage = world.stage()
  await arrange(world, stage)
  proxy.reset()
  const value = await within(world.limitMs, 'the operation', operation.act(stage, kept))
  return { seen: [...proxy.seen], attempt: { outcome: { status: 'done', value } } }
}

/** What comes before the faults. Where it fails, nothing is said of the driver. */
async function arrange({ operation, kept }: World, stage: Stage): Promise<void> {
  try {
    await operation.arrange?.(stage, kept)
  } catch (error) {
    const text = `before any fault: ${String((error as Error)?.message ?? error)}`
    throw Object.assign(new Error(text, { cause: error }), { preparing: true })
  }
}

/** Carries it out while the point's fault happens, to the network, the signal or the process. */
export function attempt(world: World, point: Point): Promise<Attempt> {
  if (point.kind === 'kill') return killed(world, point)
  if (point.kind === 'abort') return aborted(world, point)
  return faulted(world, point)
}

async function faulted(world: World, point: Point): Promise<Attempt> {
  const { operation, kept } = world
  const stage = world.stage()
  await arrange(world, stage)
  const disarm = arm(world, point, () => {})
  const outcome = await within(world.limitMs, 'the operation', settle(operation.act(stage, kept)))
  disarm()
  return { outcome }
}

function settle(act: Promise<unknown>): Promise<Outcome> {
  return act.then(
    (value): Outcome => ({ status: 'done', value }),
    (error): Outcome => ({ status: 'failed', error }),
  )
}

/** The fault is to happen from now on, until the function is called that this gives. */
function arm(
  { proxy }: World,
  { index: first, times, fault }: Point,
  onCut: () => void,
): () => void {
  const whole: Fault = { ...fault, onCut }
  proxy.reset()
  proxy.rule = ({ index }) => (index >= first && index < first + times ? whole : undefined)
  return () => {
    proxy.rule = () => undefined
  }
}

/** The signal is aborted when it happens; what is visible by then is looked at before. */
async function aborted(world: World, point: Point): Promise<Attempt> {
  const { operation, kept, abort, settings } = world
  const stage = world.stage(abort.signal)
  await arrange(world, stage)
  const reason = new Error('abort of the trial')
  let interrupted: Promise<Tree> | undefined
  let tooLate = (_error: Error): void => {}
  const late = new Promise<never>((_, reject) => {
    tooLate = reject
  })
  late.catch(() => {})
  const disarm = arm(world, point, () => {
    // What moves or deletes is changing what there is, request by request.
    const look = operation.partial ? Promise.resolve(world.before) : world.tree()
    interrupted ??= look.then((tree) => {
      abort.abort(reason)
      const prompt = PROMPT_MS * settings.patience
      within(prompt, 'after the abort, the call', settled).catch(tooLate)
      return tree
    })
  })
  const settled = settle(operation.act(stage, kept)).then((outcome) => ({
    outcome,
    moot: !abort.signal.aborted,
  }))
  const limited = within(world.limitMs, 'the operation', settled)
  const { outcome, moot } = await Promise.race([limited, late])
  const atAbort = await interrupted
  disarm()
  if (atAbort === undefined || outcome.status === 'killed') return { outcome }
  const error = outcome.status === 'done' ? undefined : outcome.error
  if (!moot && outcome.status === 'failed') {
    assert.equal(error, reason, `it fails with the signal's reason, not with ${String(error)}`)
  }
  return { outcome: { status: 'aborted', error }, atAbort, moot }
}

/** The same in a process that is killed when it happens. */
async function killed(world: World, point: Point): Promise<Attempt> {
  const { settings, storage, proxy, operation } = world
  assert.ok(settings.child, 'the option "child"')
  const child = new WorkingChild(settings.child, storage, {
    ...{ kind: 'operation', operation: operation.id, endpoint: proxy.endpoint },
    ...{ seed: settings.seed, partSize: settings.partSize },
  })
  try {
    await within(
      START_MS * settings.patience,
      'the start of the process',
      child.until(({ step }) => step === 0),
    )
    let disarm = (): void => {}
    const cut = new Promise<void>((done) => {
      disarm = arm(world, point, done)
    })
    child.go()
    const ended = child.until((progress) => progress.ended === true)
    ended.catch(() => {})
    await within(world.limitMs, 'the process', Promise.race([cut, ended]))
    await child.kill()
    disarm()
  } finally {
    await child.kill()
  }
  return { outcome: { status: 'killed' } }
}
