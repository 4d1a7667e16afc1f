import { capacity, checkPartNumber, copyPartSize, MAX_PARTS, partSize } from '../src/part-plan.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30
const TIB = 2 ** 40

describe('the plan of parts', () => {
  it('doubles the size every 1,000 parts, up to 5 GiB', () => {
    const sizes = [1, 1000, 1001, 2001, 9001, 10_000].map((n) => partSize(n, 10 * MIB, false) / MIB)
    expect(sizes).toEqual([10, 10, 20, 40, 5120, 5120])
    expect(partSize(10_000, 64 * MIB, false)).toBe(5 * GIB)
  })

  it('holds the maximum of the service from the largest part size on', () => {
    expect(capacity(5 * GIB, false)).toBe(10_000 * 5 * GIB)
    expect(capacity(5 * GIB, false) / TIB).toBeCloseTo(48.8, 1)
    expect(capacity(10 * MIB, false) / TIB).toBeGreaterThan(9.7)
    expect(capacity(5 * MIB, false) / TIB).toBeGreaterThan(4.8)
  })

  it('keeps one size where the store wants that', () => {
    expect(partSize(9999, 10 * MIB, true)).toBe(10 * MIB)
    expect(capacity(10 * MIB, true)).toBe(100_000 * MIB)
  })

  it('ends with an error that names the remedy', () => {
    expect(() => checkPartNumber(MAX_PARTS, '/a', 5)).not.toThrow()
    expect(() => checkPartNumber(MAX_PARTS + 1, '/a', 5)).toThrow('set a chunkSize above 5')
  })

  it('of a copy never needs more than 10,000 parts', () => {
    expect(copyPartSize(312 * GIB, 32 * MIB)).toBe(32 * MIB)
    for (const size of [5 * TIB, 48 * TIB]) {
      expect(Math.ceil(size / copyPartSize(size, 32 * MIB))).toBeLessThanOrEqual(MAX_PARTS)
    }
  })
})
