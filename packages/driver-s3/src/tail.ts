import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { collectBytes, UploadNotFoundError } from '@stowage/core/driver'
import { factsOf, isMissing } from './errors.ts'
import { putObject } from './put.ts'
import type { Store } from './store.ts'
import { type Part, tailKey, type Upload } from './uploads.ts'

interface Where {
  readonly path: string
  readonly signal: AbortSignal
}

/** Keeps the bytes of an upload's short last part where they can be read again. */
export async function storeTail(
  store: Store,
  upload: Upload,
  bytes: Buffer,
  path: string,
): Promise<void> {
  const { ContentType, StorageClass: _, ACL: __, ...encryption } = store.creation()
  const Key = tailKey(store, upload)
  await putObject(store, { Key, Body: bytes, ContentType, ...encryption }, { path })
}

/**
 * The bytes of the upload's short last part.
 * @throws UploadNotFoundError where they are not there: the upload can still be committed as it is.
 */
export async function loadTail(
  store: Store,
  upload: Upload,
  part: Part,
  where: Where,
): Promise<Buffer> {
  const kept = await readTail(store, upload, where)
  // Tails only grow. A longer one was stored by a close that did not get to replace the part.
  const tail = kept?.bytes.subarray(0, part.size)
  // With some encryption an ETag is no MD5 and says nothing; then the kept object's is none either.
  const comparable = kept !== undefined && isMd5(kept.etag, kept.bytes)
  if (tail?.length === part.size && (!comparable || isMd5(part.ETag, tail))) return tail
  throw new UploadNotFoundError('the last bytes of the upload cannot be read back', {
    path: where.path,
    detail:
      'its writer died while it committed, or two writers continued it: commit it as it is, or begin anew',
  })
}

async function readTail(
  store: Store,
  upload: Upload,
  where: Where,
): Promise<{ bytes: Buffer; etag: string } | undefined> {
  const input = { Key: tailKey(store, upload), ...store.customerKey() }
  for (let attempt = 1; ; attempt++) {
    /** Whether the answer had come, and only its body can fail. */
    let answered = false
    try {
      const { Body, ETag = '' } = await store.call('GetObject', input, where)
      answered = true
      return { bytes: await bytesOf(store, Body as Readable, where), etag: ETag }
    } catch (error) {
      if (isMissing(error)) return undefined
      // The SDK repeats a request, but not one whose body breaks off.
      if (!answered || attempt >= store.settings.maxAttempts) throw error
    }
  }
}

async function bytesOf(store: Store, body: Readable, { path, signal }: Where): Promise<Buffer> {
  try {
    return await collectBytes(body, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw store.requests.error(error, factsOf('GetObject'), path)
  }
}

function isMd5(etag: string, bytes: Buffer): boolean {
  return etag.replaceAll('"', '') === createHash('md5').update(bytes).digest('hex')
}

/** Removes the kept bytes; that there are none is fine. */
export async function removeTail(store: Store, upload: Upload, path: string): Promise<void> {
  await store.backend.delete(tailKey(store, upload), undefined, { path })
}
