import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import type { CallOptions, Store } from './store.ts'

/**
 * What the store tells of an object.
 * @throws PathNotFoundError where there is no object.
 */
export function head(
  store: Store,
  key: string,
  where: CallOptions,
): Promise<HeadObjectCommandOutput> {
  return store.call('HeadObject', { Key: key, ...store.customerKey() }, where)
}
