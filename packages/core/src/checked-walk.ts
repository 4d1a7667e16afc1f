import { raceSignal } from './abort.ts'
import { begin, type OpenOperation, type OperationContext } from './diagnostics.ts'
import { directoryKey } from './paths.ts'
import type { FileInfo, Walk } from './storage-driver.ts'
import type { Entries } from './walk-entries.ts'
import { wrapError } from './wrap-error.ts'

/** What the consumer of a walk tells the driver while it is under way. */
export interface WalkControl {
  skip: string | undefined
}

interface Source<T> {
  readonly context: OperationContext
  readonly signal: AbortSignal | undefined
  readonly check: () => void
  readonly start: (control: WalkControl) => Entries<T>
}

/** A lazy iteration with the rules of every operation: checked, bound to its signal, traced, once. */
export class CheckedWalk<T extends FileInfo | string> implements Walk {
  readonly #source: Source<T>
  readonly #control: WalkControl = { skip: undefined }
  #iteration: Iteration<T> | undefined

  constructor(source: Source<T>) {
    this.#source = source
  }

  skipDir(): void {
    const last = this.#iteration?.last
    if (typeof last === 'object' && last.isDir) this.#control.skip = directoryKey(last.path)
  }

  [Symbol.asyncIterator](): AsyncIterator<never> {
    if (this.#iteration)
      throw new TypeError('a list or walk can be iterated once: call the method again')
    this.#iteration = new Iteration(this.#source, this.#control)
    return this.#iteration as AsyncIterator<never>
  }
}

/** Two calls for each entry of a page, and a promise. Only between pages is there more to do. */
class Iteration<T> implements AsyncIterator<T> {
  /** The entry that the consumer has. */
  last: T | undefined
  readonly #source: Source<T>
  readonly #control: WalkControl
  #operation: OpenOperation | undefined
  #entries: Entries<T> | undefined
  #state: 'new' | 'open' | 'over' = 'new'
  #count = 0
  /** Calls that wait for a page, and the last of them: they take entries in the order in which they came. */
  #waiting = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(source: Source<T>, control: WalkControl) {
    this.#source = source
    this.#control = control
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#state === 'over') return Promise.resolve({ done: true, value: undefined })
    try {
      if (this.#state === 'new') this.#begin()
      this.#source.signal?.throwIfAborted()
      const entry = this.#waiting === 0 ? this.#entries?.take() : undefined
      if (entry === undefined) return this.#wait()
      this.#count++
      this.last = entry
      return Promise.resolve({ done: false, value: entry })
    } catch (error) {
      return this.#fail(error)
    }
  }

  async return(): Promise<IteratorResult<T>> {
    if (this.#state === 'open') await this.#end()
    this.#state = 'over'
    return { done: true, value: undefined }
  }

  #begin(): void {
    const { context, signal, check, start } = this.#source
    this.#state = 'open'
    check()
    signal?.throwIfAborted()
    this.#operation = begin({ ...context })
    this.#entries = start(this.#control)
  }

  #wait(): Promise<IteratorResult<T>> {
    this.#waiting++
    const step = this.#turn.then(() => this.#operation?.run(this.#step) ?? this.#step())
    const settled = (): void => {
      this.#waiting--
    }
    this.#turn = step.then(settled, settled)
    return raceSignal(step, this.#source.signal).then(this.#took, this.#fail)
  }

  readonly #step = async (): Promise<IteratorResult<T>> => {
    for (;;) {
      // Undefined where the iteration has ended meanwhile.
      const entries = this.#entries
      const entry = entries?.take()
      if (entry !== undefined) return { done: false, value: entry }
      if (!(await entries?.fill())) return { done: true, value: undefined }
    }
  }

  readonly #took = async (step: IteratorResult<T>): Promise<IteratorResult<T>> => {
    if (step.done) {
      await this.#end(undefined, false)
      return step
    }
    this.#count++
    this.last = step.value
    return step
  }

  readonly #fail = async (error: unknown): Promise<never> => {
    const { context, signal } = this.#source
    const failure = wrapError(error, context.driver, context.path, signal)
    await this.#end(failure)
    throw failure
  }

  /** Once: calls that were under way together may all come here. */
  async #end(failure?: unknown, early = true): Promise<void> {
    const operation = this.#operation
    const entries = this.#entries
    this.#state = 'over'
    this.#operation = undefined
    this.#entries = undefined
    if (early) await stop(entries, this.#source.signal)
    if (operation) operation.context.entries = this.#count
    operation?.end(failure)
  }
}

/** Lets the driver free its handles. One that hangs is not waited for: its signal ends it. */
async function stop(
  entries: Entries<unknown> | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stopped = entries?.stop()
  // What goes wrong here must not hide why the walk ended.
  const quiet = stopped?.then(undefined, () => {})
  if (!signal?.aborted) await quiet
}
