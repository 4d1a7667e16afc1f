import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { CliError } from './errors.ts'
import { EXIT } from './exit-codes.ts'
import { jsonLine, printable } from './text.ts'

/**
 * Writes results to stdout and waits where the reader is slow.
 *
 * A reader that leaves (`| head`) ends a command that only shows something. A command that changes or compares
 * something goes on without it, so that its exit code stays true. Any other failure, such as a full disk, ends
 * the first kind at once and makes the exit code of the second kind a failure.
 */
export class Output {
  readonly #stream: Writable
  readonly #json: boolean
  readonly #signal: AbortSignal
  #failure: NodeJS.ErrnoException | undefined
  #goesOn = false

  constructor(stream: Writable, { json, signal }: { json: boolean; signal: AbortSignal }) {
    this.#stream = stream
    this.#json = json
    this.#signal = signal
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure ??= error
    })
  }

  /** What the command does is to be done to its end, whether anybody reads of it or not. */
  goOn(): void {
    this.#goesOn = true
  }

  /** Raw bytes or text, exactly. @throws OutputClosed or CliError where nothing can be written. */
  async write(chunk: Uint8Array | string): Promise<void> {
    if (this.#failure === undefined && !this.#stream.write(chunk)) await this.#drained()
    if (this.#failure !== undefined && !this.#goesOn) throw outputError(this.#failure)
  }

  async #drained(): Promise<void> {
    try {
      await once(this.#stream, 'drain', { signal: this.#signal })
    } catch (error) {
      this.#signal.throwIfAborted()
      this.#failure ??= error as Error
    }
  }

  /**
   * One result: with `--json` the object on a line of its own, else the text, one line for each entry. A
   * result without text is for `--json` only.
   */
  async result(value: object, text?: string | readonly string[]): Promise<void> {
    if (this.#json) return this.write(`${jsonLine(value)}\n`)
    if (text === undefined) return
    const lines = typeof text === 'string' ? [text] : text
    await this.write(`${lines.map(printable).join('\n')}\n`)
  }

  /** Waits until all is written. @throws as {@link write} does, also for a command that went on. */
  async finish(): Promise<void> {
    if (this.#failure === undefined) {
      const flushed = new Promise<void>((resolve) =>
        this.#stream.write('', (error) => {
          if (error) this.#failure ??= error
          resolve()
        }),
      )
      const aborted = Promise.withResolvers<void>()
      const abort = (): void => aborted.reject(this.#signal.reason)
      this.#signal.addEventListener('abort', abort)
      try {
        this.#signal.throwIfAborted()
        await Promise.race([flushed, aborted.promise])
      } finally {
        this.#signal.removeEventListener('abort', abort)
      }
    }
    const isLost = this.#failure !== undefined && !(this.#goesOn && isClosed(this.#failure))
    if (this.#failure !== undefined && isLost) throw outputError(this.#failure)
  }
}

/** The reader has left and needs no word about it. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed'
}

function isClosed({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED'
}

function outputError(cause: NodeJS.ErrnoException): Error {
  if (isClosed(cause)) return new OutputClosed('the reader of standard output has left', { cause })
  const message = `standard output cannot be written: ${cause.message}`
  return new CliError(
    cause.code ?? 'OUTPUT',
    EXIT.failed,
    message,
    'what was written is incomplete',
  )
}
