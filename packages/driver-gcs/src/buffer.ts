/** First allocation: most files that go through a writer are small. */
const FIRST = 64 * 1024
/** By how much a buffer grows until it has its full size. */
const GROWTH = 4

/** The bytes a session has not taken yet, in memory of their own: the caller reuses its chunks. */
export class ChunkBuffer {
  readonly #size: number
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0

  constructor(size: number) {
    this.#size = size
  }

  get length(): number {
    return this.#length
  }

  get full(): boolean {
    return this.#length === this.#size
  }

  /** Takes what still fits, and says how much that was. */
  take(chunk: Uint8Array): number {
    const count = Math.min(chunk.length, this.#size - this.#length)
    this.#reserve(this.#length + count)
    this.#bytes.set(chunk.subarray(0, count), this.#length)
    this.#length += count
    return count
  }

  /** The bytes as they are now; only valid until the next change. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Drops the first bytes: they are stored. */
  drop(count: number): void {
    this.#bytes.copyWithin(0, count, this.#length)
    this.#length -= count
  }

  /** Gives the memory back. */
  clear(): void {
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
  }

  #reserve(needed: number): void {
    if (needed <= this.#bytes.length) return
    let size = Math.max(FIRST, this.#bytes.length)
    while (size < needed) size *= GROWTH
    const grown = Buffer.allocUnsafeSlow(Math.min(size, this.#size))
    grown.set(this.view())
    this.#bytes = grown
  }
}
