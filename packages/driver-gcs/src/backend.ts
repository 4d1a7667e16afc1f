import type { Capabilities } from '@stowage/core/driver'
import type {
  DeleteOutcome,
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
import type { Api } from './api.ts'
import { canSign } from './client.ts'
import { copyObject } from './copy.ts'
import { listPage } from './listing.ts'
import { modTimeOf } from './mod-time.ts'
import { deleteObject, getObject, isOriginalSession, type ObjectResource } from './objects.ts'

/** Google Cloud Storage, one request a method. */
export class GcsBackend implements TreeBackend {
  readonly name = 'gcs'
  readonly capabilities: Partial<Capabilities>
  readonly names: Names
  readonly listing: ListingOrder = { order: 'utf8', start: 'from' }
  readonly deleteBatch = 1
  readonly tellsMissing = true
  readonly #api: Api

  constructor(api: Api, names: Names) {
    this.#api = api
    this.names = names
    this.capabilities = {
      persistent: true,
      append: true,
      purgeUploads: true,
      redirectURL: canSign(api.settings),
      fileAndDirectory: true,
      longNames: true,
      unicodePaths: true,
      caseSensitive: true,
      modTimes: true,
      normalizationSensitive: true,
    }
  }

  async head(key: string, context: RequestContext): Promise<ObjectInfo> {
    return infoOf(await getObject(this.#api, key, context))
  }

  async list(request: ListRequest, context: RequestContext): Promise<ListPage> {
    const { objects, now: date, ...page } = await listPage(this.#api, request, context)
    return { ...page, date, objects: objects.map(infoOf) }
  }

  delete(
    key: string,
    ifGenerationMatch: string | undefined,
    context: RequestContext,
  ): Promise<DeleteOutcome> {
    return deleteObject(this.#api, key, { ...context, ifGenerationMatch })
  }

  copy(
    source: ObjectInfo,
    key: string,
    _: ObjectPutOptions,
    context: RequestContext,
  ): Promise<PutResult> {
    return copyObject(this.#api, source, key, context)
  }
}

function infoOf(object: ObjectResource): ObjectInfo {
  const { name: key, size, generation: revision, contentType } = object
  const marker = isOriginalSession(contentType) ? 'upload' : undefined
  return { key, size, modTime: modTimeOf(object), revision, marker, native: object }
}
