// The bytes of parts are exact in memory that other parts had before.
import { PartBuffer } from '../../src/objects/part-buffer.ts'
import { makeRandom } from '../random.ts'

const PART = 700 * 1024

function bytesOf(length: number, seed: string): Buffer {
  const random = makeRandom(seed)
  return Buffer.from(Uint8Array.from({ length }, () => random.below(256)))
}

/** Fills it in uneven chunks, and says how many bytes it took. */
function fill(buffer: PartBuffer, bytes: Uint8Array, size: number): number {
  let at = 0
  for (const step of [1, 64 * 1024 - 1, 64 * 1024 + 7, bytes.length]) {
    const chunk = bytes.subarray(at, at + step)
    const taken = buffer.take(chunk, size)
    at += taken
    if (taken < chunk.length) break
  }
  return at
}

it.each([
  ['longer', PART + 5],
  ['shorter', 300 * 1024],
  ['as long', PART],
])('a part that is %s than the one before', (_, next) => {
  const buffer = new PartBuffer()
  for (const [i, size] of [PART, next, PART].entries()) {
    const bytes = bytesOf(size + 100, `${i}`)
    expect(fill(buffer, bytes, size)).toBe(size)
    expect(Buffer.compare(buffer.view(), bytes.subarray(0, size))).toBe(0)
    const part = buffer.release()
    expect([part.length, buffer.length]).toEqual([size, 0])
    expect(Buffer.compare(part, bytes.subarray(0, size))).toBe(0)
    buffer.reuse(part)
  }
})

it('memory is used again for a part of the same size, and all is given back at the end', () => {
  const buffer = new PartBuffer()
  buffer.take(bytesOf(PART, '1'), PART)
  const first = buffer.release()
  buffer.reuse(first)
  buffer.take(bytesOf(10, '2'), PART)
  expect(buffer.release().buffer).toBe(first.buffer)
  buffer.reuse(first)
  buffer.clear()
  buffer.take(bytesOf(10, '3'), PART)
  expect(buffer.release().buffer).not.toBe(first.buffer)
})
