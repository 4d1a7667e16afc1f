import { describe, expect, test } from '@jest/globals'
import { assemble, blockId } from '../src/blocks.ts'
import {
  blockSizeAt,
  blocksUnderWay,
  copyStep,
  MAX_BLOCK_SIZE,
  MAX_BLOCKS,
  MIB,
} from '../src/limits.ts'
import { blobNames } from '../src/names.ts'

describe('names of blobs', () => {
  test.each(['/a\\b', '/a.', '/a./b', '/\uffff', `/${'a/'.repeat(300)}b`])(
    'what the service would not keep as it is, is refused: %j',
    (path) => {
      expect(() => blobNames('').key(path)).toThrow(
        expect.objectContaining({ code: 'INVALID_PATH' }),
      )
    },
  )

  test('a name counts in UTF-16 code units, with the root', () => {
    const names = blobNames('root')
    expect(names.key(`/${'é'.repeat(500)}`)).toHaveLength(505)
    expect(() => names.key(`/${'a'.repeat(1020)}`)).toThrow('1024')
  })
})

describe('blocks', () => {
  const block = (writer: string, offset: number, size: number) => ({
    name: blockId(writer, offset),
    size,
  })
  const [mine, other] = ['aaaaaaaa', 'bbbbbbbb']

  test('ids have one length, whatever the offset', () => {
    const lengths = [0, 1, MAX_BLOCK_SIZE * MAX_BLOCKS].map((at) => blockId(mine, at).length)
    expect(new Set(lengths).size).toBe(1)
  })

  test('a gap ends what is there', () => {
    const uncommittedBlocks = [block(mine, 30, 10), block(mine, 0, 10), block(mine, 10, 10)]
    expect(assemble({ uncommittedBlocks }, undefined)).toMatchObject({ size: 20, broken: false })
    expect(assemble({ uncommittedBlocks: [block(mine, 10, 10)] }, undefined)).toMatchObject({
      size: 0,
      broken: true,
    })
  })

  test('after a takeover only the blocks of the new writer count', () => {
    const committedBlocks = [block(mine, 0, 10)]
    const uncommittedBlocks = [block(mine, 10, 5), block(other, 10, 7)]
    expect(assemble({ committedBlocks, uncommittedBlocks }, other).size).toBe(17)
    expect(assemble({ committedBlocks, uncommittedBlocks }, 'cccccccc').size).toBe(10)
    // A commit leaves no name: then it is the writer of the last block.
    expect(assemble({ committedBlocks, uncommittedBlocks }, undefined).size).toBe(15)
  })

  test('their size grows with the file up to the service’s largest', () => {
    expect(blockSizeAt(0, 8 * MIB)).toBe(8 * MIB)
    expect(blockSizeAt(40_000 * MIB, 8 * MIB)).toBe(8 * MIB)
    expect(blockSizeAt(65_537, 65_536)).toBe(65_536)
    expect(blockSizeAt(2 ** 45, 8 * MIB)).toBe(MAX_BLOCK_SIZE)
  })

  test('50,000 of them make 70 TiB with the default size, and all the service can hold with the largest', () => {
    const reach = (smallest: number): number => {
      let at = 0
      for (let i = 0; i < MAX_BLOCKS; i++) at += blockSizeAt(at, smallest)
      return at
    }
    expect(reach(8 * MIB)).toBeGreaterThan(70 * 2 ** 40)
    expect(reach(MAX_BLOCK_SIZE)).toBe(MAX_BLOCK_SIZE * MAX_BLOCKS)
  })

  test('the memory of a writer does not grow with its blocks beyond two of them', () => {
    const memory = (size: number): number => (blocksUnderWay(size, 8 * MIB, 4) + 1) * size
    for (const size of [8, 9, 16, 20, 40, 100, 4000].map((n) => n * MIB)) {
      expect(memory(size)).toBeLessThanOrEqual(Math.max(5 * 8 * MIB, 2 * size))
    }
  })

  test('a copy has at most 50,000 steps of what the service can do at once', () => {
    for (const size of [1, 2 ** 30, 2 ** 40, MAX_BLOCK_SIZE * MAX_BLOCKS]) {
      expect(copyStep(size)).toBeLessThanOrEqual(MAX_BLOCK_SIZE)
      expect(Math.ceil(size / copyStep(size))).toBeLessThanOrEqual(MAX_BLOCKS)
    }
  })
})
