import type { Driver } from './driver-types.ts'
import { isStorageError, PathNotFoundError } from './errors.ts'
import { compareKeys, directoryKey } from './paths.ts'
import type { FileInfo } from './storage-driver.ts'

/** The entries of a list or walk, taken from the page at hand. */
export interface Entries<T> {
  /** The next entry, or undefined at the end of the page. */
  take(): T | undefined
  /** Gets the next page, and says whether there was one. */
  fill(): Promise<boolean>
  /** Lets the driver free its handles. */
  stop(): Promise<unknown> | undefined
}

abstract class PagedEntries<P, T> implements Entries<T> {
  protected page: readonly P[] = []
  /** Index of the next one in the page. */
  protected at = 0
  protected isEmpty = true
  readonly #pages: AsyncIterator<readonly P[]>

  constructor(pages: AsyncIterable<readonly P[]>) {
    this.#pages = pages[Symbol.asyncIterator]()
  }

  abstract take(): T | undefined
  /** @throws PathNotFoundError where nothing came because no directory is there. */
  protected abstract whenEmpty(): void | Promise<void>

  async fill(): Promise<boolean> {
    const { done, value } = await this.#pages.next()
    this.page = done ? [] : value
    this.at = 0
    if (this.page.length > 0) this.isEmpty = false
    if (done && this.isEmpty) await this.whenEmpty()
    return !done
  }

  stop(): Promise<unknown> | undefined {
    return this.#pages.return?.()
  }
}

/** Options of a walk as a driver receives them; `skip` changes while it is under way. */
interface WalkOptions {
  readonly startAfter: string | undefined
  readonly signal: AbortSignal | undefined
  readonly skip: string | undefined
}

/** The files of a driver with their directories, each just before its first descendant. */
export class WalkEntries extends PagedEntries<FileInfo, FileInfo> {
  readonly #driver: Driver
  readonly #path: string
  readonly #options: WalkOptions
  /** Length of the walked directory's key. */
  readonly #from: number
  #startAfter: string | undefined
  /** The last file, and the key of its directory. */
  #previous: string
  #directory = ''
  /** Where the next directory of the file at hand ends: 0 for a new file, negative where all are told. */
  #cut = 0

  constructor(driver: Driver, path: string, options: WalkOptions) {
    super(
      driver.walkPages?.(path, options) ??
        singly(driver.walk?.(path, options) ?? filesByList(driver, path, options)),
    )
    this.#driver = driver
    this.#path = path
    this.#options = options
    this.#previous = directoryKey(path)
    this.#from = this.#previous.length
    this.#startAfter = options.startAfter
  }

  take(): FileInfo | undefined {
    const { skip } = this.#options
    for (;;) {
      const file = this.page[this.at]
      if (file === undefined) return undefined
      const { path } = file
      const after = this.#startAfter
      if (this.#cut === 0) {
        if (after !== undefined && compareKeys(path, after) <= 0) {
          this.at++
          continue
        }
        const isNeighbour =
          path.startsWith(this.#directory) && path.indexOf('/', this.#directory.length) < 0
        this.#cut = isNeighbour ? -1 : path.indexOf('/', this.#from)
      }
      while (this.#cut > 0) {
        const key = path.slice(0, this.#cut + 1)
        this.#cut = path.indexOf('/', this.#cut + 1)
        if (this.#previous.startsWith(key)) continue
        if (skip !== undefined && key.startsWith(skip)) break
        if (after !== undefined && compareKeys(key, after) <= 0) continue
        return { path: key.slice(0, -1), size: 0, modTime: new Date(0), isDir: true }
      }
      this.at++
      this.#cut = 0
      this.#startAfter = undefined
      this.#previous = path
      this.#directory = path.slice(0, path.lastIndexOf('/') + 1)
      if (skip === undefined || !path.startsWith(skip)) return file
    }
  }

  protected async whenEmpty(): Promise<void> {
    if (this.#path === '/') return
    const { signal } = this.#options
    for await (const keys of keyPages(this.#driver, this.#path, signal)) if (keys.length > 0) return
    throw new PathNotFoundError(this.#path)
  }
}

/** The direct children of a directory, each once. */
export class ListEntries extends PagedEntries<string, string> {
  readonly #path: string
  /** Files that may still turn up as directories too: each is a prefix of the next. */
  readonly #files: string[] = []

  constructor(driver: Driver, path: string, signal: AbortSignal | undefined) {
    super(keyPages(driver, path, signal))
    this.#path = path
  }

  take(): string | undefined {
    const files = this.#files
    for (;;) {
      const key = this.page[this.at++]
      if (key === undefined) return undefined
      const child = key.endsWith('/') ? key.slice(0, -1) : key
      while (files.length > 0 && !key.startsWith(files.at(-1) ?? '')) files.pop()
      if (files.includes(child)) continue
      if (child === key) files.push(key)
      return child
    }
  }

  protected whenEmpty(): void {
    if (this.#path !== '/') throw new PathNotFoundError(this.#path)
  }
}

/** The keys that a driver lists, by pages. */
function keyPages(
  driver: Driver,
  path: string,
  signal: AbortSignal | undefined,
): AsyncIterable<readonly string[]> {
  const { listPages, list } = driver
  if (listPages) return listPages.call(driver, path, { signal })
  if (list) return singly(list.call(driver, path, { signal }))
  throw new TypeError(`the driver ${driver.name} has neither list nor listPages`)
}

/** Each entry as a page of its own. */
function singly<T>(entries: AsyncIterable<T>): AsyncIterable<readonly T[]> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = entries[Symbol.asyncIterator]()
      return {
        next: async () => {
          const step = await iterator.next()
          return step.done ? step : { done: false, value: [step.value] }
        },
        return: async () => {
          await iterator.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}

/**
 * The generic walk: by list, and stat for files. Directories that `startAfter` or the caller rules out
 * are not listed; entries that vanish meanwhile are left out, and only they.
 */
async function* filesByList(
  driver: Driver,
  path: string,
  options: WalkOptions,
): AsyncGenerator<FileInfo> {
  const { startAfter, signal } = options
  try {
    for await (const keys of keyPages(driver, path, signal)) {
      for (const key of keys) {
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
