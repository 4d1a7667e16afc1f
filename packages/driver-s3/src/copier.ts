import { randomUUID } from 'node:crypto'
import {
  ContentError,
  DriverError,
  isStorageError,
  Limiter,
  RevisionChangedError,
} from '@stowage/core/driver'
import { type Attributes, copiedAttributes } from './attributes.ts'
import { completeUpload } from './complete.ts'
import { isMissing } from './errors.ts'
import { type Head, head } from './head.ts'
import { copyPartSize, MAX_PARTS } from './part-plan.ts'
import { openReader } from './reader.ts'
import type { Store } from './store.ts'
import { abortSurely, beginUpload, checksumsOf, type Part, type Upload } from './uploads.ts'
import { S3Writer } from './writer.ts'

/** What a copy must know of its source. */
export interface Source {
  readonly key: string
  readonly size: number
  readonly etag: string | undefined
  /** What HEAD said, where it was asked already. */
  readonly head?: Head | undefined
}

interface Where {
  readonly path: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Copies an object within the bucket, in one request or, above the threshold, in parts. Only that
 * revision of the source is copied; the copy is compared with it before this resolves.
 * @throws RevisionChangedError where somebody has replaced one of the two meanwhile, ContentError where
 *   the copy is not what the source was.
 */
export async function copyObject(
  store: Store,
  source: Source,
  key: string,
  where: Where,
): Promise<void> {
  let made: string | undefined
  try {
    made = await copyWithin(store, source, key, where)
  } catch (error) {
    // Some stores cannot copy what is encrypted, or cannot copy at all.
    if (!isStorageError(error, 'UNSUPPORTED_METHOD')) throw error
    await copyThrough(store, source, key, where)
  }
  await compare(store, source, { key, made }, where)
}

/** Whether the copy is what the source was, or who else has been there since. */
async function compare(
  store: Store,
  source: Source,
  { key, made }: { key: string; made: string | undefined },
  where: Where,
): Promise<void> {
  const changed = (what: string) =>
    new RevisionChangedError(`${what} during the move: the source stays`, { path: where.path })
  const copy = await revision(store, key, where)
  if (copy === undefined) throw changed('the copy was removed')
  if (copy.size === undefined || copy.size === source.size) return
  // Another ETag: the copy was replaced already, by somebody who came later.
  if (made !== undefined && copy.etag !== made) return
  // Some stores copy the newest revision, whichever was asked for.
  const now = await revision(store, source.key, where)
  if (now?.etag !== source.etag) throw changed('the source was replaced')
  const sizes = `${copy.size} bytes instead of ${source.size}`
  throw new ContentError(`the copy has ${sizes}: the source stays`, { path: where.path })
}

async function revision(store: Store, key: string, where: Where) {
  try {
    const input = { Key: key, ...store.customerKey() }
    const { ContentLength, ETag } = await store.call('HeadObject', input, where)
    return { size: ContentLength, etag: ETag }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Gives the ETag of the copy where the store tells. */
function copyWithin(
  store: Store,
  source: Source,
  key: string,
  where: Where,
): Promise<string | undefined> {
  const small = source.size <= store.settings.multipartCopyThresholdSize || source.size === 0
  return (small ? copyWhole : copyInParts)(store, source, key, where)
}

/** Reads the source here and writes it again. */
async function copyThrough(
  store: Store,
  source: Source,
  key: string,
  { path, signal }: Where,
): Promise<void> {
  const attributes = await attributesOf(store, source, { path, signal })
  const reader = await openReader(store, store.names.pathOf(source.key), {
    offset: 0,
    signal,
  })
  const to = store.names.pathOf(key)
  const held = store.held.hold(to, randomUUID())
  const writer = new S3Writer(store, { path: to, signal, attributes, held })
  try {
    for await (const chunk of reader) await writer.write(chunk)
    if (writer.size !== source.size) {
      throw new ContentError('the source changed while it was copied', { path })
    }
    await writer.commit()
  } catch (error) {
    // As with any other copy, what counts is why it failed.
    await writer.cancel().catch(() => {})
    throw error
  } finally {
    held.release()
  }
}

async function copyWhole(
  store: Store,
  source: Source,
  key: string,
  where: Where,
): Promise<string | undefined> {
  where.signal?.throwIfAborted()
  const input = { Key: key, ...from(store, source), ...store.creation() }
  return (await store.call('CopyObject', input, where)).CopyObjectResult?.ETag
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

async function copyInParts(
  store: Store,
  source: Source,
  key: string,
  where: Where,
): Promise<undefined> {
  where.signal?.throwIfAborted()
  const attributes = await attributesOf(store, source, where)
  where.signal?.throwIfAborted()
  const to = store.names.pathOf(key)
  const held = store.held.hold(to, randomUUID())
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(where.signal?.reason)
  where.signal?.addEventListener('abort', onAbort, { once: true })
  if (where.signal?.aborted) onAbort()
  let upload: Upload | undefined
  try {
    upload = await beginUpload(store, to, { attributes, held })
    const parts = await copyParts(store, source, upload, { path: where.path, stop })
    where.signal?.throwIfAborted()
    await completeUpload(store, upload, parts, where)
  } catch (error) {
    // The failure is what the caller should hear of; an upload that stays is for purgeUploads.
    if (upload) await abortSurely(store, upload, where.path).catch(() => {})
    throw error
  } finally {
    held.release()
    where.signal?.removeEventListener('abort', onAbort)
  }
}

async function attributesOf(store: Store, source: Source, where: Where): Promise<Attributes> {
  const found = source.head ?? (await head(store, source.key, where))
  return copiedAttributes(store, source.key, found, where)
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
  const { ETag } = CopyPartResult
  if (!ETag) throw new DriverError('UploadPartCopy: the answer has no ETag', { path: where.path })
  return { PartNumber: number, ETag, size: end - start, ...checksumsOf(CopyPartResult) }
}
