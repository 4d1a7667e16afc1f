import { Readable } from 'node:stream'
import { abortError } from './abort.ts'
import { begin, type OpenOperation } from './diagnostics.ts'
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
export class CheckedReader extends Readable {
  readonly #source: Readable
  readonly #context: ReadContext
  readonly #abort = (): void => {
    if (this.#context.signal) this.#fail(abortError(this.#context.signal))
  }
  #operation: OpenOperation | undefined
  #ended = false
  #bytes = 0

  constructor(source: Readable, context: ReadContext) {
    super({ highWaterMark: 1 })
    this.#source = source
    this.#context = context
    const { driver, path, offset, signal } = context
    this.#operation = begin({ driver, method: 'read', path, offset })
    signal?.addEventListener('abort', this.#abort, { once: true })
    // Listening alone makes a source read.
    this.#within(() => this.#attach())
    // A source that is over before anybody could listen tells nothing any more.
    if (source.destroyed) this.#cutOff(source.errored)
  }

  #attach(): void {
    const source = this.#source
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
      .on('error', (error) => this.#fail(this.#wrap(error)))
      .on('close', () => this.#cutOff())
      .pause()
  }

  override _read(): void {
    this.#within(() => this.#source.resume())
  }

  #within(step: () => unknown): void {
    if (this.#operation) this.#operation.run(step)
    else step()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#context.signal?.removeEventListener('abort', this.#abort)
    // A consumer that has had enough is no failure of the driver.
    this.#report()
    this.#source.destroy()
    done(error)
  }

  #cutOff(error?: Error | null): void {
    if (this.#ended || this.destroyed) return
    this.#fail(this.#wrap(error ?? new ContentError('the stream was cut off before its end')))
  }

  #fail(error: Error): void {
    if (this.destroyed) return
    this.#report(error)
    this.destroy(error)
  }

  #wrap(error: unknown): Error {
    const { driver, path, signal } = this.#context
    if (signal?.aborted) return abortError(signal)
    return wrapError(error, driver, path) as Error
  }

  /** The stream is over, one way or another: the first report counts. */
  #report(error?: Error): void {
    const operation = this.#operation
    if (operation === undefined) return
    this.#operation = undefined
    operation.context.bytes = this.#bytes
    operation.end(error)
  }
}
