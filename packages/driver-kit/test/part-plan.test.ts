// How large the parts of an upload are, and how many of them are under way.
import {
  capacity,
  checkPartNumber,
  type PartLimits,
  partSize,
  partsUnderWay,
} from '../src/objects/part-plan.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30
const TIB = 2 ** 40

/** Those of Amazon S3. */
function limits(size: number, equal = false): PartLimits {
  return { size, maxSize: 5 * GIB, maxCount: 10_000, equal, parameter: 'chunkSize' }
}

/** Those of Azure Blob Storage. */
const blocks = { size: 8 * MIB, maxSize: 4000 * MIB, maxCount: 50_000, parameter: 'blockSize' }

describe('the size of parts', () => {
  it('grows with the file from a tenth of the parts on, up to the largest', () => {
    const offsets = [0, 10_000, 10_001, 40_000, 1e6, 1e9].map((mib) => mib * MIB)
    const sizes = offsets.map((offset) => partSize(offset, limits(10 * MIB)) / MIB)
    expect(sizes).toEqual([10, 10, 11, 40, 1000, 5120])
    expect(partSize(40_000 * MIB, blocks)).toBe(8 * MIB)
    expect(partSize(65_537, { ...blocks, size: 65_536 })).toBe(65_536)
    expect(partSize(2 ** 45, blocks)).toBe(4000 * MIB)
  })

  it('lets an upload hold what the READMEs say', () => {
    expect(capacity(limits(5 * GIB))).toBe(10_000 * 5 * GIB)
    expect(capacity(limits(5 * GIB)) / TIB).toBeCloseTo(48.8, 1)
    expect(capacity(limits(10 * MIB)) / TIB).toBeGreaterThan(18)
    expect(capacity(limits(5 * MIB)) / TIB).toBeGreaterThan(15)
    expect(capacity(blocks) / TIB).toBeGreaterThan(70)
    expect(capacity({ ...blocks, size: 4000 * MIB })).toBe(4000 * MIB * 50_000)
  })

  it('stays where all must be equal', () => {
    expect(partSize(2 ** 45, limits(10 * MIB, true))).toBe(10 * MIB)
    expect(capacity(limits(10 * MIB, true))).toBe(100_000 * MIB)
  })
})

it('the memory of a writer does not grow with its parts beyond two of them', () => {
  expect([0, 20_000 * MIB].map((at) => partsUnderWay(at, limits(10 * MIB), 4))).toEqual([4, 1])
  for (const mib of [0, 45_000, 80_000, 100_000, 200_000, 5e5, 2e7]) {
    const size = partSize(mib * MIB, blocks)
    const memory = (partsUnderWay(mib * MIB, blocks, 4) + 1) * size
    expect(memory).toBeLessThanOrEqual(Math.max(5 * 8 * MIB, 2 * size))
  }
})

it('too many parts are an error that names the remedy', () => {
  expect(() => checkPartNumber(10_000, '/a', limits(5))).not.toThrow()
  expect(() => checkPartNumber(10_001, '/a', limits(5))).toThrow('set a chunkSize above 5')
})
