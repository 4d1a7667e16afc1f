import { Readable } from 'node:stream'
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import {
  type BareReaderOptions,
  ContentError,
  InvalidOffsetError,
  isStorageError,
  RevisionChangedError,
  UnavailableError,
} from '@stowage/core'
import { isMissing } from './errors.ts'
import type { Store } from './store.ts'

/** How often a body is resumed without a byte of progress in between. */
const MAX_RESUMES = 5
/** Longest wait before the second and later of these; each waits a random part of it. */
const BACKOFF_MS = 500

interface Span {
  /** First byte asked for, and the one after the last. */
  readonly start: number
  readonly end: number
  readonly etag: string | undefined
}

/**
 * Opens a file with one request. Beyond the start it asks for the byte before the offset as well: then
 * "offset equal to the size" is an ordinary answer, and only an offset beyond the size an error.
 * @throws PathNotFoundError, InvalidOffsetError.
 */
export async function openReader(
  store: Store,
  path: string,
  { offset, length, signal }: BareReaderOptions,
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
    const span = { start: first, end: Math.max(end, first), etag: reply.ETag }
    return new S3Reader(store, path, { span, skip: offset - first, body: reply.Body as Readable })
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
      Key: store.key(path),
      ...(range && { Range: `bytes=${range[0]}-${range[1] ?? ''}` }),
      ...(etag && { IfMatch: etag }),
      ...store.customerKey(),
    },
    { path, signal },
  )
}

function isOutOfRange(error: unknown): boolean {
  return (error as { cause?: { status?: number } } | undefined)?.cause?.status === 416
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
  const [, start, , total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(reply.ContentRange ?? '') ?? []
  if (reply.$metadata.httpStatusCode !== 206 || Number(start) !== first || total === undefined) {
    const detail = `status ${reply.$metadata.httpStatusCode}, Content-Range ${reply.ContentRange}`
    throw new ContentError(`the store ignored the range from ${first} (${detail})`, { path })
  }
  return Number(total)
}

interface Opened {
  readonly span: Span
  /** Bytes at the start that the caller did not ask for. */
  readonly skip: number
  readonly body: Readable
}

/** The bytes of one revision. A body that breaks is followed by another one from the next byte on. */
class S3Reader extends Readable {
  readonly #store: Store
  readonly #path: string
  readonly #span: Span
  readonly #stop = new AbortController()
  #position: number
  #skip: number
  #body: Readable | undefined
  #failures = 0
  #wanted = false
  #opening = false
  #broken: unknown

  constructor(store: Store, path: string, { span, skip, body }: Opened) {
    super({ highWaterMark: 1 })
    this.#store = store
    this.#path = path
    this.#span = span
    this.#position = span.start
    this.#skip = skip
    this.#attach(body)
  }

  override _read(): void {
    this.#wanted = true
    if (this.#body) this.#body.resume()
    else void this.#reopen()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stop.abort()
    this.#body?.destroy()
    done(error)
  }

  #attach(body: Readable): void {
    this.#body = body
    body.on('data', (chunk: Buffer) => this.#take(body, chunk))
    body.on('error', (error) => this.#lost(body, error))
    body.on('end', () => this.#lost(body))
    body.on('close', () => this.#lost(body))
    body.pause()
    if (this.#position >= this.#span.end) this.#finish(body)
    else if (this.#wanted) body.resume()
  }

  #take(body: Readable, chunk: Buffer): void {
    if (this.#body !== body) return
    const left = this.#span.end - this.#position
    this.#position += chunk.length
    this.#failures = 0
    const skipped = Math.min(this.#skip, chunk.length)
    this.#skip -= skipped
    const bytes = chunk.subarray(skipped, left)
    this.#wanted = false
    if (bytes.length > 0 && !this.push(bytes)) body.pause()
    else this.#wanted = true
    if (this.#position >= this.#span.end) this.#finish(body)
  }

  /** Every byte is there. The body runs to its own end, so that its socket can be used again. */
  #finish(body: Readable): void {
    this.#body = undefined
    body.on('error', () => {}).resume()
    this.push(null)
  }

  /** The body ended before it should. Nobody who does not wait for bytes has them fetched. */
  #lost(body: Readable, error?: unknown): void {
    if (this.#body !== body) return
    this.#body = undefined
    this.#broken = error
    body.destroy()
    if (this.#wanted && !this.destroyed) void this.#reopen()
  }

  async #reopen(): Promise<void> {
    if (this.#opening || this.destroyed || this.#position >= this.#span.end) return
    this.#opening = true
    try {
      this.#failures++
      if (this.#failures > MAX_RESUMES) throw this.#givenUp()
      if (this.#failures > 1)
        await pause(Math.random() * BACKOFF_MS * this.#failures, this.#stop.signal)
      const body = await this.#next()
      this.#opening = false
      if (this.destroyed) body.destroy()
      else this.#attach(body)
    } catch (error) {
      this.#opening = false
      this.destroy(error as Error)
    }
  }

  #givenUp(): UnavailableError {
    const at = `after byte ${this.#position} of ${this.#span.end}`
    return new UnavailableError(`the body broke off ${at}, ${MAX_RESUMES} times in a row`, {
      path: this.#path,
      cause: this.#broken,
    })
  }

  /** A body from the next byte on, of the same revision. */
  async #next(): Promise<Readable> {
    const { end, etag } = this.#span
    const range = [this.#position, end - 1] as const
    const { signal } = this.#stop
    let reply: GetObjectCommandOutput
    try {
      reply = await get(this.#store, this.#path, { range, etag, signal })
    } catch (error) {
      if (isStorageError(error, 'REVISION_CHANGED')) throw error
      if (!isMissing(error) && !isOutOfRange(error)) throw error
      throw this.#changed(error)
    }
    const body = reply.Body as Readable
    try {
      sizeOf(reply, this.#path, this.#position)
      // Some stores take no notice of If-Match.
      if (reply.ETag !== etag) throw this.#changed()
      return body
    } catch (error) {
      body.destroy()
      throw error
    }
  }

  #changed(cause?: unknown): RevisionChangedError {
    return new RevisionChangedError('the object was replaced or deleted while it was read', {
      path: this.#path,
      cause,
    })
  }
}

/** Waits; sooner where the signal is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

/** The whole content in one buffer of its own. */
export async function readAll(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const stream = await openReader(store, path, { offset: 0, signal })
  const chunks: Buffer[] = []
  const onAbort = (): void => void stream.destroy(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal?.aborted) onAbort()
    for await (const chunk of stream) chunks.push(chunk)
    return Buffer.concat(chunks)
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
