import { Readable } from 'node:stream'
import type { HttpRequestBody } from '@azure/storage-blob'

/** Bytes are kept in pieces of this size, so that small files take little memory and bytes are copied once. */
const PIECE = 256 * 1024

/** The bytes of one block while it is filled and sent. */
export class BlockBuffer {
  readonly #pieces: Buffer[] = []
  /** Pieces in use, and bytes used of the last of them. */
  #count = 0
  #used = 0
  #length = 0
  /** How often a body was begun: each attempt to send it begins one. */
  #bodies = 0

  get length(): number {
    return this.#length
  }

  /** Copies as much of the chunk as there is room for up to `size`, and says how much that is. */
  fill(chunk: Uint8Array, size: number): number {
    const count = Math.min(chunk.length, size - this.#length)
    for (let done = 0; done < count; ) {
      let piece = this.#pieces[this.#count - 1]
      if (piece === undefined || this.#used === piece.length) {
        piece =
          this.#pieces[this.#count] ?? Buffer.allocUnsafe(Math.min(PIECE, size - this.#length))
        this.#pieces[this.#count++] = piece
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

  /**
   * Empties it, once its block is stored, and keeps its memory for the next one. False where it must not be
   * used again: of several attempts, an earlier one may be sending these bytes still, and nothing tells
   * the service that they have changed.
   */
  reuse(): boolean {
    if (this.#bodies !== 1) return false
    this.#bodies = 0
    this.#count = 0
    this.#used = 0
    this.#length = 0
    return true
  }

  /** The bytes as the body of one request, which can be sent again; the memory is not used anew. */
  body(): HttpRequestBody {
    const [first = Buffer.alloc(0), ...others] = this.#all()
    return others.length === 0 ? first : this.stream()
  }

  /** The same, of a block: {@link reuse} knows how often it was begun. */
  stream(): () => NodeJS.ReadableStream {
    const all = this.#all()
    return () => {
      this.#bodies++
      return Readable.from(all, { objectMode: false })
    }
  }

  #all(): Buffer[] {
    const all = this.#pieces.slice(0, this.#count)
    const last = all.pop()?.subarray(0, this.#used)
    return last === undefined ? [] : [...all, last]
  }
}
