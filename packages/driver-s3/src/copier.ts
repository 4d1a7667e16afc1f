import { randomUUID } from 'node:crypto'
import { ContentError, DriverError, isStorageError } from '@stowage/core/driver'
import {
  eachUntilFailure,
  type ObjectInfo,
  type PutResult,
  type RequestContext,
} from '@stowage/driver-kit'
import { type Attributes, copiedAttributes } from './attributes.ts'
import { completeUpload } from './complete.ts'
import { type Head, head } from './head.ts'
import { copyPartSize, MAX_PARTS } from './part-plan.ts'
import { openReader } from './reader.ts'
import type { Store } from './store.ts'
import { abortSurely, beginUpload, checksumsOf, type Part, type Upload } from './uploads.ts'
import { S3Writer } from './writer.ts'

/**
 * Copies that revision of an object within the bucket, in one request or, above the threshold, in parts. Gives the
 * ETag of the copy where the store tells.
 */
export async function copyObject(
  store: Store,
  source: ObjectInfo,
  key: string,
  context: RequestContext,
): Promise<PutResult> {
  const isSmall = source.size <= store.settings.multipartCopyThresholdSize || source.size === 0
  try {
    if (isSmall) return { revision: await copyWhole(store, source, key, context) }
    await copyInParts(store, source, key, context)
  } catch (error) {
    // Some stores cannot copy what is encrypted, or cannot copy at all.
    if (!isStorageError(error, 'UNSUPPORTED_METHOD')) throw error
    await copyThrough(store, source, key, context)
  }
  return {}
}

/** Reads the source here and writes it again. */
async function copyThrough(
  store: Store,
  source: ObjectInfo,
  key: string,
  { path, signal }: RequestContext,
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
  source: ObjectInfo,
  key: string,
  context: RequestContext,
): Promise<string | undefined> {
  const input = { Key: key, ...from(store, source), ...store.creation() }
  return (await store.call('CopyObject', input, context)).CopyObjectResult?.ETag
}

/** Encoded, as the header demands; each slash stays. */
function from(store: Store, { key, revision }: ObjectInfo) {
  const encoded = encodeURIComponent(key).replaceAll('%2F', '/')
  return {
    CopySource: `${store.bucket}/${encoded}`,
    ...(revision && { CopySourceIfMatch: revision }),
    ...store.copySourceKey(),
  }
}

async function copyInParts(
  store: Store,
  source: ObjectInfo,
  key: string,
  context: RequestContext,
): Promise<void> {
  const { path, signal } = context
  const attributes = await attributesOf(store, source, context)
  signal?.throwIfAborted()
  const to = store.names.pathOf(key)
  const held = store.held.hold(to, randomUUID())
  let upload: Upload | undefined
  try {
    upload = await beginUpload(store, to, { attributes, held })
    const parts = await copyParts(store, source, upload, context)
    signal?.throwIfAborted()
    await completeUpload(store, upload, parts, context)
  } catch (error) {
    // The failure is what the caller should hear of; an upload that stays is for purgeUploads.
    if (upload) await abortSurely(store, upload, path).catch(() => {})
    throw error
  } finally {
    held.release()
  }
}

async function attributesOf(
  store: Store,
  { key, native }: ObjectInfo,
  context: RequestContext,
): Promise<Attributes> {
  const found = (native as Head | undefined) ?? (await head(store, key, context))
  return copiedAttributes(store, key, found, context)
}

/** All parts, several at a time. The first failure stops the others, and is waited for. */
async function copyParts(
  store: Store,
  source: ObjectInfo,
  upload: Upload,
  { path, signal }: RequestContext,
): Promise<Part[]> {
  const { multipartCopyChunkSize, multipartCopyMaxConcurrency: concurrency } = store.settings
  const size = copyPartSize(source.size, multipartCopyChunkSize)
  const count = Math.min(MAX_PARTS, Math.ceil(source.size / size))
  const parts = new Array<Part>(count)
  await eachUntilFailure(parts.keys(), { concurrency, signal }, async (index, stop) => {
    const range = { start: index * size, end: Math.min(source.size, (index + 1) * size) }
    const input = { ...from(store, source), number: index + 1, ...range }
    parts[index] = await copyPart(store, upload, input, { path, signal: stop })
  })
  return parts
}

interface Piece extends ReturnType<typeof from> {
  readonly number: number
  readonly start: number
  /** Of the byte after it. */
  readonly end: number
}

async function copyPart(
  store: Store,
  upload: Upload,
  { number, start, end, ...source }: Piece,
  context: RequestContext,
): Promise<Part> {
  const { CopyPartResult = {} } = await store.call(
    'UploadPartCopy',
    {
      Key: upload.key,
      UploadId: upload.id,
      PartNumber: number,
      CopySourceRange: `bytes=${start}-${end - 1}`,
      ...source,
      ...store.customerKey(),
    },
    context,
  )
  const { ETag } = CopyPartResult
  if (!ETag) throw new DriverError('UploadPartCopy: the answer has no ETag', { path: context.path })
  return { PartNumber: number, ETag, size: end - start, ...checksumsOf(CopyPartResult) }
}
