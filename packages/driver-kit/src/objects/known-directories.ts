import { parentOf } from '@stowage/core/driver'

/** How long a directory counts as known, in milliseconds. Another process may delete it, and put a file there. */
const KNOWN_MS = 10_000
const MAX_DIRECTORIES = 1000

/** Directories in which this driver has just made a file: nobody has to ask whether they are files. */
export class KnownDirectories {
  readonly #until = new Map<string, number>()

  has(path: string): boolean {
    return (this.#until.get(path) ?? 0) > performance.now()
  }

  /** Notes that a file was made at the path. */
  addParents(path: string): void {
    if (this.#until.size > MAX_DIRECTORIES) this.clear()
    for (let parent = parentOf(path); parent !== '/'; parent = parentOf(parent)) {
      this.#until.set(parent, performance.now() + KNOWN_MS)
    }
  }

  /** Forgets them all. Whatever deletes calls it. */
  clear(): void {
    this.#until.clear()
  }
}
