import { Readable } from 'node:stream'
import {
  ContentError,
  collectBytes,
  type DriverReaderOptions,
  InvalidOffsetError,
  isStorageError,
  PathNotFoundError,
  RevisionChangedError,
  resumingReader,
  UnavailableError,
} from '@stowage/core/driver'
import type { Api } from './api.ts'
import { crc32c, encodeCrc32c } from './crc32c.ts'
import { isMissing } from './errors.ts'
import { isOriginalSession } from './objects.ts'
import type { StreamReply } from './request.ts'
import { type Span, sizeOf, spanOf } from './span.ts'

/** Which object is read. */
interface Target {
  readonly key: string
  readonly path: string
}

interface GetOptions {
  readonly range?: readonly [first: number, last: number | undefined] | undefined
  readonly generation?: string | undefined
  readonly signal?: AbortSignal | undefined
}

function get(api: Api, { key, path }: Target, options: GetOptions): Promise<StreamReply> {
  const { range, generation, signal } = options
  return api.stream({
    ...{ method: 'GET', operation: 'objects.get media', path, signal, keyed: true },
    url: api.url('/storage/v1', key, { alt: 'media', generation }),
    headers: {
      // Who takes gzip is given the bytes as they are stored; else content that is stored compressed
      // would come decompressed, with other sizes, whatever the range.
      'accept-encoding': 'gzip',
      ...(range && { range: `bytes=${range[0]}-${range[1] ?? ''}` }),
    },
  })
}

/** The whole content of one generation. */
export async function readGeneration(
  api: Api,
  { key, path, generation }: Target & { readonly generation: string },
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const reply = await get(api, { key, path }, { generation, signal })
  const span = spanOf(reply, path, undefined, {})
  return collectBytes(reader(api, { key, path }, { span, skip: 0, body: reply.body }), signal)
}

/** The whole content in one buffer of its own. */
export async function readAll(
  api: Api,
  target: Target,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  return collectBytes(await openReader(api, target, { offset: 0, signal }), signal)
}

/**
 * Opens a file with one request. Beyond the start it asks for the byte before the offset as well: then
 * "offset equal to the size" is an ordinary answer, and only an offset beyond the size an error.
 * @throws PathNotFoundError, InvalidOffsetError.
 */
export async function openReader(
  api: Api,
  target: Target,
  { offset, length, signal }: DriverReaderOptions,
): Promise<Readable> {
  const { path } = target
  const first = Math.max(0, offset - 1)
  const last = length === undefined ? undefined : Math.max(first, offset + length - 1)
  const whole = offset === 0 && length === undefined
  let reply: StreamReply
  try {
    reply = await get(api, target, { range: whole ? undefined : [first, last], signal })
  } catch (error) {
    if (!isOutOfRange(error)) throw error
    if (offset > 0) throw new InvalidOffsetError(path, offset)
    return Readable.from([])
  }
  try {
    if (isOriginalSession(reply.header('content-type'))) throw new PathNotFoundError(path)
    const span = spanOf(reply, path, whole ? undefined : first, { offset, length })
    return reader(api, target, { span, skip: offset - first, body: reply.body })
  } catch (error) {
    reply.body.on('error', () => {}).destroy()
    throw error
  }
}

function isOutOfRange(error: unknown): boolean {
  return (error as { cause?: { status?: number } } | undefined)?.cause?.status === 416
}

interface Source {
  readonly span: Span
  /** Bytes at the start that the caller did not ask for. */
  readonly skip: number
  readonly body: Readable
}

/** The bytes of one generation; their CRC32C is verified where it is known. */
function reader(api: Api, target: Target, { span, skip, body }: Source): Readable {
  const { path } = target
  const { start, end, crc } = span
  let found = 0
  return resumingReader({
    ...{ start, end, skip, body },
    reopen: (position, signal) => bodyFrom(api, target, position, { span, signal }),
    givenUp: (what, cause) => {
      const { code, message } = (cause ?? {}) as { code?: string; message?: string }
      const why = code ?? message
      return new UnavailableError(why ? `${what}: ${why}` : what, { path })
    },
    onBytes: (bytes) => {
      if (crc !== undefined) found = crc32c(bytes, found)
    },
    verify: () => {
      if (crc === undefined || crc === encodeCrc32c(found)) return undefined
      const detail = `${encodeCrc32c(found)} instead of ${crc}`
      const text = `the content does not have the CRC32C of the object (${detail})`
      return new ContentError(text, { path })
    },
  })
}

/** A body from the next byte on, of the same generation. */
async function bodyFrom(
  api: Api,
  target: Target,
  position: number,
  { span: { end, generation }, signal }: { readonly span: Span; readonly signal: AbortSignal },
): Promise<Readable | undefined> {
  const { path } = target
  const changed = (cause?: unknown): RevisionChangedError =>
    new RevisionChangedError('the object was replaced or deleted while it was read', {
      path,
      cause,
    })
  // Without a generation nothing tells that what follows belongs to what came before.
  if (generation === undefined) return undefined
  let reply: StreamReply
  try {
    reply = await get(api, target, { range: [position, end - 1], generation, signal })
  } catch (error) {
    if (isStorageError(error, 'REVISION_CHANGED')) throw error
    if (!isMissing(error) && !isOutOfRange(error)) throw error
    throw changed(error)
  }
  try {
    sizeOf(reply, path, position)
    if (reply.header('x-goog-generation') !== generation) throw changed()
    return reply.body
  } catch (error) {
    reply.body.on('error', () => {}).destroy()
    throw error
  }
}
