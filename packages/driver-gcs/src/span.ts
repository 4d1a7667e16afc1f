import { ContentError } from '@stowage/core/driver'
import { parseContentRange, parseSize } from '@stowage/driver-kit'
import type { StreamReply } from './request.ts'

/** What of one generation is read. */
export interface Span {
  readonly start: number
  /** The byte after the last. */
  readonly end: number
  readonly generation: string | undefined
  /** Of the whole object, where the whole of it is read. */
  readonly crc: string | undefined
}

export interface Wanted {
  readonly offset?: number | undefined
  readonly length?: number | undefined
}

/**
 * What an answer brings, once it is found to be what was asked for.
 * @throws ContentError where the service ignored the range, or answered with another one.
 */
export function spanOf(
  reply: StreamReply,
  path: string,
  first: number | undefined,
  { offset = 0, length }: Wanted,
): Span {
  checkEncoding(reply, path)
  const generation = reply.header('x-goog-generation')
  const size = sizeOf(reply, path, first)
  const end = Math.min(size, length === undefined ? size : offset + length)
  const [, crc] = /crc32c=([A-Za-z0-9+/=]+)/.exec(reply.header('x-goog-hash') ?? '') ?? []
  const start = first ?? 0
  return {
    start,
    end: Math.max(end, start),
    generation,
    crc: first === undefined ? crc : undefined,
  }
}

/** The size of the object; undefined for `first` where no range was asked for. @throws ContentError. */
export function sizeOf(reply: StreamReply, path: string, first: number | undefined): number {
  if (first === undefined) {
    const length = reply.header('content-length') ?? reply.header('x-goog-stored-content-length')
    const size = parseSize(length)
    if (reply.status === 200 && size !== undefined) return size
    throw new ContentError(`the service did not say how long the object is`, { path })
  }
  const said = reply.header('content-range')
  const range = parseContentRange(said)
  if (reply.status === 206 && range?.first === first) return range.total
  const detail = `status ${reply.status}, Content-Range ${said?.slice(0, 100)}`
  throw new ContentError(`the service ignored the range from ${first} (${detail})`, { path })
}

/** Somebody on the way may have compressed it, although it is not stored so. */
function checkEncoding(reply: StreamReply, path: string): void {
  const stored = reply.header('x-goog-stored-content-encoding')
  if (stored === undefined) return
  const encoding = reply.header('content-encoding') ?? 'identity'
  if (encoding === stored) return
  const text = `the content came with encoding ${encoding}, but is stored with ${stored}`
  throw new ContentError(text, { path })
}
