import { attempt, measure } from './attempt.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations.ts'
import {
  type FaultFailure,
  type FaultOptions,
  type FaultSettings,
  faultSettings,
  type OperationReport,
} from './options.ts'
import { drawn, type Point, pointsOf } from './points.ts'
import { Contents } from './tree.ts'
import { judge } from './verdict.ts'
import { until, World } from './world.ts'

/** Failures of one operation after which no further point of it is tried. */
const ENOUGH = 20
/** The driver may be silent so many times as long as the operation took without a fault. */
const SLOWNESS = 4
/** How often a trial is begun anew because what comes before it failed. */
const PREPARATIONS = 3
/** How long the handles of the last points may take to go, in looks, and what may come and go by itself. */
const SETTLE_MS = 30_000
const SLACK = 3

interface Shared {
  readonly settings: FaultSettings
  readonly upstream: string
  readonly contents: Contents
}

/** What all operations of one run share. */
export async function share(settings: FaultSettings): Promise<Shared> {
  const { upstream } = settings
  return {
    settings,
    upstream: typeof upstream === 'string' ? upstream : await upstream(),
    contents: new Contents(settings.seed),
  }
}

/** Tries one operation at every point that the settings ask for. It never rejects for a failure of the driver. */
export async function tryOperation(shared: Shared, operation: Operation): Promise<OperationReport> {
  const { settings } = shared
  const none = { done: 0, failed: 0, killed: 0 }
  const nothing = { operation: operation.id, requests: 0, points: 0, outcomes: none, failures: [] }
  const skipped =
    settings.skip[operation.id] ??
    notAskedFor(settings, operation) ??
    (await unsupported(shared, operation))
  if (skipped !== undefined) return { ...nothing, skipped }
  const rejections = new Rejections()
  const before = handles()
  try {
    const measured = await first(shared, operation)
    if ('error' in measured) return { ...nothing, failures: [measured] }
    const which = { aborts: operation.aborts !== false, kills: kills(settings, operation) }
    const all = pointsOf(settings, operation.id, measured.seen, which)
    const points = drawn(settings, operation.id, all)
    const given = waiting(shared, measured.ms * SLOWNESS)
    const { outcomes, failures } = await tryAll(given, operation, points)
    failures.push(...(await rejections.failures(operation.id)))
    failures.push(...(await leaks(operation.id, before, settings)))
    const requests = measured.seen.length
    return { operation: operation.id, requests, points: points.length, outcomes, failures }
  } finally {
    rejections.stop()
  }
}

/** A point that names its operation needs no other one. */
function notAskedFor({ only = '' }: FaultSettings, { id }: Operation): string | undefined {
  const named = operations.some((one) => only.startsWith(`${one.id}/`))
  return named && !only.startsWith(`${id}/`) ? `only ${only} is asked for` : undefined
}

function kills(settings: FaultSettings, operation: Operation): boolean {
  return settings.child !== undefined && operation.kills !== false
}

async function unsupported(shared: Shared, { needs }: Operation): Promise<string | undefined> {
  if (needs === undefined) return undefined
  const driver = await shared.settings.create('capabilities', shared.upstream, {})
  try {
    return driver.capabilities[needs] ? undefined : `the driver does not declare "${needs}"`
  } finally {
    await driver.close()
  }
}

/** The same, where a driver is to wait so long at least: a healthy request that it gives up is a fault nobody asked for. */
function waiting(shared: Shared, ms: number): Shared {
  const { settings } = shared
  const idleTimeoutMs = Math.ceil(
    Math.max(settings.idleTimeoutMs * Math.max(1, settings.patience), ms),
  )
  return { ...shared, settings: { ...settings, idleTimeoutMs } }
}

/** Without a fault it must work; how many requests it makes then is what the points are made from. */
async function first(shared: Shared, operation: Operation) {
  let world: World | undefined
  try {
    world = await World.open(shared.settings, operation, shared)
    const begun = performance.now()
    const { seen, attempt } = await measure(world)
    const ms = performance.now() - begun
    await judge(world, attempt)
    return { seen, ms }
  } catch (error) {
    return failure(`${operation.id} without a fault`, error)
  } finally {
    await world?.end()
  }
}

