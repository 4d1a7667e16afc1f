import { Readable } from 'node:stream'
import {
  type BareReaderOptions,
  ContentError,
  InvalidOffsetError,
  isStorageError,
  PathNotFoundError,
  RevisionChangedError,
  UnavailableError,
} from '@stowage/core'
import type { Api, StreamReply } from './api.ts'
import { pause } from './backoff.ts'
import { crc32c, encodeCrc32c } from './crc32c.ts'
import { isMissing } from './errors.ts'
import { isOriginalSession } from './objects.ts'
import { type Span, sizeOf, spanOf } from './span.ts'

/** How often a body is resumed without a byte of progress in between. */
const MAX_RESUMES = 5
/** Longest wait before the second and later of these; each waits a random part of it. */
const BACKOFF_MS = 500

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
    ...{ method: 'GET', operation: 'objects.get media', path, signal },
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
  return collect(new GcsReader(api, { key, path }, { span, skip: 0, body: reply.body }), signal)
}

/** The whole content in one buffer of its own. */
export async function readAll(
  api: Api,
  target: Target,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  return collect(await openReader(api, target, { offset: 0, signal }), signal)
}

async function collect(stream: Readable, signal: AbortSignal | undefined): Promise<Buffer> {
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

/**
 * Opens a file with one request. Beyond the start it asks for the byte before the offset as well: then
 * "offset equal to the size" is an ordinary answer, and only an offset beyond the size an error.
 * @throws PathNotFoundError, InvalidOffsetError.
 */
export async function openReader(
  api: Api,
  target: Target,
  { offset, length, signal }: BareReaderOptions,
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
    return new GcsReader(api, target, { span, skip: offset - first, body: reply.body })
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

/** The bytes of one generation. A body that breaks is followed by another one from the next byte on. */
class GcsReader extends Readable {
  readonly #api: Api
  readonly #target: Target
  readonly #span: Span
  readonly #stop = new AbortController()
  #position: number
  #skip: number
  #crc = 0
  #body: Readable | undefined
  #failures = 0
  #wanted = false
  #opening = false
  #broken: unknown

  constructor(api: Api, target: Target, { span, skip, body }: Source) {
    super({ highWaterMark: 1 })
    this.#api = api
    this.#target = target
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
    if (this.#span.crc !== undefined) this.#crc = crc32c(bytes, this.#crc)
    this.#wanted = false
    if (bytes.length > 0 && !this.push(bytes)) body.pause()
    else this.#wanted = true
    if (this.#position >= this.#span.end) this.#finish(body)
  }

  /** Every byte is there. The body runs to its own end, so that its socket can be used again. */
  #finish(body: Readable): void {
    this.#body = undefined
    body.on('error', () => {}).resume()
    const { crc } = this.#span
    if (crc === undefined || crc === encodeCrc32c(this.#crc)) this.push(null)
    else {
      const detail = `${encodeCrc32c(this.#crc)} instead of ${crc}`
      const text = `the content does not have the CRC32C of the object (${detail})`
      this.destroy(new ContentError(text, { path: this.#target.path }))
    }
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
      if (this.destroyed) body.on('error', () => {}).destroy()
      else this.#attach(body)
    } catch (error) {
      this.#opening = false
      this.destroy(error as Error)
    }
  }

  #givenUp(): UnavailableError {
    const at = `after byte ${this.#position} of ${this.#span.end}`
    const cause = this.#broken as { code?: string; message?: string } | undefined
    const why = cause?.code ?? cause?.message
    const text = `the body broke off ${at}, ${MAX_RESUMES} times in a row${why ? `: ${why}` : ''}`
    return new UnavailableError(text, { path: this.#target.path })
  }

  /** A body from the next byte on, of the same generation. */
  async #next(): Promise<Readable> {
    const { end, generation } = this.#span
    const { signal } = this.#stop
    // Without a generation nothing tells that what follows belongs to what came before.
    if (generation === undefined) throw this.#givenUp()
    let reply: StreamReply
    try {
      const range = [this.#position, end - 1] as const
      reply = await get(this.#api, this.#target, { range, generation, signal })
    } catch (error) {
      if (isStorageError(error, 'REVISION_CHANGED')) throw error
      if (!isMissing(error) && !isOutOfRange(error)) throw error
      throw this.#changed(error)
    }
    try {
      sizeOf(reply, this.#target.path, this.#position)
      if (reply.header('x-goog-generation') !== generation) throw this.#changed()
      return reply.body
    } catch (error) {
      reply.body.on('error', () => {}).destroy()
      throw error
    }
  }

  #changed(cause?: unknown): RevisionChangedError {
    return new RevisionChangedError('the object was replaced or deleted while it was read', {
      path: this.#target.path,
      cause,
    })
  }
}
