import { setTimeout as wait } from 'node:timers/promises'
import { randomOf } from '../data.ts'
import type { Cut, Fault, Seen } from './fault.ts'
import type { FaultSettings } from './options.ts'
import { type Refusal, refusal } from './refusals.ts'

/** What is measured of a request when nothing fails. */
type Measured = Pick<Seen, 'index' | 'method' | 'requestBytes' | 'replyBytes'>

/** What happens to a request, and what is known of it then. */
interface Kind {
  readonly id: string
  /** The server may have carried the request out although the driver is told nothing, or nothing whole. */
  readonly applied: boolean
  /** It waits for the driver to give up, which is to be set to do that soon. */
  readonly silent?: boolean | undefined
  readonly fault: Fault
}

/** How the process or the signal behaves: `fault` is only the network. */
type PointKind = 'fault' | 'abort' | 'kill'

/** One trial: what happens at which request of an operation. */
export interface Point extends Kind {
  readonly kind: PointKind
  /** The first request that it happens to. */
  readonly index: number
  /** How many it happens to: one, as many as a driver tries one request, or all until the operation is over. */
  readonly times: number
}

/** What a network may be late by. */
const DELAY_MS = 250

const CUTS: readonly Cut[] = ['reset', 'close', 'stall']
const REFUSALS: readonly Refusal[] = [500, 503, 429, 408].flatMap((status) => [
  { status },
  { status, retryAfter: 1 },
])

const ALWAYS = Number.POSITIVE_INFINITY

/** In the id of a point: nothing for once, `x3`, or `+` for always. */
function mark(times: number): string {
  if (times === 1) return ''
  return times === ALWAYS ? '+' : `x${times}`
}

/** Every trial of an operation that makes these requests; the numbers in them follow from the seed. */
export function pointsOf(
  settings: FaultSettings,
  operation: string,
  requests: readonly Measured[],
  { aborts, kills }: { aborts: boolean; kills: boolean },
): Point[] {
  const points: Point[] = []
  for (const request of requests) {
    const next = randomOf(settings.seed, `${operation} ${request.index}`)
    const below = (limit: number): number => Math.floor(next() * limit)
    const cuts = cutsOf(request, below)
    const add = (kind: PointKind, one: Kind, times: number): void => {
      const silent = kind === 'fault' && one.silent
      // A limit that is short on a busy machine may end any request that the server has carried out.
      const applied = one.applied || silent === true
      const id = `${operation}/${kind}/${request.index}${kind === 'fault' ? mark(times) : ''}/${one.id}`
      points.push({ ...one, id, kind, times, silent, applied, index: request.index })
    }
    for (const one of faultsOf(settings, cuts)) {
      add('fault', one, 1)
      if (one.id.startsWith('delay')) continue
      add('fault', one, ALWAYS)
      if (!one.silent) add('fault', one, settings.attempts)
    }
    // A stall keeps the request where it is while the signal or the process ends.
    const stalls = cuts.filter(({ id }) => id.includes('stall'))
    if (aborts) for (const one of stalls) add('abort', one, ALWAYS)
    if (kills) for (const one of stalls) add('kill', one, ALWAYS)
  }
  return points
}

/** Connections that end or go silent, in both directions, before, within and after. */
function cutsOf(
  { method, requestBytes, replyBytes }: Measured,
  below: (limit: number) => number,
): Kind[] {
  const kinds: Kind[] = []
  for (const how of CUTS) {
    const silent = how === 'stall'
    kinds.push({ id: how, applied: false, silent, fault: { cutRequest: { how } } })
    if (requestBytes > 0) {
      const after = below(requestBytes)
      const fault = { cutRequest: { how, after } }
      kinds.push({ id: `${how}-after-${after}-up`, applied: false, silent, fault })
    }
    const lost = { cutReply: { after: 'nothing', how } } as const
    kinds.push({ id: `lost-${how}`, applied: true, silent, fault: lost })
    if (replyBytes > 0 && method !== 'HEAD') {
      // A driver that goes on at the next byte waits at each silence: more than two are no news.
      const after = silent ? replyBytes - below(replyBytes / 2) - 1 : below(replyBytes)
      const fault = { cutReply: { after, how } }
      kinds.push({ id: `${how}-after-${after}`, applied: true, silent, fault })
    }
  }
  return kinds
}

function faultsOf({ vendor }: FaultSettings, cuts: readonly Kind[]): Kind[] {
  const held = (): Promise<void> => wait(DELAY_MS)
  const refusals = REFUSALS.map((one): Kind => {
    const id = one.retryAfter === undefined ? `${one.status}` : `${one.status}-retry-after`
    return { id, applied: false, fault: { answer: refusal(vendor, one) } }
  })
  const head = { after: 'head', how: 'close' } as const
  return [
    ...cuts,
    ...refusals,
    { id: 'half-a-head', applied: true, fault: { cutReply: head } },
    { id: 'late', applied: true, silent: true, fault: { late: true } },
    { id: 'delay', applied: false, fault: { hold: held } },
    { id: 'delay-reply', applied: false, fault: { holdReply: held } },
  ]
}

/** So many of the points as the settings ask for, drawn by the seed; kills cost most and are a few. */
export function drawn(settings: FaultSettings, operation: string, all: readonly Point[]): Point[] {
  const { only, points, skip } = settings
  const wanted = all.filter(({ id }) => skip[id] === undefined && (!only || id.includes(only)))
  if (only || points >= wanted.length) return wanted
  const next = randomOf(settings.seed, `draw ${operation}`)
  const shuffled = wanted
    .map((point) => ({ point, order: next() }))
    .sort((a, b) => a.order - b.order)
    .map(({ point }) => point)
  const some = (kind: PointKind, count: number): Point[] =>
    shuffled.filter((point) => point.kind === kind).slice(0, count)
  const few = Math.min(Math.ceil(points / 8), Math.floor(points / 3))
  return [...some('fault', points - 2 * few), ...some('abort', few), ...some('kill', few)]
}
