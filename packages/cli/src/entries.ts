import {
  compareKeys,
  entryKey,
  type FileInfo,
  isBeneath,
  isStorageError,
  type Walk,
} from '@stowage/core'
import { directoryKey } from '@stowage/core/driver'
import type { Endpoint } from './endpoints.ts'

/** Is told of a directory that cannot be listed. The walk goes on behind it. */
export type OnUnreadable = (error: unknown) => void

/**
 * What is beneath an end, in the order of a walk. A directory in it that cannot be listed (`lost+found`, a bad
 * disk) is reported and comes without its entries; without `onUnreadable` it ends the walk with its error.
 */
export class Entries implements AsyncIterable<FileInfo> {
  readonly #end: Pick<Endpoint, 'storage' | 'path'>
  readonly #signal: AbortSignal
  readonly #onUnreadable: OnUnreadable | undefined
  #walk: Walk | undefined
  /** Keys of the directories that the last entry is in or is, from the top. */
  readonly #open: string[] = []
  #skipped: string | undefined

  constructor(
    end: Pick<Endpoint, 'storage' | 'path'>,
    signal: AbortSignal,
    onUnreadable?: OnUnreadable,
  ) {
    this.#end = end
    this.#signal = signal
    this.#onUnreadable = onUnreadable
  }

  /** Leaves out what is beneath the directory that came last. */
  skipDir(): void {
    this.#skipped = this.#open.at(-1)
    this.#walk?.skipDir()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FileInfo> {
    let startAfter: string | undefined
    let failed: string | undefined
    for (;;) {
      this.#walk = this.#end.storage.walk(this.#end.path, { startAfter, signal: this.#signal })
      try {
        for await (const info of this.#walk) {
          startAfter = entryKey(info)
          yield* this.#withParents(info)
        }
        return
      } catch (error) {
        const unreadable = this.#unreadable(error)
        if (unreadable === undefined) throw error
        if (unreadable !== failed) {
          this.#onUnreadable?.(error)
          failed = unreadable
          startAfter = later(startAfter, unreadable)
          continue
        }
        // It fails again: it is a directory, and all that is beneath it is to be left out.
        const behind = `${unreadable}0`
        if (startAfter !== undefined && compareKeys(behind, startAfter) <= 0) throw error
        startAfter = behind
      }
      yield* this.#withParents(directory(failed))
      yield* this.#fileAt(startAfter)
    }
  }

  /** A directory that was not told of yet, because its first entry could not be read, comes before the entry. */
  *#withParents(info: FileInfo): Generator<FileInfo> {
    const key = entryKey(info)
    if (this.#skipped !== undefined && key.startsWith(this.#skipped)) return
    while (this.#open.length > 0 && !key.startsWith(this.#open.at(-1) ?? '')) this.#open.pop()
    const from = (this.#open.at(-1) ?? directoryKey(this.#end.path)).length
    for (let cut = key.indexOf('/', from); cut >= 0; cut = key.indexOf('/', cut + 1)) {
      const parent = key.slice(0, cut + 1)
      this.#open.push(parent)
      yield parent === key ? info : directory(parent.slice(0, -1))
      if (this.#skipped === parent) return
    }
    if (!info.isDir) yield info
  }

  /** The file or directory beneath the end that an error names, where the rest may be readable. */
  #unreadable(error: unknown): string | undefined {
    if (this.#onUnreadable === undefined || this.#signal.aborted) return undefined
    if (!isStorageError(error, 'PERMISSION_DENIED') && !isStorageError(error, 'DRIVER')) return
    const { path } = error
    return path !== undefined && isBeneath(path, this.#end.path) ? path : undefined
  }

  /** `0` comes right after `/`. A walk that starts after that path leaves out the file of that very name. */
  async *#fileAt(path: string): AsyncGenerator<FileInfo> {
    try {
      const info = await this.#end.storage.stat(path, { signal: this.#signal })
      if (!info.isDir) yield* this.#withParents(info)
    } catch (error) {
      if (!isStorageError(error)) throw error
    }
  }
}

function directory(path: string): FileInfo {
  return { path, size: 0, modTime: new Date(0), isDir: true }
}

function later(a: string | undefined, b: string): string {
  return a !== undefined && compareKeys(a, b) > 0 ? a : b
}

/** The files beneath an end in the byte order of their paths. @throws PathNotFoundError where no directory is. */
export async function* filesBeneath(
  end: Pick<Endpoint, 'storage' | 'path'>,
  signal: AbortSignal,
  onUnreadable?: OnUnreadable,
): AsyncGenerator<FileInfo> {
  for await (const info of new Entries(end, signal, onUnreadable)) if (!info.isDir) yield info
}

/** The same, and nothing where nothing is yet. */
export async function* filesBeneathIfAny(
  ...args: Parameters<typeof filesBeneath>
): AsyncGenerator<FileInfo> {
  try {
    yield* filesBeneath(...args)
  } catch (error) {
    if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
  }
}

/** The path relative to the end's. */
export function relative({ path }: Pick<Endpoint, 'path'>, file: string): string {
  return file.slice(directoryKey(path).length)
}

/** The path that has the same place beneath the other end. */
export function within({ path }: Pick<Endpoint, 'path'>, relativePath: string): string {
  return directoryKey(path) + relativePath
}