async function tryAll(shared: Shared, operation: Operation, points: readonly Point[]) {
  const outcomes = { done: 0, failed: 0, killed: 0 }
  const failures: FaultFailure[] = []
  const left = [...points]
  const work = async (): Promise<void> => {
    for (let point = left.shift(); point; point = left.shift()) {
      if (failures.length >= ENOUGH) return
      try {
        const status = await tryPoint(shared, operation, point)
        outcomes[status === 'aborted' ? 'failed' : status]++
      } catch (error) {
        failures.push(failure(point.id, error))
      }
    }
  }
  await Promise.all(Array.from({ length: shared.settings.concurrency }, work))
  return { outcomes, failures }
}

/** Tries one point; a silent one again where it fails, in case that the machine was too slow for the short limit. */
async function tryPoint(shared: Shared, operation: Operation, point: Point) {
  if (!point.silent) return tryPrepared(shared, operation, point)
  const longer = waiting(shared, shared.settings.idleTimeoutMs * SLOWNESS)
  return tryPrepared(shared, operation, point).catch(() => tryPrepared(longer, operation, point))
}

/** Tries it; again where the machine was too slow for what comes before. */
async function tryPrepared(shared: Shared, operation: Operation, point: Point) {
  for (let left = PREPARATIONS; ; left--) {
    try {
      return await tryOnce(shared, operation, point)
    } catch (error) {
      if (!(error as { preparing?: true }).preparing || left === 0) throw error
    }
  }
}

async function tryOnce(shared: Shared, operation: Operation, point: Point) {
  const world = await World.open(shared.settings, operation, shared, point.silent)
  try {
    const made = await attempt(world, point)
    await judge(world, made, point)
    return made.outcome.status
  } finally {
    await world.end()
  }
}

function failure(point: string, error: unknown): FaultFailure {
  return { point, error: error as Error }
}

/** How many of each kind of handle the process holds: sockets, timers, requests. */
function handles(): Map<string, number> {
  const all = Map.groupBy(process.getActiveResourcesInfo(), (kind) => kind)
  return new Map([...all].map(([kind, { length }]) => [kind, length]))
}

/** Handles that are more than before all points were tried. */
async function leaks(
  operation: string,
  before: Map<string, number>,
  { patience }: FaultSettings,
): Promise<FaultFailure[]> {
  const more = (): string[] =>
    [...handles()]
      .filter(([kind, count]) => count > (before.get(kind) ?? 0) + SLACK)
      .map(([kind, count]) => `${before.get(kind) ?? 0} ${kind} became ${count}`)
  try {
    await until(
      SETTLE_MS * patience,
      () => more().join(', '),
      () => more().length === 0,
    )
    return []
  } catch (error) {
    return [failure(`${operation}: handles`, error)]
  }
}

/** Rejections that nobody handles, while the points of an operation are tried. */
class Rejections {
  readonly #reasons: unknown[] = []
  readonly #note = (reason: unknown): void => void this.#reasons.push(reason)

  constructor() {
    process.on('unhandledRejection', this.#note)
  }

  async failures(operation: string): Promise<FaultFailure[]> {
    // They are told once the event loop comes round.
    await new Promise((turn) => setImmediate(turn))
    return this.#reasons.map((reason) => failure(`${operation}: an unhandled rejection`, reason))
  }

  stop(): void {
    process.off('unhandledRejection', this.#note)
  }
}

/** How a run of the fault suite went. */
export interface FaultReport {
  readonly name: string
  readonly seed: number
  readonly operations: readonly OperationReport[]
}

/**
 * Runs {@link registerFaultSuite} without a test runner.
 * @throws TypeError where an option is wrong.
 */
export async function runFaults(
  options: FaultOptions,
  onOperation?: (report: OperationReport) => void,
): Promise<FaultReport> {
  const settings = faultSettings(options)
  const shared = await share(settings)
  const reports: OperationReport[] = []
  for (const operation of operations) {
    const report = await tryOperation(shared, operation)
    reports.push(report)
    onOperation?.(report)
  }
  return { name: settings.name, seed: settings.seed, operations: reports }
}
