import type { Event, Outcome, Value } from './step.ts'

/** What every file holds at an instant, then what moves under way have read. 0 is nothing. */
export type State = readonly number[]

/** An instant at which a call takes effect, or sees something. It lies between call and return. */
export interface Point {
  readonly event: Event
  readonly call: number
  /** Infinite where nobody knows whether it took place at all. */
  readonly return: number
  /** It changes nothing. */
  readonly observes: boolean
  /** It comes after this one, which is of the same call. */
  readonly after?: Point | undefined
  /** The states that there may be after it; none where it cannot be at this state. */
  apply(state: State): readonly State[]
}

/** The files that a history is about, and what the driver promises beyond the contract. */
export interface Rules {
  readonly files: readonly string[]
  readonly atomicMove: boolean
}

/** A history that cannot be, whatever the order. */
export class Impossible extends Error {
  readonly event: Event
  constructor(event: Event, why: string) {
    super(why)
    this.event = event
  }
}

/**
 * The instants of all calls. Of one file each call has one. Of a directory there is one for each file: nothing
 * is promised about several files at one instant.
 * @throws Impossible where an answer is wrong by itself.
 */
export function pointsOf(events: readonly Event[], rules: Rules): Point[] {
  let held = rules.files.length
  return events.flatMap((event) => {
    const maker = new Maker(event, rules, () => held++)
    return maker.points()
  })
}

class Maker {
  readonly #event: Event
  readonly #rules: Rules
  readonly #hold: () => number

  constructor(event: Event, rules: Rules, hold: () => number) {
    this.#event = event
    this.#rules = rules
    this.#hold = hold
  }

  points(): Point[] {
    const { step, outcome } = this.#event
    if ('wrong' in outcome) throw new Impossible(this.#event, outcome.wrong)
    switch (step.kind) {
      case 'put':
        return 'error' in outcome ? [] : [this.#write(this.#index(step.path), step.value)]
      case 'writer':
        if ('error' in outcome || step.end !== 'commit') return []
        return [this.#write(this.#index(step.path), step.value)]
      case 'get':
      case 'read':
      case 'stat':
        return this.#reads(step.path, outcome)
      case 'list':
        return this.#lists(step.path, outcome)
      case 'walk':
        return this.#walks(step.path, outcome)
      case 'delete':
        return this.#beneath(step.path).map((file) =>
          'error' in outcome ? this.#holds(file, 0) : this.#write(file, 0),
        )
      case 'move':
        return this.#moves(step.path, step.destination, outcome)
    }
  }

  #index(path: string): number {
    return this.#rules.files.indexOf(path)
  }

  /** The file, or the files beneath the directory. */
  #beneath(path: string): number[] {
    const { files } = this.#rules
    return files.flatMap((file, index) =>
      file === path || file.startsWith(`${path}/`) ? [index] : [],
    )
  }

  #point(rest: Pick<Point, 'observes' | 'apply'> & Partial<Point>): Point {
    return { event: this.#event, call: this.#event.call, return: this.#event.return, ...rest }
  }

