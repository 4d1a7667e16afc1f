import { setTimeout as wait } from 'node:timers/promises'
import { InvalidPathError, parentOf, UnavailableError } from '@stowage/core/driver'
import type { ObjectBackend, RequestContext } from './backend.ts'
import { headIfThere, isFolder, objectsBeneath } from './beneath.ts'
import { hasFiles } from './flat-pages.ts'
import { KnownDirectories } from './known-directories.ts'

const SHORTEST_WAIT_MS = 20
/** How often a store may say that something is in the way although nothing is. */
const ATTEMPTS = 5

type Backend = Pick<
  ObjectBackend,
  'capabilities' | 'names' | 'head' | 'list' | 'listing' | 'isConflict'
>

/**
 * Looks before a file is made, where a file and a directory of one name exclude each other. Some of these stores
 * refuse what does not fit, but only once all is sent; others take it, and then hide one of the two.
 */
export class Conflicts {
  readonly directories: KnownDirectories = new KnownDirectories()
  readonly #backend: Backend

  constructor(backend: Backend) {
    this.#backend = backend
  }

  /**
   * Looks whether a file, or with `kind` a directory, can take its place at the path. Makes no request where files
   * and directories are independent.
   * @throws InvalidPathError where a file and a directory would meet.
   */
  async refuse(
    path: string,
    context: RequestContext,
    kind: 'file' | 'directory' = 'file',
  ): Promise<void> {
    if (!this.#backend.capabilities.fileAndDirectory) await this.#look(path, context, kind)
  }

  async #look(path: string, context: RequestContext, kind: 'file' | 'directory'): Promise<void> {
    if (kind === 'directory' && (await this.#isFile(path, context))) {
      throw new InvalidPathError(path, { detail: 'a directory cannot replace a file' })
    }
    const parents: string[] = []
    for (let parent = parentOf(path); parent !== '/'; parent = parentOf(parent)) {
      if (!this.directories.has(parent)) parents.push(parent)
    }
    const [directory, ...found] = await Promise.all([
      kind === 'file' && hasFiles(this.#backend, path, context.signal),
      ...parents.map((parent) => this.#isFile(parent, context)),
    ])
    if (directory) throw new InvalidPathError(path, { detail: 'a directory is there' })
    const file = parents[found.indexOf(true)]
    if (file !== undefined) throw new InvalidPathError(path, { detail: `${file} is a file` })
  }

  async #isFile(path: string, { signal }: RequestContext): Promise<boolean> {
    const key = this.#backend.names.key(path)
    const found = await headIfThere(this.#backend, key, { path, signal })
    return found !== undefined && !isFolder(found)
  }

  /**
   * Runs what makes a file, and runs it again where the store says that a file or a directory is in the way although
   * there is none: it is just removing it.
   * @throws InvalidPathError where there is one; UnavailableError where the store does not stop to say so.
   */
  async retry<T>(path: string, context: RequestContext, run: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await run()
        this.directories.addParents(path)
        return result
      } catch (error) {
        this.directories.clear()
        if (!this.#backend.isConflict?.(error)) throw error
        await this.#look(path, context, 'file')
        if (await this.#hasObjects(path, context)) throw error
        if (attempt >= ATTEMPTS) {
          const message = 'the store says that a directory is there, and lists none: try again'
          throw new UnavailableError(message, { path, cause: error })
        }
        const pause = SHORTEST_WAIT_MS * 2 ** attempt * (0.5 + Math.random())
        const { signal } = context
        await wait(pause, undefined, signal ? { signal } : {})
      }
    }
  }

  /** Whether another tool keeps an empty directory there. */
  async #hasObjects(path: string, context: RequestContext): Promise<boolean> {
    for await (const _ of objectsBeneath(this.#backend, path, context)) return true
    return false
  }
}
