import { Readable } from 'node:stream'
import type { HttpRequestBody } from '@azure/storage-blob'

/** Bytes are kept in pieces of this size, so that small files take little memory and bytes are copied once. */
const PIECE = 256 * 1024

/** The bytes of one block while it is filled and sent. */
export class BlockBuffer {
  readonly #pieces: Buffer[] = []
  /** Bytes used of the last piece. */
  #used = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Copies as much of the chunk as there is room for up to `size`, and says how much that is. */
  fill(chunk: Uint8Array, size: number): number {
    const count = Math.min(chunk.length, size - this.#length)
    for (let done = 0; done < count; ) {
      let piece = this.#pieces.at(-1)
      if (piece === undefined || this.#used === piece.length) {
        piece = Buffer.allocUnsafe(Math.min(PIECE, size - this.#length))
        this.#pieces.push(piece)
        this.#used = 0
      }
      const part = Math.min(count - done, piece.length - this.#used)
      piece.set(chunk.subarray(done, done + part), this.#used)
      this.#used += part
      this.#length += part
      done += part
    }
    return count
  }

  /** The bytes as the body of a request, which can be sent again. */
  body(): HttpRequestBody {
    const last = this.#pieces.at(-1)?.subarray(0, this.#used)
    const all = last === undefined ? [] : [...this.#pieces.slice(0, -1), last]
    if (all.length <= 1) return all[0] ?? Buffer.alloc(0)
    return () => Readable.from(all, { objectMode: false })
  }
}
