import { createHash } from 'node:crypto'
import type { _Error as S3Error } from '@aws-sdk/client-s3'
import { isStorageError, PathNotFoundError, StorageErrors } from '@stowage/core/driver'
import { answerOf, factsOf, isMissing, isUploadListRefused, NOT_S3 } from './errors.ts'
import { pages } from './lister.ts'
import type { CallOptions, Store } from './store.ts'
import { removeUploads, tailKey, uploadsBeneath } from './uploads.ts'

/**
 * Deletes the object at the path, all beneath it, and their unfinished uploads.
 * @param held says whether a writer of this driver had begun an upload there that the store does not
 *   know of yet.
 * @throws PathNotFoundError, StorageErrors.
 */
export async function remove(
  store: Store,
  path: string,
  { signal, held }: { signal: AbortSignal | undefined; held: boolean },
): Promise<void> {
  // Both are waited for: what has failed must not go on deleting afterwards.
  const both = await Promise.allSettled([
    removeObjects(store, path, signal),
    removeUploadsBeneath(store, path, signal),
  ])
  let any = held
  for (const one of both) {
    if (one.status === 'rejected') throw one.reason
    any ||= one.value
  }
  if (!any) throw new PathNotFoundError(path)
}

async function removeObjects(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let any = false
  for await (const keys of keysBeneath(store, path, signal)) {
    if (keys.length === 0) continue
    any = true
    signal?.throwIfAborted()
    await deleteKeys(store, keys, { path, signal })
  }
  return any
}

async function removeUploadsBeneath(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let any = false
  for await (const found of listedUploads(store, path, signal)) {
    if (found.length === 0) continue
    any = true
    signal?.throwIfAborted()
    await removeUploads(store, found, { path, signal })
    await deleteKeys(
      store,
      found.map((upload) => tailKey(store, upload)),
      { path, signal },
    )
  }
  return any
}

/** None where the store does not let them be listed: the objects can be deleted all the same. */
async function* listedUploads(store: Store, path: string, signal: AbortSignal | undefined) {
  try {
    yield* uploadsBeneath(store, path, signal)
  } catch (error) {
    if (!isUploadListRefused(error)) throw error
  }
}

/**
 * The key and all beneath it. The first page of everything that starts with the key tells of both in
 * one request, unless siblings (`/a-b` beside `/a`) fill it: from then on it asks for what is beneath.
 */
async function* keysBeneath(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<string[]> {
  const key = store.names.key(path)
  const prefix = store.names.prefix(path)
  for await (const { objects, truncated } of pages(store, { prefix: key, path, signal })) {
    const mine = objects
      .map((object) => object.key)
      .filter((one) => one === key || one.startsWith(prefix))
    yield mine
    if (!truncated) return
    const last = mine.findLast((one) => one !== key)
    const startAfter = store.settings.unorderedListing ? undefined : last
    for await (const page of pages(store, { prefix, path, signal, startAfter })) {
      yield page.objects.map((object) => object.key)
    }
    return
  }
}

interface Where {
  readonly path: string
  /** Left out where something is cleaned up: the caller's has no say in that. */
  readonly signal?: AbortSignal | undefined
}

/** The body of DeleteObjects is XML 1.0, which cannot hold these, and reads a return as a line feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: other tools' keys have control characters
const NOT_IN_XML = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/

/**
 * Deletes objects, a batch in a request; one by one those that a batch cannot name.
 * @throws StorageErrors that name what could not be deleted.
 */
export async function deleteKeys(
  store: Store,
  keys: readonly string[],
  where: Where,
): Promise<void> {
  store.directories.clear()
  const size = store.settings.profile.deleteBatch
  const errors: Error[] = []
  const nameable = keys.filter((key) => !NOT_IN_XML.test(key))
  for (const key of keys) if (NOT_IN_XML.test(key)) await deleteOne(store, key, errors, where)
  for (let at = 0; at < nameable.length; at += size) {
    const batch = nameable.slice(at, at + size)
    if (batch.length === 1) await deleteOne(store, batch[0] ?? '', errors, where)
    else await deleteBatch(store, batch, errors, where)
  }
  if (errors.length > 0) throw new StorageErrors(errors)
}

async function deleteOne(
  store: Store,
  key: string,
  errors: Error[],
  { signal }: Where,
): Promise<void> {
  const error = await refusalOf(store, key, signal)
  if (error === undefined) return
  if (!isStorageError(error, 'PERMISSION_DENIED')) throw error
  errors.push(error)
}

/** Deletes an object by itself, and says why that cannot be; of one that is gone already, nothing. */
async function refusalOf(
  store: Store,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Error | undefined> {
  try {
    await store.call('DeleteObject', { Key: key }, { path: store.names.pathOf(key), signal })
    return undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    signal?.throwIfAborted()
    return error as Error
  }
}

async function deleteBatch(
  store: Store,
  keys: readonly string[],
  errors: Error[],
  where: Where,
): Promise<void> {
  if (store.deletes === 'one by one') {
    for (const key of keys) await deleteOne(store, key, errors, where)
    return
  }
  try {
    const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true }
    const prepare = store.deletes === 'with digest' ? addDigest : undefined
    const reply = await store.call('DeleteObjects', { Delete }, { ...where, prepare })
    const failed = (reply.Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey')
    await deleteAlone(store, failed, errors, where)
  } catch (error) {
    const next = fallback(store.deletes, error)
    if (next === undefined) throw error
    store.deletes = next
    await deleteBatch(store, keys, errors, where)
  }
}

/**
 * What failed inside an answer 200 the SDK does not try again, as it would a request: Amazon's InternalError,
 * or Ceph's UnknownError where another request changes the object meanwhile. So each is deleted alone, until
 * one fails again: then the store has no better answer for the rest.
 */
async function deleteAlone(
  store: Store,
  failed: readonly S3Error[],
  errors: Error[],
  { signal }: Where,
): Promise<void> {
  let again = true
  for (const { Key = '', Code = '', Message = '' } of failed) {
    const native = { Code, message: Message }
    const reason = store.requests.error(native, factsOf('DeleteObjects'), store.names.pathOf(Key))
    const alone = again && !isStorageError(reason, 'PERMISSION_DENIED')
    const error = alone ? await refusalOf(store, Key, signal) : reason
    if (error === undefined) continue
    errors.push(error)
    if (alone) again = false
  }
}

/** What a store that refuses DeleteObjects may accept instead; undefined where it refused for another reason. */
function fallback(mode: Store['deletes'], error: unknown): Store['deletes'] | undefined {
  const { name, status } = answerOf(error)
  if (status === 501 || status === 405 || name === NOT_S3) return 'one by one'
  const refused = status === 400 && /MD5|Digest|Checksum|InvalidRequest|Argument/.test(name)
  if (!refused) return undefined
  return mode === 'in batches' ? 'with digest' : 'one by one'
}

/** Older stores insist on the Content-MD5 that the SDK sends no more. */
function addDigest({ middlewareStack }: Parameters<NonNullable<CallOptions['prepare']>>[0]): void {
  middlewareStack.add(
    (next) => async (args) => {
      const { request } = args as { request: { body?: string; headers: Record<string, string> } }
      const digest = createHash('md5')
        .update(request.body ?? '')
        .digest('base64')
      request.headers['content-md5'] = digest
      return next(args)
    },
    { step: 'build', name: 'stowageContentMD5', priority: 'low' },
  )
}
