import { createHash } from 'node:crypto'
import type {
  CompletedPart,
  ListMultipartUploadsCommandOutput,
  ListPartsCommandOutput,
} from '@aws-sdk/client-s3'
import { DriverError, type HeldSession } from '@stowage/core/driver'
import { PageGuard } from '@stowage/driver-kit'
import type { Attributes } from './attributes.ts'
import { isUploadGone } from './errors.ts'
import type { Store } from './store.ts'

/** An unfinished multipart upload. */
export interface Upload {
  readonly key: string
  readonly id: string
  readonly startedAt: Date
}

/** A part that is stored. */
export interface Part extends CompletedPart {
  readonly PartNumber: number
  readonly ETag: string
  readonly size: number
}

interface Where {
  readonly path: string
  readonly signal?: AbortSignal | undefined
}

/** How often an abort is repeated because a part landed after it. */
const MAX_ABORTS = 5

/**
 * The unfinished uploads whose key has the prefix, page by page. Both markers are sent: with one alone
 * the service starts from the beginning.
 */
async function* uploads(
  store: Store,
  prefix: string,
  { path, signal }: Where,
): AsyncGenerator<Upload[]> {
  let after: { KeyMarker?: string; UploadIdMarker?: string } = {}
  const listing = { operation: 'ListMultipartUploads', path, prefix }
  const guard = new PageGuard(listing)
  for (;;) {
    const reply: ListMultipartUploadsCommandOutput = await store.call(
      'ListMultipartUploads',
      // No EncodingType: Ceph encodes then without saying so, and others say so and do not.
      { Prefix: prefix, ...after },
      { path, signal },
    )
    yield (reply.Uploads ?? []).map(({ Key = '', UploadId = '', Initiated }) => {
      guard.entry(Key)
      if (UploadId === '') throw incomplete(listing)
      // Without a time it counts as new: a purge leaves it alone.
      return { key: Key, id: UploadId, startedAt: Initiated ?? new Date() }
    })
    const { IsTruncated = false, NextKeyMarker = '', NextUploadIdMarker = '' } = reply
    const marker = NextKeyMarker && `${NextKeyMarker}\0${NextUploadIdMarker}`
    if (guard.next(IsTruncated, marker) === undefined) return
    after = {
      KeyMarker: NextKeyMarker,
      ...(NextUploadIdMarker && { UploadIdMarker: NextUploadIdMarker }),
    }
  }
}

function incomplete({ operation, path }: { operation: string; path: string }): DriverError {
  return new DriverError(`${operation}: the answer lacks an id, a number or a size`, { path })
}

/** What the upload is called among those that writers of this process hold. */
export function sessionKey({ key, id }: Pick<Upload, 'key' | 'id'>): string {
  return `${key}\0${id}`
}

/** The unfinished uploads of exactly this key, the newest first. Of the same instant, the one listed last. */
export async function newestUploads(store: Store, key: string, where: Where): Promise<Upload[]> {
  const found: Upload[] = []
  for await (const page of uploads(store, key, where)) {
    found.push(...page.filter((upload) => upload.key === key))
    // The key itself sorts before all others that begin with it.
    if (!store.settings.unorderedListing && page.some((upload) => upload.key !== key)) break
  }
  return found.reverse().sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime())
}

