import { createHash } from 'node:crypto'
import { isStorageError, UploadNotFoundError } from '@stowage/core/driver'
import { answerOf, isMissing, isUploadGone } from './errors.ts'
import { head } from './head.ts'
import type { Store } from './store.ts'
import type { Part, Upload } from './uploads.ts'

interface Where {
  readonly path: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Publishes an upload. Where the store says that there is no such upload, an earlier try may have
 * worked although its answer was lost: the object there tells.
 * @throws UploadNotFoundError where it is gone, or another writer has replaced its parts.
 */
export async function completeUpload(
  store: Store,
  upload: Upload,
  parts: readonly Part[],
  where: Where,
): Promise<void> {
  try {
    await store.call(
      'CompleteMultipartUpload',
      {
        Key: upload.key,
        UploadId: upload.id,
        MultipartUpload: { Parts: parts.map(({ size: _, ...part }) => part) },
        ...store.customerKey(),
      },
      where,
    )
  } catch (error) {
    if (await isGone(store, upload, error, where)) {
      if (await isPublished(store, upload, parts, where)) return
      throw new UploadNotFoundError('the upload is gone: removed, or committed by another writer', {
        path: where.path,
        cause: error,
      })
    }
    if (isPartRefused(error)) {
      throw new UploadNotFoundError('another writer has continued this upload', {
        path: where.path,
        cause: error,
      })
    }
    throw error
  }
}

/**
 * Whether the upload is not there. Ceph says of one that was removed that its completion is in progress,
 * with status 500; and a connection that broke says nothing: then the list of its parts tells.
 */
async function isGone(
  store: Store,
  { key, id }: Upload,
  error: unknown,
  where: Where,
): Promise<boolean> {
  if (isUploadGone(error)) return true
  if (!isStorageError(error, 'UNAVAILABLE') || where.signal?.aborted) return false
  try {
    await store.call('ListParts', { Key: key, UploadId: id, ...store.customerKey() }, where)
    return false
  } catch (second) {
    return isUploadGone(second)
  }
}

function isPartRefused(error: unknown): boolean {
  return /^InvalidPart(?:Order)?$/.test(answerOf(error).name)
}

async function isPublished(
  store: Store,
  upload: Upload,
  parts: readonly Part[],
  where: Where,
): Promise<boolean> {
  try {
    const { ContentLength, ETag } = await head(store, upload.key, where)
    const size = parts.reduce((sum, part) => sum + part.size, 0)
    return ContentLength === size && ETag?.replaceAll('"', '') === etagOf(parts)
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** The ETag of an object that was made of these parts: the MD5 of their MD5s, and their number. */
function etagOf(parts: readonly Pick<Part, 'ETag'>[]): string {
  const hash = createHash('md5')
  for (const { ETag } of parts) hash.update(Buffer.from(ETag.replaceAll('"', ''), 'hex'))
  return `${hash.digest('hex')}-${parts.length}`
}
