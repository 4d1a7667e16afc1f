import { type DriverCallOptions, isStorageError, PathNotFoundError } from '@stowage/core/driver'
import type { ObjectInfo, RequestContext, TreeBackend } from './backend.ts'
import { headIfThere, isFolder, objectsBeneath, objectsFrom } from './beneath.ts'
import { Conflicts } from './conflicts.ts'
import { copyAndCompare } from './copy.ts'
import { type DirectoryMove, moveDirectory } from './move-directory.ts'
import { deleteFolders, eachCollecting, type Removal, Remover, throwErrors } from './remover.ts'

/** The unfinished uploads of a driver, as a delete needs them. */
export interface UploadRemover {
  /** Ends those of the path and beneath it that writers of this process have, waits for their requests, counts them. */
  endHeld(path: string): Promise<number>
  /**
   * Removes the uploads that the service has of the path and of all beneath it, and collects what fails.
   * @throws the signal's reason, ConfigError, and what the listing of uploads throws.
   */
  removeBeneath(path: string, signal: AbortSignal | undefined): Promise<Removal>
}

/** Deletes and moves paths of an object store, with all that is beneath them. */
export class Trees {
  readonly conflicts: Conflicts
  readonly remover: Remover
  readonly #backend: TreeBackend
  readonly #uploads: UploadRemover

  constructor(backend: TreeBackend, uploads: UploadRemover) {
    this.#backend = backend
    this.#uploads = uploads
    this.conflicts = new Conflicts(backend)
    this.remover = new Remover(backend)
  }

  /**
   * Deletes the object of the path, all beneath it and the unfinished uploads of both. Markers of folders go last.
   * @throws PathNotFoundError where nothing was; StorageErrors that names what could not be removed.
   */
  async delete(path: string, { signal }: DriverCallOptions): Promise<void> {
    this.#backend.names.key(path)
    this.conflicts.directories.clear()
    const held = await this.#uploads.endHeld(path)
    signal?.throwIfAborted()
    const context = { path, signal }
    // All are waited for: what has failed must not go on deleting afterwards.
    const settled = await Promise.allSettled([
      this.#deleteFile(path, context),
      this.#deleteObjects(path, context),
      this.#uploads.removeBeneath(path, signal),
    ])
    let count = held
    const errors: Error[] = []
    for (const result of settled) {
      if (result.status === 'rejected') throw result.reason
      count += result.value.count
      errors.push(...result.value.errors)
    }
    throwErrors(errors)
    if (count === 0) throw new PathNotFoundError(path)
  }

  /** Where the service says what it has deleted, no listing has to tell before. */
  async #deleteFile(path: string, context: RequestContext): Promise<Removal> {
    if (!this.#backend.tellsMissing) return { count: 0, errors: [] }
    let missing = 0
    const keys = [this.#backend.names.key(path)]
    const { signal } = context
    const { errors } = await eachCollecting(keys, { concurrency: 1, signal }, async (key) => {
      if ((await this.#backend.delete(key, undefined, context)) === 'missing') missing++
    })
    return { count: 1 - missing, errors }
  }

  async #deleteObjects(path: string, context: RequestContext): Promise<Removal> {
    const folders: string[] = []
    const files = async function* (objects: AsyncIterable<ObjectInfo>) {
      for await (const object of objects) {
        if (isFolder(object)) folders.push(object.key)
        // Whatever its revision is by then: it goes, as a file that is put there meanwhile may.
        else yield { key: object.key }
      }
    }
    const list = this.#backend.tellsMissing ? objectsBeneath : objectsFrom
    const found = list(this.#backend, path, context)
    const { count, errors } = await this.remover.delete(files(found), context)
    const failed = await deleteFolders(this.remover, folders, context)
    return { count: count + folders.length, errors: [...errors, ...failed] }
  }

  /**
   * Moves a file, or where there is none a directory. A source goes once its copy is whole; one that others have
   * replaced since stays.
   * @throws PathNotFoundError where nothing is at the source.
   */
  async move(source: string, destination: string, { signal }: DriverCallOptions): Promise<void> {
    const key = this.#backend.names.key(source)
    const target = this.#backend.names.key(destination)
    const context = { path: source, signal }
    const found = await headIfThere(this.#backend, key, context)
    if (found === undefined || found.marker !== undefined) {
      const marker = found?.marker === 'folder' ? key : undefined
      return this.#moveDirectory({ source, destination, marker, signal })
    }
    await this.conflicts.refuse(destination, { path: destination, signal })
    try {
      await copyAndCompare(this.#backend, found, target, context)
    } catch (error) {
      if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
      return this.#moveDirectory({ source, destination, marker: undefined, signal })
    }
    signal?.throwIfAborted()
    this.conflicts.directories.clear()
    await this.#backend.delete(key, found.revision, context)
  }

  #moveDirectory(
    request: Pick<DirectoryMove, 'source' | 'destination' | 'marker' | 'signal'>,
  ): Promise<void> {
    const { conflicts, remover } = this
    return moveDirectory({ ...request, backend: this.#backend, conflicts, remover })
  }
}
