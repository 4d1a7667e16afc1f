import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'

/** How often a body is resumed without a byte of progress in between. */
const MAX_RESUMES = 5
/** Longest wait before the second and later of these; each waits a random part of it. */
const BACKOFF_MS = 500

/** What a {@link resumingReader} reads, and how it goes on. Positions are bytes from the file's start. */
export interface ResumingReaderOptions {
  /** Where the body begins, and the position after the last byte that is to come. */
  readonly start: number
  readonly end: number
  /** Bytes at the start of the body that the caller did not ask for: they are left out. */
  readonly skip: number
  readonly body: Readable
  /**
   * A body from that position to `end`, of the same revision; undefined where nothing tells that it is the same.
   * Its failure is the stream's. The signal is aborted when the stream is destroyed.
   */
  readonly reopen: (position: number, signal: AbortSignal) => Promise<Readable | undefined>
  /** The stream's error when it is given up; `what` says where it broke off, `cause` is the last body's error. */
  readonly givenUp: (what: string, cause: unknown) => Error
  /** Sees all bytes that are handed on, in order: for a checksum, say. */
  readonly onBytes?: ((bytes: Uint8Array) => void) | undefined
  /** Called once every byte has come: what it returns is the stream's error. */
  readonly verify?: (() => Error | undefined) | undefined
}

/**
 * The bytes of one revision of a file, for drivers whose store sends them over a connection. A body that
 * breaks or ends early is followed by another one from the next byte on, but only when somebody waits for it; the
 * stream ends with its last byte or with an error, never short. It holds one chunk of the body. Destroying it
 * destroys the body.
 */
export function resumingReader(options: ResumingReaderOptions): Readable {
  return new ResumingReader(options)
}

class ResumingReader extends Readable {
  readonly #options: ResumingReaderOptions
  readonly #stop = new AbortController()
  #position: number
  #skip: number
  #body: Readable | undefined
  #failures = 0
  #wanted = false
  #opening = false
  #broken: unknown

  constructor(options: ResumingReaderOptions) {
    super({ highWaterMark: 1 })
    this.#options = options
    this.#position = options.start
    this.#skip = options.skip
    this.#attach(options.body)
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

  get #isWhole(): boolean {
    return this.#position >= this.#options.end
  }

  #attach(body: Readable): void {
    this.#body = body
    body.on('data', (chunk: Buffer) => this.#take(body, chunk))
    body.on('error', (error) => this.#lost(body, error))
    body.on('end', () => this.#lost(body))
    body.on('close', () => this.#lost(body))
    body.pause()
    if (this.#isWhole) this.#finish(body)
    else if (this.#wanted) body.resume()
  }

  #take(body: Readable, chunk: Buffer): void {
    if (this.#body !== body) return
    const left = this.#options.end - this.#position
    this.#position += chunk.length
    this.#failures = 0
    const skipped = Math.min(this.#skip, chunk.length)
    this.#skip -= skipped
    const bytes = chunk.subarray(skipped, left)
    this.#options.onBytes?.(bytes)
    this.#wanted = false
    if (bytes.length > 0 && !this.push(bytes)) body.pause()
    else this.#wanted = true
    if (this.#isWhole) this.#finish(body)
  }

  /** Every byte is there. The body runs to its own end, so that its socket can be used again. */
  #finish(body: Readable): void {
    this.#body = undefined
    body.on('error', () => {}).resume()
    const error = this.#options.verify?.()
    if (error === undefined) this.push(null)
    else this.destroy(error)
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
    if (this.#opening || this.destroyed || this.#isWhole) return
    this.#opening = true
    try {
      const body = await this.#next()
      this.#opening = false
      if (this.destroyed) body.on('error', () => {}).destroy()
      else this.#attach(body)
    } catch (error) {
      this.#opening = false
      this.destroy(error as Error)
    }
  }

  async #next(): Promise<Readable> {
    const { signal } = this.#stop
    this.#failures++
    if (this.#failures > MAX_RESUMES) throw this.#givenUp()
    if (this.#failures > 1)
      await wait(Math.random() * BACKOFF_MS * this.#failures, undefined, { signal })
    const body = await this.#options.reopen(this.#position, signal)
    if (body === undefined) throw this.#givenUp()
    return body
  }

  #givenUp(): Error {
    const at = `after byte ${this.#position} of ${this.#options.end}`
    const what = `the body broke off ${at}, ${MAX_RESUMES} times in a row`
    return this.#options.givenUp(what, this.#broken)
  }
}

/**
 * The whole content of a stream in one buffer of its own.
 * @param signal its abort destroys the stream with its reason, which is then what this throws.
 */
export async function collectBytes(
  stream: Readable,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
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
