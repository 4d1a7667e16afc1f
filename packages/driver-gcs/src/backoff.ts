import { setTimeout as wait } from 'node:timers/promises'
import { type Failure, isThrottled } from './errors.ts'

/** Longest pause between two attempts, unless the service asks for a longer one. */
const MAX_DELAY_MS = 32_000
/** One object takes one change a second: to come back sooner is refused again. */
const THROTTLED_MS = 1000
/** Longest pause that the service may ask for. */
const MAX_ASKED_MS = 120_000

/** What a pause depends on. */
export interface Refusal extends Pick<Failure, 'status' | 'reason'> {
  /** Seconds, or a date, as the service wrote it. */
  readonly retryAfter?: string | undefined
}

/**
 * Milliseconds before the next attempt: any time up to a limit that doubles, so that clients that were
 * refused together do not come back together. After "too many requests" a second comes on top.
 */
export function delayBefore(attempt: number, refusal: Refusal, base: number): number {
  const asked = askedFor(refusal.retryAfter)
  const least = isThrottled(refusal) ? THROTTLED_MS : 0
  const limit = Math.min(Math.max(base, least) * 2 ** (attempt - 1), MAX_DELAY_MS)
  return Math.max(least, asked) + Math.random() * limit
}

function askedFor(retryAfter: string | undefined): number {
  if (!retryAfter) return 0
  const seconds = Number(retryAfter)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(retryAfter) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_ASKED_MS) : 0
}

/** @throws the signal's reason as soon as it is aborted. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(ms, undefined, signal ? { signal } : {})
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  }
}