  #write(file: number, value: Value): Point {
    return this.#point({ observes: false, apply: (state) => [state.with(file, value)] })
  }

  #holds(file: number, value: Value): Point {
    return this.#observes((state) => state[file] === value)
  }

  #observes(fits: (state: State) => boolean): Point {
    return this.#point({ observes: true, apply: (state) => (fits(state) ? [state] : []) })
  }

  #reads(path: string, outcome: Outcome): Point[] {
    if ('value' in outcome) return [this.#holds(this.#index(path), outcome.value)]
    if ('error' in outcome && outcome.error === 'PATH_NOT_FOUND')
      return [this.#holds(this.#index(path), 0)]
    return []
  }

  #lists(path: string, outcome: Outcome): Point[] {
    if (!('entries' in outcome)) return this.#beneath(path).map((file) => this.#holds(file, 0))
    const names = outcome.entries.map(({ key }) => key)
    const { files } = this.#rules
    const beneath = this.#beneath(path).map((index) => files[index] ?? '')
    const child = (file: string): string =>
      file
        .split('/')
        .slice(0, path.split('/').length + 1)
        .join('/')
    const children = [...new Set(beneath.map(child))]
    const unknown = names.find((name) => !children.includes(name))
    if (unknown !== undefined) throw new Impossible(this.#event, `nobody has made ${unknown}`)
    if (new Set(names).size < names.length) throw new Impossible(this.#event, 'a child comes twice')
    return children.flatMap((name) => {
      const inside = this.#beneath(name)
      // A directory is there because of any one of its files, and not there for want of each.
      if (names.includes(name)) return [this.#observes((s) => inside.some((file) => s[file] !== 0))]
      return inside.map((file) => this.#holds(file, 0))
    })
  }

  #walks(path: string, outcome: Outcome): Point[] {
    if (!('entries' in outcome)) return this.#beneath(path).map((file) => this.#holds(file, 0))
    const found = new Map(outcome.entries.map(({ key, value }) => [key, value ?? 0]))
    const keys = [...found.keys()]
    if (keys.length < outcome.entries.length)
      throw new Impossible(this.#event, 'an entry comes twice')
    const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    if (keys.some((key, index) => key !== sorted[index]))
      throw new Impossible(this.#event, 'the entries have another order')
    const empty = keys.find(
      (key) => key.endsWith('/') && !keys.some((one) => one !== key && one.startsWith(key)),
    )
    if (empty !== undefined) throw new Impossible(this.#event, `nothing is in ${empty}`)
    const { files } = this.#rules
    return this.#beneath(path).map((file) => this.#holds(file, found.get(files[file] ?? '') ?? 0))
  }

  #moves(from: string, to: string, outcome: Outcome): Point[] {
    const sources = this.#beneath(from)
    // Another error says that something changed meanwhile: then any part of the move may have been done.
    const failed = 'error' in outcome && outcome.error !== 'PATH_NOT_FOUND'
    if ('error' in outcome && !failed) return sources.map((file) => this.#holds(file, 0))
    const { files, atomicMove } = this.#rules
    const pairs = sources.map((source): [number, number] => {
      return [source, this.#index(to + (files[source] ?? '').slice(from.length))]
    })
    const isFile = this.#index(from) >= 0
    return pairs.flatMap((pair) => {
      const held = this.#hold()
      const steps = atomicMove
        ? [this.#movesAtOnce(pair, held, isFile)]
        : this.#movesByCopy(pair, held, isFile && !failed)
      const all = isFile ? steps : [...steps, this.#clears(pair[1], held)]
      return failed ? all.map(perhaps) : all
    })
  }

  /** Nobody sees both names, or neither. A file of a directory need not be there. */
  #movesAtOnce([source, destination]: [number, number], held: number, isFile: boolean): Point {
    const apply = (state: State): readonly State[] => {
      const value = state[source] ?? 0
      if (value === 0) return isFile ? [] : [state]
      return [withHeld(state.with(destination, value).with(source, 0), held, MOVED)]
    }
    return this.#point({ observes: false, apply })
  }

  /** Read, written, and only then removed; what is put at the source meanwhile may go with it. */
  #movesByCopy([source, destination]: [number, number], held: number, isFile: boolean): Point[] {
    const reads = this.#point({
      observes: false,
      apply: (state) => {
        const value = state[source] ?? 0
        return isFile && value === 0 ? [] : [withHeld(state, held, value)]
      },
    })
    const copies = this.#point({
      observes: false,
      after: reads,
      apply: (state) => [state[held] ? state.with(destination, state[held] ?? 0) : state],
    })
    const removes = this.#point({
      observes: false,
      after: copies,
      apply: (state) => [state[held] ? withHeld(state.with(source, 0), held, MOVED) : state],
    })
    return [reads, copies, removes]
  }

  /** What has no successor goes, unless that came or went meanwhile: then it may stay as well. */
  #clears(destination: number, held: number): Point {
    const apply = (state: State): readonly State[] =>
      state[held] ? [state] : [state.with(destination, 0), state]
    return this.#point({ observes: false, apply })
  }
}

/** The same, which may as well not have been done. */
function perhaps(point: Point): Point {
  return { ...point, apply: (state) => [...point.apply(state), state] }
}

/** A move that is over. */
const MOVED = -1

/** What a move has read is part of the state as long as it is needed. */
function withHeld(state: State, held: number, value: Value): State {
  const next = [...state]
  while (next.length <= held) next.push(0)
  next[held] = value
  return next
}
