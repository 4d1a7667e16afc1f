import type { Point, State } from './points.ts'

/** Steps of a search before it is given up as undecided. */
const MOST_STEPS = 200_000

export interface Verdict {
  /** Undefined where the search was given up. */
  readonly fits: boolean | undefined
  /** What no order could explain after the longest one that was found. */
  readonly stuck: readonly Point[]
}

/**
 * Whether there is one order of all points that keeps to their intervals and in which each is possible:
 * the search of Wing and Gong with Lowe's memory of what was tried. What only observes goes first wherever it
 * fits: that never spoils an order.
 */
export function linearize(points: readonly Point[], initial: State): Verdict {
  const ordered = [...points].sort((a, b) => a.call - b.call)
  const index = new Map(ordered.map((point, at) => [point, at]))
  const after = ordered.map(({ after: before }) => (before ? (index.get(before) ?? -1) : -1))
  const search = new Search(ordered, after)
  const fits = search.run(new Uint8Array(ordered.length), 0, initial)
  return { fits: search.steps > MOST_STEPS ? undefined : fits, stuck: search.stuck }
}

class Search {
  steps = 0
  stuck: readonly Point[] = []
  #deepest = -1
  readonly #points: readonly Point[]
  readonly #after: readonly number[]
  readonly #tried = new Set<string>()

  constructor(points: readonly Point[], after: readonly number[]) {
    this.#points = points
    this.#after = after
  }

  run(given: Uint8Array, from: number, state: State): boolean {
    if (++this.steps > MOST_STEPS) return false
    const done = given.slice()
    const open = this.#observe(done, from, state)
    const first = this.#first(done, from)
    if (open.required === 0) return true
    const key = `${first} ${Buffer.from(done.subarray(first)).toString('latin1')} ${state.join()}`
    if (this.#tried.has(key)) return false
    this.#tried.add(key)
    for (const at of open.candidates) {
      const point = this.#points[at] as Point
      if (point.observes) continue
      done[at] = 1
      if (point.apply(state).some((next) => this.run(done, first, next))) return true
      done[at] = 0
    }
    const depth = done.reduce((sum, one) => sum + one, 0)
    if (depth > this.#deepest) {
      this.#deepest = depth
      this.stuck = open.candidates.map((at) => this.#points[at] as Point)
    }
    return false
  }

  /** Marks every observation that fits now; gives what may come next. */
  #observe(
    done: Uint8Array,
    from: number,
    state: State,
  ): { candidates: number[]; required: number } {
    for (;;) {
      const open = this.#open(done, from)
      let found = false
      for (const at of open.candidates) {
        const point = this.#points[at]
        if (!point?.observes || point.apply(state).length === 0) continue
        done[at] = 1
        found = true
      }
      if (!found) return open
    }
  }

  /** The points of which none that is not done has ended before they began. */
  #open(done: Uint8Array, from: number): { candidates: number[]; required: number } {
    let end = Number.POSITIVE_INFINITY
    let required = 0
    for (let at = from; at < this.#points.length; at++) {
      if (done[at]) continue
      const { return: returned } = this.#points[at] as Point
      if (returned !== Number.POSITIVE_INFINITY) required++
      if (returned < end) end = returned
    }
    const candidates: number[] = []
    for (let at = from; at < this.#points.length; at++) {
      if (done[at]) continue
      const point = this.#points[at] as Point
      if (point.call > end) break
      const before = this.#after[at] ?? -1
      if (before < 0 || done[before]) candidates.push(at)
    }
    return { candidates, required }
  }

  #first(done: Uint8Array, from: number): number {
    let at = from
    while (at < done.length && done[at]) at++
    return at
  }
}
