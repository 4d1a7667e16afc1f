import { describe, expect, it } from '@jest/globals'
import { Data, randomOf } from '../src/data.ts'

describe('the test data', () => {
  const data = new Data(7, '/file', 100_003)
  const whole = data.bytes()

  it('gives the same bytes for the same seed, label and size, and others for others', () => {
    expect(whole.equals(new Data(7, '/file', 100_003).bytes())).toBe(true)
    for (const other of [
      new Data(8, '/file', 100_003),
      new Data(7, '/file2', 100_003),
      new Data(7, '/file', 100_004),
      new Data(7, '/file', 200),
    ]) {
      expect(other.bytes(0, 16).equals(whole.subarray(0, 16))).toBe(false)
    }
  })

  it('makes any part of it alone', () => {
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [3, 9],
      [4, 8],
      [99_999, 100_003],
      [5, 5],
      [0, 0],
    ] as const) {
      expect(data.bytes(from, to).equals(whole.subarray(from, to))).toBe(true)
    }
  })

  it('reaches beyond 2^32', () => {
    const large = new Data(7, '/large', 6 * 2 ** 30)
    const at = 5 * 2 ** 30
    expect(large.bytes(at, at + 8).equals(large.bytes(at - 2 ** 32, at - 2 ** 32 + 8))).toBe(false)
    expect(large.bytes(at + 3, at + 8).equals(large.bytes(at, at + 8).subarray(3))).toBe(true)
  })

  it('repeats no piece of eight bytes', () => {
    const pieces = new Set<string>()
    for (let at = 0; at + 8 <= whole.length; at += 8) pieces.add(whole.toString('hex', at, at + 8))
    expect(pieces.size).toBe(Math.floor(whole.length / 8))
  })

  it('verifies a stream of any chunks', async () => {
    for (const chunk of [1, 1000, 65_536, 200_000]) {
      const small = new Data(7, 'small', 3000)
      await small.verify(small.stream(chunk))
      await small.verify(small.stream(chunk, 10, 20), 10, 20)
    }
  })

  it.each([
    ['a byte that differs', [data.bytes(0, 500), Buffer.alloc(99_503)], /wrong byte at 500/],
    ['bytes in another order', [data.bytes(4, 8), data.bytes(0, 4)], /wrong byte at 0/],
    ['a short stream', [data.bytes(0, 100_002)], /number of bytes/],
    ['a long stream', [whole, Buffer.alloc(1)], /100004 bytes instead of 100003/],
    ['nothing at all', [], /number of bytes/],
  ])('notices %s', async (_, chunks, message) => {
    async function* stream(): AsyncGenerator<Buffer> {
      yield* chunks
    }
    await expect(data.verify(stream())).rejects.toThrow(message)
    expect(() => data.check(Buffer.concat(chunks))).toThrow(message)
  })

  it('gives random numbers that follow from the seed', () => {
    const draw = (seed: number, label: string): number[] => {
      const next = randomOf(seed, label)
      return Array.from({ length: 50 }, next)
    }
    expect(draw(1, 'a')).toEqual(draw(1, 'a'))
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'))
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'))
    for (const number of draw(1, 'a')) {
      expect(number).toBeGreaterThanOrEqual(0)
      expect(number).toBeLessThan(1)
    }
  })
})
