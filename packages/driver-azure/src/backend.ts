import type { BlobGetPropertiesResponse } from '@azure/storage-blob'
import {
  type Capabilities,
  PathNotFoundError,
  PermissionError,
  RevisionChangedError,
} from '@stowage/core/driver'
import type {
  DeleteFailure,
  DeleteOutcome,
  DeleteRequest,
  ListingOrder,
  ListPage,
  ListRequest,
  Names,
  ObjectInfo,
  ObjectPutOptions,
  PutResult,
  RequestContext,
  TreeBackend,
} from '@stowage/driver-kit'
import type { AzureClient, Opened } from './client.ts'
import { copyInOneStep, type Original, sourceNow } from './copy.ts'
import { deleteBatch } from './delete-batch.ts'
import { codeOf, isConditionFailure, isNotFound, isSourceGone } from './errors.ts'
import { fileSize, listedObject } from './files.ts'
import { MAX_BATCH } from './limits.ts'
import { listPage } from './listing.ts'
import { isFolder } from './markers.ts'
import type { AzureSettings } from './parameters.ts'
import { propertiesOf } from './properties.ts'
import { copySource } from './source.ts'
import { timeOf } from './times.ts'

/** Azure Blob Storage, one request a method. */
export class AzureBackend implements TreeBackend {
  readonly name = 'azure'
  readonly capabilities: Partial<Capabilities>
  readonly names: Names
  readonly listing: ListingOrder = { order: 'utf16', start: 'from' }
  readonly deleteBatch: number = MAX_BATCH
  readonly #client: AzureClient
  readonly #settings: AzureSettings

  constructor(client: AzureClient, names: Names, settings: AzureSettings) {
    this.#client = client
    this.names = names
    this.#settings = settings
    this.capabilities = {
      persistent: true,
      append: true,
      purgeUploads: true,
      redirectURL: client.signer !== 'none',
      fileAndDirectory: true,
      longNames: true,
      unicodePaths: true,
      caseSensitive: true,
      modTimes: true,
      normalizationSensitive: true,
    }
  }

  async head(key: string, { path, signal }: RequestContext): Promise<ObjectInfo> {
    const { container, failures } = await this.#client.open()
    const asked = container.getBlobClient(key).getProperties(abortable(signal))
    const native = await failures.translated(asked, path)
    const { metadata, lastModified, etag: revision } = native
    const size = fileSize(native, path)
    const marker = isFolder(metadata, size) ? 'folder' : undefined
    return { key, size, modTime: timeOf(metadata, lastModified), revision, marker, native }
  }

  async list(request: ListRequest, context: RequestContext): Promise<ListPage> {
    const { blobs, ...page } = await listPage(await this.#client.open(), request, context)
    return { ...page, objects: blobs.map(listedObject) }
  }

  async delete(
    key: string,
    revision: string | undefined,
    { path, signal }: RequestContext,
  ): Promise<DeleteOutcome> {
    const { container, failures } = await this.#client.open()
    try {
      await container.getBlobClient(key).delete({
        deleteSnapshots: 'include',
        ...(revision !== undefined && { conditions: { ifMatch: revision } }),
        ...abortable(signal),
      })
      return 'deleted'
    } catch (error) {
      if (isNotFound(error)) return 'missing'
      if (revision !== undefined && isConditionFailure(error)) return 'changed'
      throw failures.translate(error, path)
    }
  }

  async deleteMany(
    objects: readonly DeleteRequest[],
    context: RequestContext,
  ): Promise<readonly DeleteFailure[]> {
    return deleteBatch(await this.#client.open(), objects, context)
  }

  async copy(
    source: ObjectInfo,
    key: string,
    _: ObjectPutOptions,
    context: RequestContext,
  ): Promise<PutResult> {
    const { path, signal } = context
    const opened = await this.#client.open()
    const native =
      (source.native as BlobGetPropertiesResponse | undefined) ??
      ((await this.head(source.key, context)).native as BlobGetPropertiesResponse)
    const original = this.#original(opened, source, native, path)
    try {
      const settings = { ...this.#settings, signal }
      return { revision: await copyInOneStep(opened, original, key, settings) }
    } catch (error) {
      const now = isSourceGone(error) ? await sourceNow(opened, original) : undefined
      if (now === 'gone') throw new PathNotFoundError(path)
      // InvalidRange: it has become shorter than the step that was to be copied.
      if (now === 'replaced' || isConditionFailure(error) || codeOf(error) === 'InvalidRange') {
        throw replaced(path)
      }
      throw opened.failures.translate(error, path)
    }
  }

  #original(
    opened: Opened,
    { key: name, size, revision }: ObjectInfo,
    found: BlobGetPropertiesResponse,
    path: string,
  ): Original {
    const { etag = '', blobType, leaseStatus } = found
    if (revision !== etag) throw replaced(path)
    if (leaseStatus === 'locked') {
      // It could be copied, but not be deleted then.
      const text = 'somebody else holds a lease on the source: release or break it, then try again'
      throw new PermissionError(text, { path })
    }
    const blob = opened.container.getBlobClient(name)
    const kept = propertiesOf(found, async (abort) => (await blob.getTags(abort)).tags)
    const tags = kept.tags !== undefined
    const source = () => copySource(this.#client, opened, name, { tags })
    return { name, path, source, size, etag, asItIs: blobType === 'BlockBlob', kept }
  }
}

function replaced(path: string): RevisionChangedError {
  return new RevisionChangedError('the source was replaced during the move', { path })
}

function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {}
}
