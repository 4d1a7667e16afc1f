import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'

/** Bytes that a stream of the data hands out at a time. */
const CHUNK = 64 * 1024
/** Multiplier of Fibonacci hashing: 2^32 divided by the golden ratio. */
const GOLDEN = 0x9e3779b1
/** By a name of its own: each look at a global costs dearly in the contexts that jest runs tests in. */
const { imul } = Math

/**
 * Test data in which byte i follows from the seed, the label, the size and i: bytes that were swapped,
 * doubled, lost or taken from another file or another size of the same file are always noticed. No
 * size needs memory: any part is made when it is asked for.
 */
export class Data {
  readonly size: number
  readonly #add: number
  readonly #flip: number

  constructor(seed: number, label: string, size: number) {
    const hash = createHash('sha256').update(`${seed}\0${label}\0${size}`).digest()
    this.size = size
    this.#add = hash.readInt32LE(0)
    this.#flip = hash.readInt32LE(4)
  }

  /** The bytes from one position to before another. */
  bytes(from = 0, to: number = this.size): Buffer {
    const start = Math.floor(from / 4)
    const words = new Uint32Array(Math.ceil(to / 4) - start)
    for (let i = 0; i < words.length; i++) words[i] = this.#word(start + i)
    return Buffer.from(words.buffer, from - start * 4, to - from)
  }

  /** MurmurHash3's last step over the position: neighbours have nothing in common. */
  #word(position: number): number {
    let x = (imul(position, GOLDEN) + this.#add) ^ this.#flip
    x = imul(x ^ (x >>> 16), 0x85ebca6b)
    x = imul(x ^ (x >>> 13), 0xc2b2ae35)
    return x ^ (x >>> 16)
  }

  /** The bytes in chunks. */
  async *stream(chunk: number = CHUNK, from = 0, to: number = this.size): AsyncGenerator<Buffer> {
    for (let at = from; at < to; at += chunk) yield this.bytes(at, Math.min(to, at + chunk))
  }

  /** Fails, with the first position, where the bytes are not those from one position to another. */
  check(actual: Uint8Array, from = 0, to: number = this.size): void {
    this.#same(actual, from)
    assert.equal(actual.length, to - from, 'number of bytes')
  }

  /** {@link check} of a stream, which is read to its end, chunk by chunk. */
  async verify(source: AsyncIterable<Uint8Array>, from = 0, to: number = this.size): Promise<void> {
    let at = from
    for await (const chunk of source) {
      this.#same(chunk, at)
      at += chunk.length
      assert.ok(at <= to, `the stream goes on after its ${to - from} bytes`)
    }
    assert.equal(at - from, to - from, 'number of bytes in the stream')
  }

  #same(actual: Uint8Array, from: number): void {
    assert.ok(actual instanceof Uint8Array, 'bytes are a Uint8Array')
    const end = Math.min(this.size, from + actual.length)
    const expected = this.bytes(from, end)
    assert.ok(
      actual.length <= expected.length,
      `${from + actual.length} bytes instead of ${this.size}`,
    )
    if (Buffer.compare(actual, expected) === 0) return
    const first = expected.findIndex((byte, i) => byte !== actual[i])
    assert.fail(
      `wrong byte at ${from + first}: ${excerpt(actual, first)} instead of ${excerpt(expected, first)}`,
    )
  }
}

function excerpt(bytes: Uint8Array, from: number): string {
  return Buffer.from(bytes.subarray(from, from + 8)).toString('hex')
}

/** Random numbers from 0 to before 1 that follow from the seed and the label. */
export function randomOf(seed: number, label: string): () => number {
  const data = new Data(seed, label, 0)
  let at = 0
  return () => {
    at += 4
    return data.bytes(at - 4, at).readUInt32LE(0) / 2 ** 32
  }
}
