import { Readable } from 'node:stream'
import type { BlobClient, BlobDownloadResponseParsed } from '@azure/storage-blob'
import {
  ContentError,
  type DriverReaderOptions,
  InvalidOffsetError,
  PathNotFoundError,
  RevisionChangedError,
  resumingReader,
  UnavailableError,
} from '@stowage/core/driver'
import { parseSize } from '@stowage/driver-kit'
import { codeOf, type Failures, isConditionFailure, isNotFound } from './errors.ts'
import { fileSize } from './files.ts'
import { isFolder } from './markers.ts'

/** Bytes from `start` to before `end` of one revision. */
export interface Range {
  readonly start: number
  readonly end: number
  readonly etag: string
}

/** A blob to read, and how its errors are told. */
export interface Source {
  readonly blob: BlobClient
  /** The caller's path. */
  readonly path: string
  readonly failures: Failures
}

/**
 * Opens a blob for reading.
 * @throws PathNotFoundError where no file is, a folder marker included.
 * @throws InvalidOffsetError where the offset is beyond the end.
 */
export async function openReader(
  source: Source,
  { offset, length, signal }: DriverReaderOptions,
): Promise<Readable> {
  const { blob, path, failures } = source
  if (length === 0) return emptyAt(source, offset, signal)
  const stop = new AbortController()
  const abortSignal = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const reply = await blob
    .download(offset, length, { abortSignal, maxRetryRequests: 0 })
    .catch((error: unknown) => {
      // A range that begins at the end or beyond it; which of the two, the reply does not say.
      if (codeOf(error) === 'InvalidRange') return undefined
      if ((error as Error).name !== 'RangeError') throw failures.translate(error, path)
      // The SDK's, and it leaves the body open.
      stop.abort()
      throw new ContentError('Get Blob: the answer has no length or no ETag', { path })
    })
  if (reply === undefined) return emptyAt(source, offset, signal)
  const body = bodyOf(reply)
  try {
    if (isFolder(reply.metadata, reply.contentLength)) throw new PathNotFoundError(path)
    const end = endOf(reply, path, offset, length)
    return await readRange(source, { start: offset, end, etag: reply.etag ?? '' }, { body, signal })
  } catch (error) {
    body.destroy()
    throw error
  }
}

/** The range's bytes, whatever happens to the connections. `body` is one that is under way already. */
export async function readRange(
  source: Source,
  { start, end, etag }: Range,
  { body, signal }: { body?: Readable; signal?: AbortSignal | undefined },
): Promise<Readable> {
  const { path } = source
  const reopen = async (position: number, stop: AbortSignal | undefined): Promise<Readable> => {
    const abort = signal && stop ? AbortSignal.any([signal, stop]) : (stop ?? signal)
    return bodyAt(source, { start: position, end, etag }, abort)
  }
  return resumingReader({
    ...{ start, end, skip: 0, reopen },
    body: body ?? (await reopen(start, undefined)),
    givenUp: (what, cause) => {
      const why = (cause as Error | undefined)?.message
      const detail = why === undefined ? undefined : source.failures.text(why)
      return new UnavailableError(what, { path, detail })
    },
  })
}

async function bodyAt(
  { blob, path, failures }: Source,
  { start, end, etag }: Range,
  abortSignal: AbortSignal | undefined,
): Promise<Readable> {
  try {
    const reply = await blob.download(start, end - start, {
      ...(abortSignal && { abortSignal }),
      ...{ maxRetryRequests: 0, conditions: { ifMatch: etag } },
    })
    const body = bodyOf(reply)
    try {
      endOf(reply, path, start, end - start)
      return body
    } catch (error) {
      body.destroy()
      throw error
    }
  } catch (error) {
    if (!isConditionFailure(error) && !isNotFound(error)) throw failures.translate(error, path)
    const text = 'the file was replaced or deleted while it was read'
    throw new RevisionChangedError(text, { path })
  }
}

/** An empty stream, where the file is at least as long as the offset. */
async function emptyAt(
  { blob, path, failures }: Source,
  offset: number,
  abortSignal: AbortSignal | undefined,
): Promise<Readable> {
  try {
    const found = await blob.getProperties(abortSignal ? { abortSignal } : {})
    const size = fileSize(found, path)
    if (isFolder(found.metadata, size)) throw new PathNotFoundError(path)
    if (offset > size) throw new InvalidOffsetError(path, offset)
    return Readable.from([], { objectMode: false })
  } catch (error) {
    throw failures.translate(error, path)
  }
}

function bodyOf(reply: BlobDownloadResponseParsed): Readable {
  // A stream that fails while nobody reads it yet must not bring the process down.
  return (reply.readableStreamBody as Readable).on('error', () => {})
}

/** Where the reply's bytes end, after a look at whether they are those that were asked for. */
function endOf(
  { contentRange, contentLength }: BlobDownloadResponseParsed,
  path: string,
  offset: number,
  length: number | undefined,
): number {
  const ranged = offset > 0 || length !== undefined
  const [, from, total] = /^bytes (\d+)--?\d+\/(\d+)$/.exec(contentRange ?? '') ?? []
  if (ranged ? Number(from) !== offset : contentRange !== undefined) {
    throw new ContentError(
      `asked for bytes from ${offset}, got ${contentRange?.slice(0, 100) ?? 'all'}`,
      { path },
    )
  }
  const size = parseSize(ranged ? total : contentLength)
  if (size === undefined) throw new ContentError('Get Blob: the answer has no length', { path })
  return Math.min(size, offset + (length ?? size))
}
