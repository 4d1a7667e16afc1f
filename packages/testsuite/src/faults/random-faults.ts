import { randomOf } from '../data.ts'
import type { Cut, Fault, Rule } from './fault.ts'
import { refusal, type Vendor } from './refusals.ts'

/** What happens how often: silence takes time, and is rare. */
const STATUS = [500, 503, 429, 408]
const HOW: readonly Cut[] = ['reset', 'close', 'reset', 'close', 'reset', 'close', 'stall']
/** Where a body is cut; most are shorter, and are not cut then. */
const BODY = 300_000

/**
 * A rule that lets such a part of the requests meet a fault, drawn by the seed: a connection that ends or goes
 * silent before, within or after, in either direction, or a refusal in the vendor's words. No request is carried out
 * after its client has left.
 */
export function randomFaults(
  rate: number,
  { seed, vendor = 'plain' }: { readonly seed: number; readonly vendor?: Vendor | undefined },
): Rule {
  const next = randomOf(seed, 'random faults')
  const below = (limit: number): number => Math.floor(next() * limit)
  const pick = <T>(all: readonly T[]): T => all[below(all.length)] as T
  const faults: readonly (() => Fault)[] = [
    () => ({ cutRequest: { how: pick(HOW) } }),
    () => ({ cutRequest: { how: pick(HOW), after: below(BODY) } }),
    () => ({ cutReply: { how: pick(HOW), after: 'nothing' } }),
    () => ({ cutReply: { how: 'close', after: 'head' } }),
    () => ({ cutReply: { how: pick(HOW), after: below(BODY) } }),
    () => ({ answer: refusal(vendor, { status: pick(STATUS) }) }),
    () => ({ answer: refusal(vendor, { status: pick(STATUS), retryAfter: 1 }) }),
  ]
  return () => (next() < rate ? pick(faults)() : undefined)
}
