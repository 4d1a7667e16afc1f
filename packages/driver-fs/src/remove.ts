import type { Dirent } from 'node:fs'
import { errno, type FileSystem, unless } from './file-system.ts'

/** What a removal did. */
export interface Removal {
  /** Entries that are gone now, directories not counted. */
  readonly files: number
  /** Why something is still there. */
  readonly errors: readonly { readonly path: string; readonly error: unknown }[]
}

/** The removal of what is not there. */
export const NOTHING: Removal = { files: 0, errors: [] }

/** Unlinks under way at a time. */
const PARALLEL = 16
/** How often a directory is read again in which something new turned up. */
const ROUNDS = 3

/** Names as their bytes, one character each: what is no valid UTF-8 has to go too. */
const raw = (path: string): Buffer => Buffer.from(path, 'latin1')

/**
 * Removes a file, a symbolic link (never what it leads to) or a directory with all that is in it. Goes
 * on after an error, and stops when the signal is aborted. What others put there meanwhile may stay.
 */
export async function removeAll(
  system: FileSystem,
  path: string,
  signal?: AbortSignal,
): Promise<Removal> {
  const removal: Mutable = { files: 0, errors: [] }
  const work = new Work(system, removal, signal)
  const bytes = Buffer.from(path).toString('latin1')
  const stats = await unless(system.lstat(path), 'ENOENT', 'ENOTDIR')
  if (stats?.isDirectory()) await work.directory(bytes)
  else if (stats) await work.file(bytes)
  return removal
}

interface Mutable {
  files: number
  readonly errors: Removal['errors'][number][]
}

class Work {
  readonly #system: FileSystem
  readonly #removal: Mutable
  readonly #signal: AbortSignal | undefined

  constructor(system: FileSystem, removal: Mutable, signal: AbortSignal | undefined) {
    this.#system = system
    this.#removal = removal
    this.#signal = signal
  }

  async directory(path: string): Promise<void> {
    const before = this.#removal.errors.length
    for (let round = 0; round < ROUNDS; round++) {
      try {
        const entries = await this.#system.readdir(raw(path), 'latin1')
        await this.#files(path, entries)
        for (const entry of entries) {
          if (entry.isDirectory()) await this.directory(`${path}/${entry.name}`)
        }
        if (this.#removal.errors.length > before) return
        this.#signal?.throwIfAborted()
        return await this.#system.rmdir(raw(path))
      } catch (error) {
        if (['ENOENT', 'ENOTDIR'].includes(errno(error) ?? '')) return
        if (['ENOTEMPTY', 'EEXIST'].includes(errno(error) ?? '')) continue
        return this.#failed(path, error)
      }
    }
  }

  async #files(path: string, entries: readonly Dirent[]): Promise<void> {
    const files = entries.filter((entry) => !entry.isDirectory()).values()
    const next = async (): Promise<void> => {
      for (const { name } of files) await this.file(`${path}/${name}`)
    }
    await Promise.all(Array.from({ length: PARALLEL }, next))
  }

  async file(path: string): Promise<void> {
    this.#signal?.throwIfAborted()
    try {
      await this.#system.unlink(raw(path))
      this.#removal.files++
    } catch (error) {
      if (errno(error) !== 'ENOENT') this.#failed(path, error)
    }
  }

  #failed(path: string, error: unknown): void {
    this.#signal?.throwIfAborted()
    this.#removal.errors.push({ path: raw(path).toString(), error })
  }
}
