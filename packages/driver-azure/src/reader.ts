import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { BlobClient, BlobDownloadResponseParsed } from '@azure/storage-blob'
import {
  type BareReaderOptions,
  ContentError,
  InvalidOffsetError,
  PathNotFoundError,
  RevisionChangedError,
  UnavailableError,
} from '@stowage/core'
import { codeOf, isConditionFailure, isNotFound, statusOf, translate } from './errors.ts'
import { isFolder } from './markers.ts'

interface Range {
  readonly path: string
  /** Position of the first byte, and after the last one. */
  readonly start: number
  readonly end: number
  readonly etag: string
}

/** How a stream's requests are ended: `aborter` by the stream, `signal` by that or by the caller. */
interface Abort {
  readonly aborter: AbortController
  readonly signal: AbortSignal
}

/** Attempts to go on after a body that broke, and the first pause between them. */
export interface Patience {
  readonly maxRetries: number
  readonly retryDelay: number
}

/**
 * Opens a blob for reading.
 * @throws PathNotFoundError where no file is, a folder marker included.
 * @throws InvalidOffsetError where the offset is beyond the end.
 */
export async function openReader(
  blob: BlobClient,
  path: string,
  { offset, length, signal }: BareReaderOptions,
  patience: Patience,
): Promise<Readable> {
  if (length === 0) return emptyAt(blob, path, offset, signal)
  const aborter = new AbortController()
  const abortSignal = signal ? AbortSignal.any([signal, aborter.signal]) : aborter.signal
  const reply = await blob
    .download(offset, length, { abortSignal, maxRetryRequests: 0 })
    .catch((error: unknown) => {
      // A range that begins at the end or beyond it; which of the two, the reply does not say.
      if (statusOf(error) === 416) return undefined
      throw translate(error, path)
    })
  if (reply === undefined) return emptyAt(blob, path, offset, signal)
  const body = bodyOf(reply)
  try {
    if (isFolder(reply.metadata, reply.contentLength)) throw new PathNotFoundError(path)
    const end = endOf(reply, path, offset, length)
    const range = { path, start: offset, end, etag: reply.etag ?? '' }
    return new BlobReader(blob, body, range, patience, { aborter, signal: abortSignal })
  } catch (error) {
    body.destroy()
    throw error
  }
}

/** An empty stream, where the file is at least as long as the offset. */
async function emptyAt(
  blob: BlobClient,
  path: string,
  offset: number,
  abortSignal: AbortSignal | undefined,
): Promise<Readable> {
  try {
    const { contentLength = 0, metadata } = await blob.getProperties(
      abortSignal ? { abortSignal } : {},
    )
    if (isFolder(metadata, contentLength)) throw new PathNotFoundError(path)
    if (offset > contentLength) throw new InvalidOffsetError(path, offset)
    return Readable.from([], { objectMode: false })
  } catch (error) {
    throw translate(error, path)
  }
}

function bodyOf(reply: BlobDownloadResponseParsed): Readable {
  // A stream that fails while nobody reads it yet must not bring the process down.
  return (reply.readableStreamBody as Readable).on('error', () => {})
}

/** Where the reply's bytes end, after a look at whether they are those that were asked for. */
function endOf(
  { contentRange, contentLength = 0 }: BlobDownloadResponseParsed,
  path: string,
  offset: number,
  length: number | undefined,
): number {
  const ranged = offset > 0 || length !== undefined
  const [, from, total] = /^bytes (\d+)--?\d+\/(\d+)$/.exec(contentRange ?? '') ?? []
  if (ranged ? Number(from) !== offset : contentRange !== undefined) {
    throw new ContentError(`asked for bytes from ${offset}, got ${contentRange ?? 'all'}`, { path })
  }
  const size = ranged ? Number(total) : contentLength
  return Math.min(size, offset + (length ?? size))
}

/** The bytes of one revision of a blob, whatever happens to the connections. It holds one chunk. */
class BlobReader extends Readable {
  readonly #blob: BlobClient
  readonly #range: Range
  readonly #patience: Patience
  readonly #abort: Abort
  #body: Readable
  #position: number
  /** Broken bodies since the last byte. */
  #failures = 0

  constructor(blob: BlobClient, body: Readable, range: Range, patience: Patience, abort: Abort) {
    super({ highWaterMark: 1 })
    this.#blob = blob
    this.#range = range
    this.#patience = patience
    this.#abort = abort
    this.#position = range.start
    this.#body = this.#attach(body)
  }

  override _read(): void {
    this.#body.resume()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#body.destroy()
    this.#abort.aborter.abort()
    done(error)
  }

  #attach(body: Readable): Readable {
    let over = false
    const end = (error?: unknown): void => {
      if (over || this.destroyed) return
      over = true
      body.destroy()
      if (this.#position === this.#range.end) this.push(null)
      else void this.#resume(error)
    }
    body
      .on('data', (chunk: Uint8Array) => {
        if (over) return
        this.#failures = 0
        this.#position += chunk.length
        if (this.#position > this.#range.end) {
          over = true
          this.destroy(
            new ContentError('more bytes came than were promised', { path: this.#range.path }),
          )
        } else if (!this.push(chunk)) body.pause()
      })
      .on('end', end)
      .on('error', end)
      .on('close', end)
      .pause()
    return body
  }

  /** Goes on at the next byte of the same revision. */
  async #resume(cause: unknown): Promise<void> {
    const { path } = this.#range
    const { maxRetries, retryDelay } = this.#patience
    const { signal } = this.#abort
    if (signal.aborted) {
      this.destroy(cause as Error)
      return
    }
    const text = (cause as Error | undefined)?.message ?? 'it ended early'
    if (this.#failures++ >= maxRetries) {
      this.destroy(new UnavailableError(`the download broke off: ${text}`, { path }))
      return
    }
    const pause = retryDelay * 2 ** (this.#failures - 1) * Math.random()
    try {
      await delay(pause, undefined, { signal })
      this.#body = this.#attach(await this.#reopen(signal))
      this.#body.resume()
    } catch (error) {
      if (this.destroyed) return
      if (isRefusal(error)) this.destroy(this.#refused(error))
      else void this.#resume(error)
    }
  }

  async #reopen(abortSignal: AbortSignal): Promise<Readable> {
    const { path, end, etag } = this.#range
    const reply = await this.#blob.download(this.#position, end - this.#position, {
      abortSignal,
      maxRetryRequests: 0,
      conditions: { ifMatch: etag },
    })
    const body = bodyOf(reply)
    try {
      endOf(reply, path, this.#position, end - this.#position)
    } catch (error) {
      body.destroy()
      throw error
    }
    return body
  }

  #refused(error: unknown): Error {
    const { path } = this.#range
    if (isConditionFailure(error) || isNotFound(error)) {
      return new RevisionChangedError('the file was replaced or deleted while it was read', {
        path,
      })
    }
    return translate(error, path) as Error
  }
}

/** Whether the service answered and said no, which another attempt does not change. */
function isRefusal(error: unknown): boolean {
  const status = statusOf(error) ?? 0
  return (status >= 400 && status < 500 && status !== 429) || codeOf(error) === 'CONTENT'
}
