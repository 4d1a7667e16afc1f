import { BlockBuffer } from '../src/buffer.ts'
import { collect, pattern } from './helpers/storages.ts'

const PIECE = 256 * 1024

async function sent(body: NodeJS.ReadableStream): Promise<Buffer> {
  return Buffer.concat((await collect(body)) as Buffer[])
}

/** Fills it in uneven chunks, and says how many bytes it took. */
function fill(buffer: BlockBuffer, bytes: Uint8Array, size: number): number {
  let at = 0
  for (const step of [1, PIECE - 1, PIECE + 7, bytes.length]) {
    const chunk = bytes.subarray(at, at + step)
    const taken = buffer.fill(chunk, size)
    at += taken
    if (taken < chunk.length) break
  }
  return at
}

describe('the bytes of a block', () => {
  it.each([
    ['longer', 3 * PIECE + 5],
    ['shorter', 2 * PIECE + 1],
    ['as long', 3 * PIECE],
  ])('are exact in memory that a block had before, when the next one is %s', async (_, next) => {
    const buffer = new BlockBuffer()
    for (const [size, seed] of [
      [3 * PIECE, 1],
      [next, 2],
      [3 * PIECE, 3],
    ] as const) {
      const bytes = pattern(size + 100, seed)
      expect(fill(buffer, bytes, size)).toBe(size)
      expect(buffer.length).toBe(size)
      expect(Buffer.compare(await sent(buffer.stream()()), bytes.subarray(0, size))).toBe(0)
      expect(buffer.reuse()).toBe(true)
      expect(buffer.length).toBe(0)
    }
  })

  it('are not overwritten where they were sent twice: the first attempt may not be over', async () => {
    const buffer = new BlockBuffer()
    fill(buffer, pattern(2 * PIECE), 2 * PIECE)
    const begin = buffer.stream()
    const first = begin()
    begin()
    expect(buffer.reuse()).toBe(false)
    expect(Buffer.compare(await sent(first), pattern(2 * PIECE))).toBe(0)
  })
})
