/** First allocation for a part: most files that go through a writer are small. */
const FIRST = 64 * 1024
/** By how much a part's buffer grows, up to where it gets its full size at once. */
const GROWTH = 8

/** The bytes of the part that is being filled, in memory of its own: the caller reuses its chunks. */
export class PartBuffer {
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0
  /** A part was full before: the next one gets all its memory at once. */
  #large = false
  /** Memory of stored parts. New memory for each part would be garbage for long, and costs the system to clear. */
  #spare: Buffer[] = []

  get length(): number {
    return this.#length
  }

  /** Takes what still fits into a part of that size, and says how much that was. */
  take(chunk: Uint8Array, partSize: number): number {
    const count = Math.min(chunk.length, partSize - this.#length)
    this.#reserve(this.#length + count, partSize)
    this.#bytes.set(chunk.subarray(0, count), this.#length)
    this.#length += count
    return count
  }

  /** Hands the bytes of a full part over and starts anew. */
  release(): Buffer {
    const bytes = this.view()
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
    this.#large = true
    return bytes
  }

  /** Takes the memory of a released part back, once its bytes are stored. */
  reuse(bytes: Buffer): void {
    this.#spare.push(bytes)
  }

  /** Gives all memory back. */
  clear(): void {
    this.release()
    this.#spare = []
  }

  /** The bytes as they are now. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(needed: number, partSize: number): void {
    if (needed <= this.#bytes.length) return
    let size = this.#large ? partSize : Math.max(FIRST, this.#bytes.length)
    while (size < needed) size *= GROWTH
    const grown = this.#memory(Math.min(size, partSize))
    grown.set(this.view())
    this.#bytes = grown
  }

  #memory(size: number): Buffer {
    const spare = this.#spare.pop()
    if (spare?.length === size) return spare
    this.#spare = [] // parts have grown since
    return Buffer.allocUnsafeSlow(size)
  }
}
