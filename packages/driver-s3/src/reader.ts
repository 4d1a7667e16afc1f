import { Readable } from 'node:stream'
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import {
  ContentError,
  collectBytes,
  type DriverReaderOptions,
  InvalidOffsetError,
  isStorageError,
  RevisionChangedError,
  resumingReader,
  UnavailableError,
} from '@stowage/core/driver'
import { parseContentRange } from '@stowage/driver-kit'
import { answerOf, isMissing } from './errors.ts'
import type { Store } from './store.ts'

/**
 * Opens a file with one request. Beyond the start it asks for the byte before the offset as well: then
 * "offset equal to the size" is an ordinary answer, and only an offset beyond the size an error.
 * @throws PathNotFoundError, InvalidOffsetError.
 */
export async function openReader(
  store: Store,
  path: string,
  { offset, length, signal }: DriverReaderOptions,
): Promise<Readable> {
  const first = Math.max(0, offset - 1)
  const last = length === undefined ? undefined : Math.max(first, offset + length - 1)
  const whole = offset === 0 && length === undefined
  let reply: GetObjectCommandOutput
  try {
    reply = await get(store, path, { range: whole ? undefined : [first, last], signal })
  } catch (error) {
    if (!isOutOfRange(error)) throw error
    if (offset > 0) throw new InvalidOffsetError(path, offset)
    return Readable.from([])
  }
  try {
    const size = sizeOf(reply, path, whole ? undefined : first)
    const end = Math.min(size, length === undefined ? size : offset + length)
    const span = { end: Math.max(end, first), etag: reply.ETag }
    return resumingReader({
      ...{ start: first, end: span.end, skip: offset - first, body: reply.Body as Readable },
      reopen: (position, stop) => bodyFrom(store, path, position, { ...span, signal: stop }),
      givenUp: (what, cause) => new UnavailableError(what, { path, cause }),
    })
  } catch (error) {
    ;(reply.Body as Readable | undefined)?.destroy()
    throw error
  }
}

interface GetOptions {
  readonly range: readonly [first: number, last: number | undefined] | undefined
  readonly etag?: string | undefined
  readonly signal: AbortSignal | undefined
}

function get(store: Store, path: string, { range, etag, signal }: GetOptions) {
  return store.call(
    'GetObject',
    {
      Key: store.names.key(path),
      ...(range && { Range: `bytes=${range[0]}-${range[1] ?? ''}` }),
      ...(etag && { IfMatch: etag }),
      ...store.customerKey(),
    },
    { path, signal },
  )
}

function isOutOfRange(error: unknown): boolean {
  return answerOf(error).status === 416
}

/**
 * The object's size, from an answer that is what was asked for.
 * @throws ContentError where the store ignored the range or answered with another one.
 */
function sizeOf(reply: GetObjectCommandOutput, path: string, first: number | undefined): number {
  if (first === undefined) {
    if (reply.ContentLength !== undefined) return reply.ContentLength
    throw new ContentError('the store did not say how long the object is', { path })
  }
  const range = parseContentRange(reply.ContentRange)
  if (reply.$metadata.httpStatusCode !== 206 || range?.first !== first) {
    const said = reply.ContentRange?.slice(0, 100)
    const detail = `status ${reply.$metadata.httpStatusCode}, Content-Range ${said}`
    throw new ContentError(`the store ignored the range from ${first} (${detail})`, { path })
  }
  return range.total
}

interface Rest {
  /** The byte after the last. */
  readonly end: number
  readonly etag: string | undefined
  readonly signal: AbortSignal
}

/** A body from the next byte on, of the same revision. */
async function bodyFrom(
  store: Store,
  path: string,
  position: number,
  { end, etag, signal }: Rest,
): Promise<Readable | undefined> {
  // Without an ETag nothing tells that what follows belongs to what came before.
  if (etag === undefined) return undefined
  const changed = (cause?: unknown): RevisionChangedError =>
    new RevisionChangedError('the object was replaced or deleted while it was read', {
      path,
      cause,
    })
  let reply: GetObjectCommandOutput
  try {
    reply = await get(store, path, { range: [position, end - 1], etag, signal })
  } catch (error) {
    if (isStorageError(error, 'REVISION_CHANGED')) throw error
    if (!isMissing(error) && !isOutOfRange(error)) throw error
    throw changed(error)
  }
  const body = reply.Body as Readable
  try {
    sizeOf(reply, path, position)
    // Some stores take no notice of If-Match.
    if (reply.ETag !== etag) throw changed()
    return body
  } catch (error) {
    body.destroy()
    throw error
  }
}

/** The whole content in one buffer of its own. */
export async function readAll(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  return collectBytes(await openReader(store, path, { offset: 0, signal }), signal)
}
