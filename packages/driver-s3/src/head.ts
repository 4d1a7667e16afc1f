import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { ContentError } from '@stowage/core/driver'
import type { CallOptions, Store } from './store.ts'

/** What the store says of an object. */
export interface Head extends HeadObjectCommandOutput {
  readonly ContentLength: number
}

/**
 * What the store says of an object. R2 and what compresses on the fly leave the size out of it: then a listing tells.
 * @throws PathNotFoundError where there is no object. That may also be a wrong endpoint, whose answer has no body:
 *   what only a missing object allows must be preceded by another request that succeeds.
 */
export async function head(store: Store, key: string, where: CallOptions): Promise<Head> {
  const found = await store.call('HeadObject', { Key: key, ...store.customerKey() }, where)
  return { ...found, ContentLength: found.ContentLength ?? (await listedSize(store, key, where)) }
}

async function listedSize(store: Store, key: string, where: CallOptions): Promise<number> {
  // The key itself sorts before all others that begin with it.
  const { Contents } = await store.call('ListObjectsV2', { Prefix: key, MaxKeys: 1 }, where)
  const [first] = Contents ?? []
  if (first?.Key === key && Number.isSafeInteger(first.Size)) return first.Size as number
  throw new ContentError('the store does not say how long the object is', { path: where.path })
}
