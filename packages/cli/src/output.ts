import { once } from 'node:events'
import type { Writable } from 'node:stream'

/** Writes results to stdout and waits where the reader is slow. */
export class Output {
  readonly #stream: Writable
  readonly #json: boolean

  constructor(stream: Writable, json: boolean) {
    this.#stream = stream
    this.#json = json
  }

  /** Raw bytes or text, exactly. */
  async write(chunk: Uint8Array | string): Promise<void> {
    if (!this.#stream.write(chunk)) await once(this.#stream, 'drain')
  }

  /**
   * One result: with `--json` the object on a line of its own, else the text. A result without text is
   * for `--json` only.
   */
  async result(value: object, text?: string): Promise<void> {
    if (this.#json) await this.write(`${JSON.stringify(value)}\n`)
    else if (text !== undefined) await this.write(`${text}\n`)
  }
}
