import { linearize } from './linearize.ts'
import { type Impossible, type Point, pointsOf, type Rules } from './points.ts'
import { type Event, showOutcome, showStep } from './step.ts'

/** Errors that a call may end with although nothing is broken. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  get: ['PATH_NOT_FOUND'],
  read: ['PATH_NOT_FOUND'],
  stat: ['PATH_NOT_FOUND'],
  list: ['PATH_NOT_FOUND'],
  walk: ['PATH_NOT_FOUND'],
  delete: ['PATH_NOT_FOUND'],
  move: ['PATH_NOT_FOUND'],
}

export interface HistoryRules extends Rules {
  /** A reader may fail where the file is replaced meanwhile. */
  readonly lateReads: boolean
}

/** Why the history breaks the contract, with the fewest calls that show it, or undefined where it does not. */
export function checkHistory(events: readonly Event[], rules: HistoryRules): string | undefined {
  const unexpected = events.find((event) => !isExpected(event, events, rules))
  if (unexpected !== undefined) return tell([unexpected], rules, 'this error has no reason')
  const why = failure(events, rules)
  if (why === undefined) return undefined
  const few = fewest(events, (some) => failure(some, rules) !== undefined)
  const shown = [...few, ...events.filter((event) => failedAmong(event, few))]
  return tell(shown, rules, failure(few, rules) ?? why)
}

/** A change that is said to have failed meanwhile: it explains nothing, but may be what went wrong. */
function failedAmong(event: Event, few: readonly Event[]): boolean {
  const { step, outcome, call } = event
  if (!('error' in outcome) || few.includes(event)) return false
  const changes = ['put', 'writer', 'move', 'delete'].includes(step.kind)
  return changes && few.some((one) => one.call <= event.return && call <= one.return)
}

function isExpected(
  event: Event,
  all: readonly Event[],
  { lateReads, atomicMove }: HistoryRules,
): boolean {
  const { step, outcome } = event
  if (!('error' in outcome)) return true
  if (EXPECTED[step.kind]?.includes(outcome.error)) return true
  if (outcome.error === 'REVISION_CHANGED')
    return step.kind === 'move' ? !atomicMove : lateReads && ['read', 'get'].includes(step.kind)
  // A delete removes the sessions of its path: those of living writers, and of a large putContent, as well.
  const removed = all.some(
    ({ step: { kind, path }, call, return: end }) =>
      kind === 'delete' &&
      (path === step.path || step.path.startsWith(`${path}/`)) &&
      (step.kind === 'writer' || (call <= event.return && event.call <= end)),
  )
  const writes = step.kind === 'writer' || step.kind === 'put'
  return writes && outcome.error === 'UPLOAD_NOT_FOUND' && removed
}

function failure(events: readonly Event[], rules: Rules): string | undefined {
  try {
    const nothing = rules.files.map(() => 0)
    const { fits, stuck } = linearize(pointsOf(events, rules), nothing)
    return fits === false ? `no order explains ${explained(stuck)}` : undefined
  } catch (error) {
    const { event, message } = error as Partial<Impossible>
    if (event === undefined) throw error
    return `${showStep(event.step)}: ${message}`
  }
}

function explained(stuck: readonly Point[]): string {
  const calls = new Set(
    stuck.filter(({ observes }) => observes).map(({ event }) => showStep(event.step)),
  )
  return [...calls].join(', ') || 'these calls'
}

/** Calls without which the history still fails are left out. */
function fewest(events: readonly Event[], fails: (some: readonly Event[]) => boolean): Event[] {
  let few = shortest(events, fails)
  for (const event of [...few]) {
    const rest = few.filter((one) => one !== event)
    if (mayGo(event, rest) && fails(rest)) few = rest
  }
  return few
}

/** The history up to the first call with which it fails; of what had not ended then nobody knows. */
function shortest(events: readonly Event[], fails: (some: readonly Event[]) => boolean): Event[] {
  const ends = [...new Set(events.map((event) => event.return))].sort((a, b) => a - b)
  const until = (end: number): Event[] =>
    events.flatMap((event) => {
      if (event.return <= end) return [event]
      if (event.call > end || observes(event)) return []
      return [{ ...event, return: Number.POSITIVE_INFINITY }]
    })
  let [low, high] = [0, ends.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (fails(until(ends[middle] ?? 0))) high = middle
    else low = middle + 1
  }
  return until(ends[high] ?? 0)
}

function observes({ step, outcome }: Event): boolean {
  return ['get', 'read', 'stat', 'list', 'walk'].includes(step.kind) || 'error' in outcome
}

/** Whether the rest without it is a history of its own: nobody has seen what it wrote. */
function mayGo(event: Event, rest: readonly Event[]): boolean {
  if (observes(event)) return true
  const { step } = event
  if (step.kind !== 'put' && step.kind !== 'writer') return false
  return !rest.some(
    ({ step: { kind }, outcome }) =>
      ['list', 'walk', 'move'].includes(kind) ||
      ('value' in outcome && outcome.value === step.value),
  )
}

function tell(events: readonly Event[], { files }: Rules, why: string): string {
  const begin = Math.min(...events.map(({ call }) => call))
  const at = (instant: number): string =>
    Number.isFinite(instant) ? ((instant - begin) / 1e6).toFixed(3).padStart(9) : '      ...'
  const lines = [...events]
    .sort((a, b) => a.call - b.call)
    .map((event) => {
      const { client, step, call, outcome } = event
      const result = Number.isFinite(event.return) ? showOutcome(outcome) : 'had not ended yet'
      return `  client ${client} ${at(call)} to${at(event.return)} ms  ${showStep(step)} => ${result}`
    })
  return [why, `files: ${files.join(' ')}`, ...lines].join('\n')
}
