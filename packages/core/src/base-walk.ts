import { raceSignal } from './abort.ts'
import type { BareDriver } from './bare.ts'
import { begin, type OpenOperation, type OperationContext } from './diagnostics.ts'
import { isStorageError, PathNotFoundError } from './errors.ts'
import { compareKeys, directoryKey } from './paths.ts'
import type { FileInfo, Walk } from './storage-driver.ts'
import { wrapError } from './wrap-error.ts'

/** What the consumer of a walk tells the driver while it is under way. */
export interface WalkControl {
  skip: string | undefined
}

interface Source<T> {
  readonly context: OperationContext
  readonly signal: AbortSignal | undefined
  readonly check: () => void
  readonly start: (control: WalkControl) => AsyncIterable<T>
}

/** A lazy iteration with the rules of every operation: checked, bound to its signal, traced, once. */
export class BaseWalk<T extends FileInfo | string> implements Walk {
  readonly #source: Source<T>
  readonly #control: WalkControl = { skip: undefined }
  #last: FileInfo | undefined
  #used = false

  constructor(source: Source<T>) {
    this.#source = source
  }

  skipDir(): void {
    if (this.#last?.isDir) this.#control.skip = directoryKey(this.#last.path)
  }

  [Symbol.asyncIterator](): AsyncIterator<never> {
    if (this.#used)
      throw new TypeError('a list or walk can be iterated once: call the method again')
    this.#used = true
    const told = (entry: T): void => {
      this.#last = typeof entry === 'string' ? undefined : entry
    }
    return new Iteration(this.#source, this.#control, told) as AsyncIterator<never>
  }
}

/** One promise for each entry, where a generator around the driver's own would need several. */
class Iteration<T> implements AsyncIterator<T> {
  readonly #source: Source<T>
  readonly #control: WalkControl
  readonly #told: (entry: T) => void
  #operation: OpenOperation | undefined
  #driver: AsyncIterator<T> | undefined
  #state: 'new' | 'open' | 'over' = 'new'
  #entries = 0

  constructor(source: Source<T>, control: WalkControl, told: (entry: T) => void) {
    this.#source = source
    this.#control = control
    this.#told = told
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#state === 'over') return Promise.resolve({ done: true, value: undefined })
    let step: Promise<IteratorResult<T>>
    try {
      if (this.#state === 'new') this.#begin()
      this.#source.signal?.throwIfAborted()
      step = this.#operation?.run(this.#step) ?? this.#step()
    } catch (error) {
      return this.#fail(error)
    }
    return raceSignal(step, this.#source.signal).then(this.#took, this.#fail)
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
    this.#driver = start(this.#control)[Symbol.asyncIterator]()
  }

  readonly #step = (): Promise<IteratorResult<T>> => (this.#driver as AsyncIterator<T>).next()

  readonly #took = (step: IteratorResult<T>): IteratorResult<T> | Promise<IteratorResult<T>> => {
    if (step.done) {
      this.#driver = undefined
      return this.#end().then(() => step)
    }
    this.#entries++
    this.#told(step.value)
    return step
  }

  readonly #fail = async (error: unknown): Promise<never> => {
    const { context, signal } = this.#source
    const failure = wrapError(error, context.driver, context.path, signal)
    await this.#end(failure)
    throw failure
  }

  /** Once: calls that were under way together may all come here. */
  async #end(failure?: unknown): Promise<void> {
    const operation = this.#operation
    const driver = this.#driver
    this.#state = 'over'
    this.#operation = undefined
    this.#driver = undefined
    await stop(driver, this.#source.signal)
    if (operation) operation.context.entries = this.#entries
    operation?.end(failure)
  }
}

/** Lets the driver free its handles. One that hangs is not waited for: its signal ends it. */
async function stop(
  iterator: AsyncIterator<unknown> | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stopped = iterator?.return?.()
  // What goes wrong here must not hide why the walk ended.
  const quiet = stopped?.then(undefined, () => {})
  if (!signal?.aborted) await quiet
}

interface WalkRequest {
  readonly startAfter: string | undefined
  readonly signal: AbortSignal | undefined
  readonly control: WalkControl
}

/**
 * The files of a bare driver with their directories, each just before its first descendant.
 * @throws PathNotFoundError where no directory is.
 */
export async function* directoryFiles(
  driver: BareDriver,
  path: string,
  { startAfter, signal, control }: WalkRequest,
): AsyncGenerator<FileInfo> {
  const options = {
    startAfter,
    signal,
    get skip() {
      return control.skip
    },
  }
  const files = driver.walk?.(path, options) ?? filesByList(driver, path, options)
  const from = directoryKey(path)
  let previous = from
  let empty = true
  for await (const file of files) {
    empty = false
    if (startAfter !== undefined && compareKeys(file.path, startAfter) <= 0) continue
    for (const directory of newDirectories(previous, file.path, from)) {
      if (isSkipped(directory, control)) break
      if (startAfter !== undefined && compareKeys(directory, startAfter) <= 0) continue
      yield { path: directory.slice(0, -1), size: 0, modTime: new Date(0), isDir: true }
    }
    previous = file.path
    if (!isSkipped(file.path, control)) yield file
  }
  if (empty && path !== '/') await mustBeDirectory(driver, path, signal)
}

async function mustBeDirectory(
  driver: BareDriver,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const _ of driver.list(path, { signal })) return
  throw new PathNotFoundError(path)
}

function isSkipped(key: string, control: WalkControl): boolean {
  return control.skip !== undefined && key.startsWith(control.skip)
}

/** Keys of the directories that hold `path`, beneath `from`, and do not hold `previous`. */
function newDirectories(previous: string, path: string, from: string): string[] {
  const keys: string[] = []
  for (let cut = path.indexOf('/', from.length); cut > 0; cut = path.indexOf('/', cut + 1)) {
    const key = path.slice(0, cut + 1)
    if (!previous.startsWith(key)) keys.push(key)
  }
  return keys
}

interface ListWalk {
  readonly startAfter: string | undefined
  readonly signal: AbortSignal | undefined
  readonly skip: string | undefined
}

/**
 * The generic walk: by list, and stat for files. Directories that `startAfter` or the caller rules out
 * are not listed; entries that vanish meanwhile are left out, and only they.
 */
async function* filesByList(
  driver: BareDriver,
  path: string,
  options: ListWalk,
): AsyncGenerator<FileInfo> {
  const { startAfter, signal } = options
  try {
    for await (const key of driver.list(path, { signal })) {
      if (options.skip !== undefined && key.startsWith(options.skip)) continue
      const isDir = key.endsWith('/')
      // A directory before startAfter is of interest only where startAfter lies in it.
      if (startAfter !== undefined && compareKeys(key, startAfter) <= 0) {
        if (isDir && startAfter.startsWith(key))
          yield* filesByList(driver, key.slice(0, -1), options)
        continue
      }
      if (isDir) yield* filesByList(driver, key.slice(0, -1), options)
      else yield* present(driver.stat(key, { signal }))
    }
  } catch (error) {
    if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
  }
}

async function* present(stat: Promise<FileInfo>): AsyncGenerator<FileInfo> {
  try {
    const info = await stat
    if (!info.isDir) yield info
  } catch (error) {
    if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
  }
}
