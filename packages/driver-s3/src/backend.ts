import type { Capabilities } from '@stowage/core/driver'
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
import { keptTime } from './attributes.ts'
import { copyObject } from './copier.ts'
import { deleteObjects } from './delete-objects.ts'
import { answerOf, isMissing } from './errors.ts'
import { head } from './head.ts'
import { listPage } from './lister.ts'
import type { Store } from './store.ts'

/** Codes of stores on a file system for a file in the place of a directory, or the other way round. */
const CONFLICT =
  /^(?:ExistingObjectIsDirectory|ObjectParentIsFile|XMinioParentIsObject|XMinioObjectExistsAsDirectory)$/

/** Amazon S3 and stores that speak its protocol, one request a method. */
export class S3Backend implements TreeBackend {
  readonly name = 's3aws'
  readonly capabilities: Partial<Capabilities>
  readonly names: Names
  readonly listing: ListingOrder
  readonly deleteBatch: number
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
    const { profile, unorderedListing, sseCustomerKey } = store.settings
    this.names = store.names
    this.listing = unorderedListing
      ? { order: 'none', start: 'none' }
      : { order: 'utf8', start: 'after' }
    this.deleteBatch = profile.deleteBatch
    this.capabilities = {
      persistent: true,
      append: true,
      purgeUploads: profile.uploadsByPrefix,
      redirectURL: !sseCustomerKey,
      fileAndDirectory: profile.fileAndDirectory,
      longNames: profile.longNames,
      unicodePaths: true,
      caseSensitive: true,
      modTimes: true,
      normalizationSensitive: true,
    }
  }

  async head(key: string, context: RequestContext): Promise<ObjectInfo> {
    const native = await head(this.#store, key, context)
    const { ContentLength: size, LastModified, Metadata, ETag: revision } = native
    const modTime = keptTime(Metadata) ?? LastModified ?? new Date(0)
    return { key, size, modTime, revision, native }
  }

  list(request: ListRequest, context: RequestContext): Promise<ListPage> {
    return listPage(this.#store, request, context)
  }

  /** The service has no condition for it, and does not tell whether the object was there. */
  async delete(key: string, _: unknown, context: RequestContext): Promise<DeleteOutcome> {
    try {
      await this.#store.call('DeleteObject', { Key: key }, context)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    return 'deleted'
  }

  deleteMany(
    objects: readonly DeleteRequest[],
    context: RequestContext,
  ): Promise<readonly DeleteFailure[]> {
    return deleteObjects(this.#store, objects, context)
  }

  copy(
    source: ObjectInfo,
    key: string,
    _: ObjectPutOptions,
    context: RequestContext,
  ): Promise<PutResult> {
    return copyObject(this.#store, source, key, context)
  }

  isConflict(error: unknown): boolean {
    return CONFLICT.test(answerOf(error).name)
  }
}
