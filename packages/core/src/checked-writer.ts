import { raceSignal } from './abort.ts'
import { begin, type OpenOperation, traced } from './diagnostics.ts'
import type { DriverWriter } from './driver-types.ts'
import { WriterStateError } from './errors.ts'
import type { FileWriter } from './storage-driver.ts'
import { argumentError, wrapError } from './wrap-error.ts'

interface WriteContext {
  readonly driver: string
  readonly path: string
  readonly append: boolean
  readonly signal: AbortSignal | undefined
}

type State = 'open' | 'closed' | 'committed' | 'cancelled'

/** The states of a writer and the order of its calls, for every driver. */
export class CheckedWriter implements FileWriter {
  readonly path: string
  readonly #writer: DriverWriter
  readonly #context: WriteContext
  /** Calls wait for the one before. It never rejects. */
  #queue: Promise<unknown> = Promise.resolve()
  /** Published from here to the writer's end. */
  #upload: OpenOperation | undefined
  #bytes = 0
  #state: State = 'open'
  /** Why no more bytes are accepted although the writer is open. */
  #failed: { readonly method: 'write' | 'commit'; readonly error: unknown } | undefined
  readonly #onAbort = (): void => void this.#abort()

  constructor(writer: DriverWriter, context: WriteContext) {
    this.#writer = writer
    this.#context = context
    this.path = context.path
    const { driver, path, append } = context
    this.#upload = begin({ driver, method: 'upload', path, append })
    context.signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (context.signal?.aborted) this.#onAbort()
  }

  get size(): number {
    return this.#writer.size
  }

  write(chunk: Uint8Array): Promise<number> {
    const run = async (): Promise<number> => {
      if (!(chunk instanceof Uint8Array)) throw argumentError('a chunk is a Uint8Array')
      this.#mustBeOpen()
      if (this.#failed) throw this.#afterFailure(this.#failed)
      if (chunk.length > 0) await this.#attempt('write', () => this.#writer.write(chunk))
      this.#bytes += chunk.length
      return chunk.length
    }
    return this.#enqueue('write', run, chunk?.length)
  }

  close(): Promise<void> {
    return this.#enqueue('close', async () => {
      if (this.#state !== 'open') return
      // An abort means that nothing is kept, even if the first clean-up failed.
      if (this.#context.signal?.aborted) return this.#cancel()
      await this.#writer.close()
      this.#end('closed')
    })
  }

  cancel(): Promise<void> {
    return this.#enqueue('cancel', async () => {
      if (this.#state === 'cancelled') return
      // An abort never prevents the cancel of an open writer. Another writer may have a closed one's session.
      const aborted = this.#state === 'open' && this.#context.signal?.aborted
      if (!aborted) this.#mustBeOpen()
      await this.#cancel()
    })
  }

  commit(): Promise<void> {
    return this.#enqueue('commit', async () => {
      this.#mustBeOpen()
      if (this.#failed?.method === 'write') throw this.#afterFailure(this.#failed)
      await this.#attempt('commit', () => this.#writer.commit())
      this.#end('committed')
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #mustBeOpen(): void {
    const { signal, path } = this.#context
    // The clean-up waits in the queue: what was called before the abort must not run any more.
    if (this.#state === 'open' || this.#state === 'cancelled') signal?.throwIfAborted()
    if (this.#state !== 'open') throw new WriterStateError(`already ${this.#state}`, path)
  }

  async #cancel(): Promise<void> {
    await this.#writer.cancel()
    this.#end('cancelled')
  }

  #end(state: Exclude<State, 'open'>): void {
    this.#state = state
    this.#context.signal?.removeEventListener('abort', this.#onAbort)
    if (this.#upload === undefined) return
    const { context } = this.#upload
    context.bytes = this.#bytes
    context.outcome = state
    this.#upload.end()
    this.#upload = undefined
  }

  async #attempt(method: 'write' | 'commit', run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      this.#failed = { method, error }
      throw error
    }
  }

  #afterFailure({ method, error }: { method: string; error: unknown }): WriterStateError {
    return new WriterStateError(`a ${method} failed`, this.path, {
      cause: error,
      detail: 'close it and continue with append, or cancel it',
    })
  }

  /** The caller's signal ends the writer: what it stored is removed once the call under way is over. */
  #abort(): void {
    const cleanUp = async (): Promise<void> => {
      if (this.#state === 'open') await this.#cancel()
    }
    // Avoid an unhandled rejection. If the clean-up failed, `cancel` tries again and reports it.
    this.#queue = this.#queue.then(cleanUp).catch(() => {})
  }

  #enqueue<T>(method: string, run: () => Promise<T>, bytes?: number): Promise<T> {
    const { driver, path, signal } = this.#context
    const name = method === 'write' ? method : `writer.${method}`
    // What ends the writer waits for the clean-up that an abort has started; the rest does not.
    const waits = method === 'cancel' || (method === 'close' && signal?.aborted === true)
    const wrapped = async (): Promise<T> => {
      try {
        return await run()
      } catch (error) {
        throw wrapError(error, driver, path, waits ? undefined : signal)
      }
    }
    const within = this.#upload?.context
    const context = () => ({
      driver,
      method: name,
      path,
      ...(within && { within }),
      ...(bytes === undefined ? {} : { bytes }),
    })
    const result = this.#queue.then(() => traced(context, wrapped))
    this.#queue = result.catch(() => {})
    return waits ? result : raceSignal(result, signal)
  }
}
