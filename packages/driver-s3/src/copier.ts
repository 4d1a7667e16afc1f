import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { ContentError, Limiter } from '@stowage/core'
import { completeUpload } from './complete.ts'
import { copyPartSize, MAX_PARTS } from './part-plan.ts'
import type { Store } from './store.ts'
import { abortSurely, checksumsOf, type Part, type Upload } from './uploads.ts'

/** What a copy must know of its source. */
export interface Source {
  readonly key: string
  readonly size: number
  readonly etag: string | undefined
}

interface Where {
  readonly path: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Copies an object within the bucket, in one request or, above the threshold, in parts. Only that
 * revision of the source is copied; the copy is compared with it before this resolves.
 * @throws ContentError where the copy is not what the source was.
 */
export async function copyObject(
  store: Store,
  source: Source,
  key: string,
  where: Where,
): Promise<void> {
  const { multipartCopyThresholdSize } = store.settings
  if (source.size <= multipartCopyThresholdSize || source.size === 0) {
    await copyWhole(store, source, key, where)
  } else {
    await copyInParts(store, source, key, where)
  }
  const copy = await head(store, key, where)
  if (copy.ContentLength !== source.size) {
    const sizes = `${copy.ContentLength} bytes instead of ${source.size}`
    throw new ContentError(`the copy has ${sizes}: the source stays`, { path: where.path })
  }
}

/** @throws PathNotFoundError where there is no object. */
export function head(store: Store, key: string, where: Where): Promise<HeadObjectCommandOutput> {
  return store.call('HeadObject', { Key: key, ...store.customerKey() }, where)
}

async function copyWhole(store: Store, source: Source, key: string, where: Where): Promise<void> {
  where.signal?.throwIfAborted()
  await store.call('CopyObject', { Key: key, ...from(store, source), ...store.creation() }, where)
}

/** Encoded, as the header demands; each slash stays. */
function from(store: Store, { key, etag }: Source) {
  const encoded = encodeURIComponent(key).replaceAll('%2F', '/')
  return {
    CopySource: `${store.bucket}/${encoded}`,
    ...(etag && { CopySourceIfMatch: etag }),
    ...store.copySourceKey(),
  }
}

async function copyInParts(store: Store, source: Source, key: string, where: Where): Promise<void> {
  where.signal?.throwIfAborted()
  const input = { Key: key, ...store.creation() }
  const { UploadId = '' } = await store.call('CreateMultipartUpload', input, { path: where.path })
  const upload = { key, id: UploadId, startedAt: new Date() }
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(where.signal?.reason)
  where.signal?.addEventListener('abort', onAbort, { once: true })
  if (where.signal?.aborted) onAbort()
  try {
    const parts = await copyParts(store, source, upload, { path: where.path, stop })
    where.signal?.throwIfAborted()
    await completeUpload(store, upload, parts, where)
  } catch (error) {
    // The failure is what the caller should hear of; an upload that stays is for purgeUploads.
    await abortSurely(store, upload, where.path).catch(() => {})
    throw error
  } finally {
    where.signal?.removeEventListener('abort', onAbort)
  }
}

/** All parts, several at a time. The first failure stops the others, and is waited for. */
async function copyParts(
  store: Store,
  source: Source,
  upload: Upload,
  { path, stop }: { path: string; stop: AbortController },
): Promise<Part[]> {
  const { multipartCopyChunkSize, multipartCopyMaxConcurrency } = store.settings
  const size = copyPartSize(source.size, multipartCopyChunkSize)
  const count = Math.min(MAX_PARTS, Math.ceil(source.size / size))
  const limiter = new Limiter(multipartCopyMaxConcurrency)
  const copies = Array.from({ length: count }, (_, i) =>
    limiter
      .run(
        () =>
          copyPart(store, source, upload, {
            number: i + 1,
            start: i * size,
            end: Math.min(source.size, (i + 1) * size),
            where: { path, signal: stop.signal },
          }),
        stop.signal,
      )
      .catch((error: unknown) => {
        stop.abort(error)
        throw error
      }),
  )
  const done = await Promise.allSettled(copies)
  const parts: Part[] = []
  for (const one of done) {
    if (one.status === 'rejected') throw stop.signal.reason ?? one.reason
    parts.push(one.value)
  }
  return parts
}

interface Piece {
  readonly number: number
  readonly start: number
  readonly end: number
  readonly where: Where
}

async function copyPart(
  store: Store,
  source: Source,
  upload: Upload,
  { number, start, end, where }: Piece,
): Promise<Part> {
  const { CopyPartResult = {} } = await store.call(
    'UploadPartCopy',
    {
      Key: upload.key,
      UploadId: upload.id,
      PartNumber: number,
      CopySourceRange: `bytes=${start}-${end - 1}`,
      ...from(store, source),
      ...store.customerKey(),
    },
    where,
  )
  const { ETag = '' } = CopyPartResult
  return { PartNumber: number, ETag, size: end - start, ...checksumsOf(CopyPartResult) }
}
