import {
  ContentError,
  type DriverCallOptions,
  eachLimit,
  PathNotFoundError,
  PermissionError,
  RevisionChangedError,
  StorageErrors,
} from '@stowage/core/driver'
import type { Names } from '@stowage/driver-kit'
import type { AzureClient, Opened } from './client.ts'
import { copyInOneStep, type Original, sourceNow } from './copy.ts'
import { codeOf, isConditionFailure, isNotFound, isSourceGone } from './errors.ts'
import { fileSize } from './files.ts'
import { pages } from './listing.ts'
import { isFolder } from './markers.ts'
import type { AzureSettings } from './parameters.ts'
import { propertiesOf } from './properties.ts'
import type { Remover } from './remove.ts'
import { copySource } from './source.ts'

/** What a copy found at its source: a file of that revision, the marker of a folder, or nothing. */
type Found = { readonly etag: string } | 'folder' | undefined

/** Moves by copies within the service. Nothing is deleted at the source before its copy is whole. */
export class Mover {
  readonly #client: AzureClient
  readonly #names: Names
  readonly #remover: Remover
  readonly #settings: AzureSettings

  constructor(client: AzureClient, names: Names, remover: Remover, settings: AzureSettings) {
    this.#client = client
    this.#names = names
    this.#remover = remover
    this.#settings = settings
  }

  async move(source: string, destination: string, options: DriverCallOptions): Promise<void> {
    const from = this.#names.key(source)
    const to = this.#names.key(destination)
    const opened = await this.#client.open()
    const found = await this.#copy(opened, from, to, source, options)
    if (typeof found !== 'object') {
      const markers = found === 'folder' ? [from] : []
      return this.#moveTree(opened, source, destination, markers, options)
    }
    options.signal?.throwIfAborted()
    await this.#removeCopied(opened, from, found.etag, { path: source, ...options })
  }

  async #copy(
    opened: Opened,
    from: string,
    to: string,
    path: string,
    options: DriverCallOptions,
  ): Promise<Found> {
    let original: Original | undefined
    try {
      original = await this.#original(opened, from, path, options)
      if (original === undefined) return 'folder'
      await this.#copyAndVerify(opened, original, to, path, options)
      return { etag: original.etag }
    } catch (error) {
      if (original === undefined && isNotFound(error)) return undefined
      const now = isSourceGone(error) && original ? await sourceNow(opened, original) : undefined
      if (now === 'gone') return undefined
      // InvalidRange: it has become shorter than the step that was to be copied.
      if (now === 'replaced' || isConditionFailure(error) || codeOf(error) === 'InvalidRange') {
        throw new RevisionChangedError('the source was replaced during the move', { path })
      }
      throw opened.failures.translate(error, path)
    }
  }

  /** The source of a copy; undefined where it is a folder's marker. */
  async #original(
    opened: Opened,
    name: string,
    path: string,
    options: DriverCallOptions,
  ): Promise<Original | undefined> {
    const blob = opened.container.getBlobClient(name)
    const found = await blob.getProperties(abortable(options))
    const size = fileSize(found, path)
    if (isFolder(found.metadata, size)) return undefined
    if (found.leaseStatus === 'locked') {
      // It could be copied, but not be deleted then.
      const text = 'somebody else holds a lease on the source: release or break it, then try again'
      throw new PermissionError(text, { path })
    }
    const kept = propertiesOf(found, async (abort) => (await blob.getTags(abort)).tags)
    const tags = kept.tags !== undefined
    const source = () => copySource(this.#client, opened, name, { tags })
    const { etag = '', blobType } = found
    return { name, path, source, size, etag, asItIs: blobType === 'BlockBlob', kept }
  }

  async #copyAndVerify(
    opened: Opened,
    original: Original,
    to: string,
    path: string,
    options: DriverCallOptions,
  ): Promise<void> {
    const settings = { ...this.#settings, signal: options.signal }
    const made = await copyInOneStep(opened, original, to, settings)
    const copy = await this.#propertiesOfCopy(opened, to, path, options)
    // Another ETag: the copy was replaced already, by somebody who came later.
    if (copy.contentLength === original.size || (made && copy.etag !== made)) return
    throw new ContentError(`the copy has ${copy.contentLength} of ${original.size} bytes`, { path })
  }

  /** What was removed again, by somebody who came later, must not be taken for a missing source. */
  async #propertiesOfCopy(opened: Opened, to: string, path: string, options: DriverCallOptions) {
    try {
      return await opened.container.getBlobClient(to).getProperties(abortable(options))
    } catch (error) {
      if (!isNotFound(error)) throw error
      const text = 'the copy was removed during the move: the source stays'
      throw new RevisionChangedError(text, { path })
    }
  }

  async #moveTree(
    opened: Opened,
    source: string,
    destination: string,
    markers: string[],
    options: DriverCallOptions,
  ): Promise<void> {
    const from = this.#names.prefix(source)
    const to = this.#names.prefix(destination)
    const copied = new Map<string, string>()
    const { concurrency } = this.#settings
    await eachLimit(this.#blobsBeneath(opened, source, options), concurrency, async (blob) => {
      if (blob.isMarker) return void markers.push(blob.name)
      const rest = blob.name.slice(from.length)
      const path = this.#names.pathOf(blob.name)
      const found = await this.#copy(opened, blob.name, to + rest, path, options)
      if (typeof found === 'object') copied.set(rest, found.etag)
    })
    if (copied.size === 0 && markers.length === 0) throw new PathNotFoundError(source)
    const surplus: string[] = []
    for await (const { name } of this.#blobsBeneath(opened, destination, options)) {
      if (!copied.has(name.slice(to.length))) surplus.push(name)
    }
    failIfAny(await this.#remover.blobs(opened, surplus, options))
    await eachLimit(copied, concurrency, async ([rest, etag]) => {
      options.signal?.throwIfAborted()
      const name = from + rest
      const where = { path: this.#names.pathOf(name), ...options }
      await this.#removeCopied(opened, name, etag, where)
    })
    failIfAny(await this.#remover.folders(opened, markers, options))
  }

  /** Deletes the revision that was copied. What was put there since was not moved, and stays. */
  async #removeCopied(
    opened: Opened,
    name: string,
    etag: string,
    { path, ...options }: DriverCallOptions & { path: string },
  ): Promise<void> {
    const blob = opened.container.getBlobClient(name)
    const conditions = { ifMatch: etag }
    try {
      await blob.delete({ deleteSnapshots: 'include', conditions, ...abortable(options) })
    } catch (error) {
      if (!isNotFound(error) && !isConditionFailure(error)) {
        throw opened.failures.translate(error, path)
      }
    }
  }

  async *#blobsBeneath(opened: Opened, path: string, { signal }: DriverCallOptions) {
    const query = { prefix: this.#names.prefix(path), signal }
    for await (const { blobs } of pages(opened, path, query)) {
      for (const { name, metadata, properties } of blobs) {
        const isMarker = name.endsWith('/') || isFolder(metadata, properties.contentLength)
        yield { name, isMarker }
      }
    }
  }
}

function failIfAny(errors: readonly Error[]): void {
  if (errors.length > 0) throw new StorageErrors(errors)
}

function abortable({ signal }: DriverCallOptions): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {}
}