/** The uploads of a path and of all beneath it. */
export async function* uploadsBeneath(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Upload[]> {
  const key = store.names.key(path)
  const prefix = store.names.prefix(path)
  for await (const page of uploads(store, key, { path, signal })) {
    yield page.filter((upload) => upload.key === key || upload.key.startsWith(prefix))
  }
}

/**
 * The stored parts from number 1 on without a gap. What lies behind a gap was in flight when a process
 * died; it is written again.
 */
export async function storedParts(store: Store, upload: Upload, where: Where): Promise<Part[]> {
  const parts: Part[] = []
  const listing = { operation: 'ListParts', path: where.path }
  const guard = new PageGuard(listing)
  let marker: string | undefined
  do {
    const reply: ListPartsCommandOutput = await store.call(
      'ListParts',
      {
        Key: upload.key,
        UploadId: upload.id,
        ...(marker && { PartNumberMarker: marker }),
        ...store.customerKey(),
      },
      where,
    )
    for (const { PartNumber, ETag = '', Size, ...rest } of reply.Parts ?? []) {
      if (PartNumber === undefined || !ETag || Size === undefined) throw incomplete(listing)
      guard.entry(upload.key, Size)
      parts.push({ PartNumber, ETag, size: Size, ...checksumsOf(rest) })
    }
    const next = reply.NextPartNumberMarker
    marker = guard.next(reply.IsTruncated ?? false, next === '0' ? undefined : next)
  } while (marker !== undefined)
  parts.sort((a, b) => a.PartNumber - b.PartNumber)
  const gap = parts.findIndex(({ PartNumber }, i) => PartNumber !== i + 1)
  return gap < 0 ? parts : parts.slice(0, gap)
}

const CHECKSUMS = [
  'ChecksumCRC32',
  'ChecksumCRC32C',
  'ChecksumCRC64NVME',
  'ChecksumSHA1',
  'ChecksumSHA256',
] as const

type Checksums = Partial<Pick<CompletedPart, (typeof CHECKSUMS)[number]>>

/** The checksums that a completion must repeat. */
export function checksumsOf(reply: Checksums): Checksums {
  const found = CHECKSUMS.map((name) => [name, reply[name]]).filter(([, value]) => value)
  return Object.fromEntries(found)
}

/**
 * The key of the object that holds the bytes of an upload's short last part, which cannot be read back
 * from the upload itself. See docs/decisions/ on sessions of S3.
 */
export function tailKey(store: Store, upload: Pick<Upload, 'key' | 'id'>): string {
  const hash = createHash('sha256').update(sessionKey(upload)).digest('hex')
  return `${tailPrefix(store)}${hash.slice(0, 40)}`
}

/** The prefix of the keys of all kept tails. */
export function tailPrefix(store: Store): string {
  return `${store.names.reserved}uploads/`
}

interface Beginning {
  readonly attributes: Attributes
  /** Of the writer that it is for. */
  readonly held: HeldSession
}

/** Begins an upload, which is held from then on. It is not aborted: nobody could find it then. */
export function beginUpload(
  store: Store,
  path: string,
  { attributes, held }: Beginning,
): Promise<Upload> {
  const begun = create(store, path, attributes).then((upload) => {
    held.rename(sessionKey(upload))
    return upload
  })
  return held.track(begun)
}

async function create(store: Store, path: string, attributes: Attributes): Promise<Upload> {
  const key = store.names.key(path)
  const input = { Key: key, ...store.creation(), ...attributes }
  const { UploadId } = await store.call('CreateMultipartUpload', input, { path })
  if (!UploadId) throw incomplete({ operation: 'CreateMultipartUpload', path })
  return { key, id: UploadId, startedAt: new Date() }
}

/** Removes an upload; that it is gone already is fine. To clean up, no signal is given. */
export async function abortUpload(
  store: Store,
  upload: Pick<Upload, 'key' | 'id'>,
  where: Where,
): Promise<void> {
  try {
    const input = { Key: upload.key, UploadId: upload.id }
    await store.call('AbortMultipartUpload', input, where)
  } catch (error) {
    if (!isUploadGone(error)) throw error
  }
}

/** As {@link abortUpload}, where parts were in flight: one that lands later would bring it back. */
export async function abortSurely(
  store: Store,
  upload: Pick<Upload, 'key' | 'id'>,
  path: string,
): Promise<void> {
  for (let i = 0; i < MAX_ABORTS; i++) {
    await abortUpload(store, upload, { path })
    try {
      await store.call('ListParts', { Key: upload.key, UploadId: upload.id }, { path })
    } catch (error) {
      if (isUploadGone(error)) return
      throw error
    }
  }
}
