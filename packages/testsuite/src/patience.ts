import { setTimeout as wait } from 'node:timers/promises'

/** Name of the environment variable that makes every limit longer, or shorter. */
const VARIABLE = 'STOWAGE_SUITE_PATIENCE'
/** Longest and shortest step in which time is counted. */
const STEP_MS = { longest: 250, shortest: 5 }
/** Between two looks whether something is so. */
const LOOK_MS = 10

/** How many times as long as usual the limits against hangs are. @throws TypeError unless it is above 0. */
export function patienceOf(given: number | undefined): number {
  const patience = given ?? Number(process.env[VARIABLE] || 1)
  if (patience > 0 && Number.isFinite(patience)) return patience
  throw new TypeError(`patience of the suite (or ${VARIABLE}) is a number above 0, not ${patience}`)
}

/**
 * Resolves after so long, or with the signal. Counted in steps that this process was really given: what it
 * had to wait for a processor, or slept with the machine, counts as one step.
 */
async function passed(ms: number, signal: AbortSignal): Promise<void> {
  const step = Math.max(STEP_MS.shortest, Math.min(STEP_MS.longest, ms / 50))
  for (let had = 0; had < ms && !signal.aborted; had += step) {
    await wait(step, undefined, { signal }).catch(() => {})
  }
}

/** The promise, or an error where it takes longer. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = passed(ms, timer.signal).then(() => {
    throw new Error(`${what} did not end within ${Math.round(ms)} ms`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
  }
}

/**
 * Looks until it is so; gives false where it never was. So long is meant for looks that take no time: it is
 * counted in looks, so that a busy machine or a slow backend gets as many as a quick one.
 */
export async function comesTrue(
  ms: number,
  isSo: () => boolean | Promise<boolean>,
  signal?: AbortSignal,
): Promise<boolean> {
  for (let left = Math.ceil(ms / LOOK_MS); ; left--) {
    if (await isSo()) return true
    if (left <= 0) return false
    await wait(LOOK_MS, undefined, { signal })
  }
}
