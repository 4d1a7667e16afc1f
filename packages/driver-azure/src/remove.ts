import type { BatchSubResponse, BlobClient, BlobItem } from '@azure/storage-blob'
import {
  type DriverCallOptions,
  eachLimit,
  PathNotFoundError,
  StorageErrors,
} from '@stowage/core/driver'
import type { Names } from '@stowage/driver-kit'
import type { Opened } from './client.ts'
import { isNotFound } from './errors.ts'
import { MAX_BATCH } from './limits.ts'
import { pages } from './listing.ts'
import { isFolder } from './markers.ts'
import { discard, type Sessions } from './sessions.ts'

/** Removes blobs, by batches where the service takes them. */
export class Remover {
  readonly #concurrency: number
  readonly #names: Names
  /** Until the service refused one; accounts with a hierarchical namespace and some gateways do. */
  #batches = true

  constructor(names: Names, concurrency: number) {
    this.#names = names
    this.#concurrency = concurrency
  }

  /** Removes the blobs and says which could not be removed. Missing ones are fine. */
  async blobs(
    opened: Opened,
    names: readonly string[],
    { signal }: DriverCallOptions,
  ): Promise<Error[]> {
    const errors: Error[] = []
    const chunks: (readonly string[])[] = []
    for (let i = 0; i < names.length; i += MAX_BATCH) chunks.push(names.slice(i, i + MAX_BATCH))
    await eachLimit(chunks, this.#concurrency, async (chunk) => {
      signal?.throwIfAborted()
      errors.push(...(await this.#chunk(opened, chunk, signal)))
    })
    return errors
  }

  /**
   * Removes markers of folders, the deepest first: accounts with a hierarchical namespace refuse to
   * remove a folder that is not empty.
   */
  async folders(
    opened: Opened,
    names: readonly string[],
    options: DriverCallOptions,
  ): Promise<Error[]> {
    const errors: Error[] = []
    for (const level of byDepth(names)) errors.push(...(await this.blobs(opened, level, options)))
    return errors
  }

  async #chunk(
    opened: Opened,
    names: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Error[]> {
    const clients = names.map((name) => opened.container.getBlobClient(name))
    // What a batch did not do is done one by one: each error names its blob then.
    const left =
      clients.length > 1 && this.#batches ? await this.#batch(opened, clients, signal) : clients
    const errors: Error[] = []
    await eachLimit(left, this.#concurrency, async (client) => {
      signal?.throwIfAborted()
      await this.one(client, signal).catch((error: unknown) => {
        signal?.throwIfAborted()
        errors.push(opened.failures.translate(error, this.#names.pathOf(client.name)) as Error)
      })
    })
    return errors
  }

  /** One Blob Batch; gives the blobs that it has not removed. */
  async #batch(
    { container }: Opened,
    clients: readonly BlobClient[],
    signal: AbortSignal | undefined,
  ): Promise<readonly BlobClient[]> {
    try {
      const service = container.getBlobBatchClient()
      const batch = service.createBatch()
      for (const client of clients) await batch.deleteBlob(client, { deleteSnapshots: 'include' })
      // Not the SDK's deleteBlobs: it takes a signal and forgets it.
      const { subResponses } = await service.submitBatch(
        batch,
        signal ? { abortSignal: signal } : {},
      )
      // The answer is 202 whatever is in it: only a part that says so is a blob that is gone.
      return clients.filter((_, at) => !isRemoved(subResponses[at]))
    } catch {
      signal?.throwIfAborted()
      // Whatever the reason: single deletes work without batches, or their errors name each blob.
      this.#batches = false
      return clients
    }
  }

  /** Deletes a blob with its snapshots, and says whether it was there. */
  async one(blob: BlobClient, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      await blob.delete({ deleteSnapshots: 'include', ...(signal && { abortSignal: signal }) })
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }
}

/**
 * Removes the path, all beneath it and the unfinished uploads of both. Folders go after what is in them.
 * @throws PathNotFoundError where nothing was.
 * @throws StorageErrors that name what could not be removed.
 */
export async function removeTree(
  opened: Opened,
  sessions: Sessions,
  remover: Remover,
  path: string,
  options: DriverCallOptions,
): Promise<void> {
  const { signal } = options
  const { container } = opened
  const { names } = sessions
  const errors: Error[] = []
  const folders: string[] = []
  const itself = names.key(path)
  let found = 0
  for await (const all of blobsFrom(opened, sessions.names, path, signal)) {
    found += all.length
    const blobs = all.filter(({ name }) => name !== itself)
    const isMarker = (blob: (typeof blobs)[number]): boolean =>
      blob.name.endsWith('/') || isFolder(blob.metadata, blob.properties.contentLength)
    folders.push(...blobs.filter(isMarker).map(({ name }) => name))
    const files = blobs.filter((blob) => !isMarker(blob)).map(({ name }) => name)
    errors.push(...(await remover.blobs(opened, files, options)))
  }
  errors.push(...(await remover.folders(opened, folders, options)))
  signal?.throwIfAborted()
  try {
    // Listed already, it counts; the reply to its deletion may be lost, and the next one says "not there".
    if (await remover.one(container.getBlobClient(itself), signal)) found++
  } catch (error) {
    errors.push(opened.failures.translate(error, path) as Error)
  }
  found += await removeSessions(opened, sessions, path, signal, errors)
  if (errors.length > 0) throw new StorageErrors(errors, {})
  if (found === 0) throw new PathNotFoundError(path)
}

/**
 * The blob of the path and all beneath it. The first page of what begins with the name tells of both in one
 * request, the blob itself before all others, unless siblings (`a-b` beside `a/`) fill it.
 */
async function* blobsFrom(
  opened: Opened,
  names: Names,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly BlobItem[]> {
  const itself = names.key(path)
  const prefix = names.prefix(path)
  for await (const { blobs, more } of pages(opened, path, { prefix: itself, signal })) {
    yield blobs.filter(({ name }) => name === itself || name.startsWith(prefix))
    if (!more) return
    break
  }
  for await (const { blobs } of pages(opened, path, { prefix, signal })) yield blobs
}

async function removeSessions(
  opened: Opened,
  sessions: Sessions,
  path: string,
  signal: AbortSignal | undefined,
  errors: Error[],
): Promise<number> {
  let found = await sessions.held.removeBeneath(path)
  for await (const session of sessions.find(opened, path, { signal })) {
    found++
    signal?.throwIfAborted()
    const blob = opened.container.getBlockBlobClient(session.name)
    await discard(blob, session.path, opened.failures, { signal }).catch((error: unknown) => {
      signal?.throwIfAborted()
      errors.push(error as Error)
    })
  }
  return found
}

/** Whether a part of a batch's answer says that its blob is gone. */
function isRemoved(part: BatchSubResponse | undefined): boolean {
  if (part === undefined) return false
  const { status, errorCode } = part
  return (status >= 200 && status < 300 && errorCode === undefined) || errorCode === 'BlobNotFound'
}

/** The names by how many `/` they have, most first. */
function byDepth(names: readonly string[]): string[][] {
  const levels: string[][] = []
  for (const name of names) {
    const depth = name.split('/').length
    levels[depth] ??= []
    levels[depth].push(name)
  }
  return levels.filter((level) => level !== undefined).reverse()
}
