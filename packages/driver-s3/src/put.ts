import type { PutObjectCommandInput } from '@aws-sdk/client-s3'
import { DriverError } from '@stowage/core/driver'
import type { Attributes } from './attributes.ts'
import type { CallOptions, Store } from './store.ts'

interface Content {
  readonly Body: Uint8Array
  readonly attributes: Attributes
}

/** Makes a file with one request. */
export async function put(
  store: Store,
  path: string,
  { Body, attributes }: Content,
  signal: AbortSignal | undefined,
): Promise<void> {
  const Key = store.names.key(path)
  const input = { Key, Body, ContentLength: Body.length, ...store.creation(), ...attributes }
  await store.trees.conflicts.retry(path, { path, signal }, () => {
    signal?.throwIfAborted()
    return putObject(store, input, { path, signal })
  })
}

/** One PutObject. @throws DriverError where the answer has no ETag: then something else than a store has given it. */
export async function putObject(
  store: Store,
  input: Omit<PutObjectCommandInput, 'Bucket'>,
  where: CallOptions,
): Promise<void> {
  const { ETag } = await store.call('PutObject', input, where)
  if (ETag) return
  throw new DriverError('PutObject: the answer has no ETag', { path: where.path })
}
