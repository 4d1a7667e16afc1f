import { Readable } from 'node:stream'
import { operations } from './diagnostics.ts'
import { ContentError } from './errors.ts'
import { wrapError } from './wrap-error.ts'

interface ReadContext {
  readonly driver: string
  readonly path: string
  readonly offset: number
  readonly signal: AbortSignal | undefined
}

/**
 * What `reader` returns: the driver's stream, with its errors made Stowage's, bound to the caller's
 * signal, and destroyed together with it. It holds one chunk at most.
 */
export class BaseReader extends Readable {
  readonly #source: Readable
  readonly #context: ReadContext
  readonly #abort = (): void => void this.destroy(this.#context.signal?.reason)
  #ended = false
  #bytes = 0

  constructor(source: Readable, context: ReadContext) {
    super({ highWaterMark: 1 })
    this.#source = source
    this.#context = context
    source
      .on('data', (chunk: Uint8Array) => {
        this.#bytes += chunk.length
        if (!this.push(chunk)) source.pause()
      })
      .on('end', () => {
        this.#ended = true
        this.#report()
        this.push(null)
      })
      .on('error', (error) => this.destroy(this.#wrap(error)))
      .on('close', () => {
        if (this.#ended || this.destroyed) return
        this.destroy(this.#wrap(new ContentError('the stream was cut off before its end')))
      })
      .pause()
    if (context.signal?.aborted) this.#abort()
    else context.signal?.addEventListener('abort', this.#abort, { once: true })
  }

  override _read(): void {
    this.#source.resume()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#context.signal?.removeEventListener('abort', this.#abort)
    if (!this.#ended) this.#report(error)
    this.#source.destroy()
    done(error)
  }

  #wrap(error: unknown): Error {
    const { driver, path, signal } = this.#context
    return wrapError(error, driver, path, signal) as Error
  }

  /** One event when the stream is over: `asyncEnd` on the channel, with the bytes that came. */
  #report(error?: unknown): void {
    if (!operations.hasSubscribers) return
    const { driver, path, offset } = this.#context
    const context = {
      driver,
      method: 'read',
      path,
      offset,
      bytes: this.#bytes,
      ...(error ? { error } : {}),
    }
    if (error) operations.error.publish(context as never)
    operations.asyncEnd.publish(context as never)
  }
}
