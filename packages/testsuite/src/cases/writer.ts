import assert from 'node:assert/strict'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { area, type Case } from '../case.ts'
import { type CaseContext, feed } from '../context.ts'

function streams(size: (partSize: number) => number): (t: CaseContext) => Promise<void> {
  return async (t) => {
    const data = t.data('/a/file', size(t.settings.partSize))
    await t.commit('/a/file', data)
    await t.holds('/a/file', data)
  }
}

export const writer: readonly Case[] = area('writer', [
  {
    id: 'one-byte',
    title: 'a writer keeps one byte',
    original: ['T12'],
    run: streams(() => 1),
  },
  {
    id: 'small',
    title: 'a writer keeps 32 bytes',
    original: ['T13', 'T14'],
    run: streams(() => 32),
  },
  {
    id: 'mebibyte',
    title: 'a writer keeps a mebibyte',
    original: ['T15'],
    run: streams(() => 2 ** 20),
  },
  {
    id: 'not-utf8',
    title: 'a writer keeps every value of a byte',
    original: ['T16'],
    run: async (t) => {
      const all = Buffer.from(Array.from({ length: 512 }, (_, i) => (i < 256 ? 0x80 : i)))
      const open = await t.driver.writer('/bytes')
      await open.write(all)
      await open.commit()
      assert.equal(Buffer.compare(await t.driver.getContent('/bytes'), all), 0)
    },
  },
  {
    id: 'empty',
    title: 'a commit without a write makes an empty file',
    run: async (t) => {
      await t.commit('/empty', t.data('empty', 0))
      await t.holds('/empty', t.data('empty', 0))
      await t.put('/full')
      await t.commit('/full', t.data('empty', 0))
      await t.holds('/full', t.data('empty', 0))
    },
  },
  {
    id: 'empty-chunks',
    title: 'empty chunks change nothing',
    run: async (t) => {
      const data = t.data('/file', 100)
      const open = await t.driver.writer('/file')
      for (const piece of [
        [0, 0],
        [0, 40],
        [40, 40],
        [40, 100],
        [100, 100],
      ] as const) {
        assert.equal(await open.write(data.bytes(...piece)), piece[1] - piece[0])
        assert.equal(open.size, piece[1])
      }
      await open.commit()
      await t.holds('/file', data)
    },
  },
  ...(
    [
      ['part-less', 'one byte less than a part', (part: number) => part - 1],
      ['part', 'exactly one part', (part: number) => part],
      ['part-more', 'one byte more than a part', (part: number) => part + 1],
      ['parts-less', 'one byte less than two parts', (part: number) => 2 * part - 1],
      ['parts', 'exactly two parts', (part: number) => 2 * part],
      ['parts-more', 'one byte more than two parts', (part: number) => 2 * part + 1],
      ['many-parts', 'several parts', (part: number) => 5 * part + 17],
    ] as const
  ).map(([id, what, size]) => ({
    id,
    title: `a writer keeps ${what}`,
    run: streams(size),
  })),
  {
    id: 'one-large-write',
    title: 'one write may be larger than several parts',
    run: async (t) => {
      const size = 3 * t.settings.partSize + 1
      const data = t.data('/file', size)
      const open = await t.driver.writer('/file')
      assert.equal(await open.write(data.bytes()), size)
      assert.equal(open.size, size)
      await open.commit()
      await t.holds('/file', data)
    },
  },
  {
    id: 'many-small-writes',
    title: 'a file may come byte by byte',
    run: async (t) => {
      const data = t.data('/file', 3000)
      const open = await t.driver.writer('/file')
      await feed(open, data, { chunk: 1 })
      await open.commit()
      await t.holds('/file', data)
    },
  },
  {
    id: 'uneven-writes',
    title: 'chunks of any size make the same file',
    run: async (t) => {
      const { partSize } = t.settings
      const data = t.data('/file', 4 * partSize + 99)
      const random = t.random('chunks')
      const open = await t.driver.writer('/file')
      for (let at = 0; at < data.size; ) {
        const end = Math.min(data.size, at + 1 + random(Math.ceil(partSize * 1.3)))
        await feed(open, data, { from: at, to: end, chunk: partSize * 2 })
        at = end
      }
      await open.commit()
      await t.holds('/file', data)
    },
  },
  {
    id: 'size',
    title: 'size counts every accepted byte at once, buffered or not',
    run: async (t) => {
      const { partSize } = t.settings
      const data = t.data('/file', 3 * partSize)
      const open = await t.driver.writer('/file')
      assert.equal(open.path, '/file')
      assert.equal(open.size, 0)
      const step = Math.ceil(partSize / 3)
      for (let at = 0; at < data.size; at += step) {
        const end = Math.min(data.size, at + step)
        await open.write(data.bytes(at, end))
        assert.equal(open.size, end)
      }
      await open.commit()
      assert.equal(open.size, data.size, 'size after commit')
    },
  },
  {
    id: 'chunk-reuse',
    title: 'the caller may reuse a chunk once write has resolved',
    run: async (t) => {
      const { partSize } = t.settings
      const data = t.data('/file', 2 * partSize + 10)
      const buffer = Buffer.alloc(1000)
      const open = await t.driver.writer('/file')
      for (let at = 0; at < data.size; at += buffer.length) {
        const length = data.bytes(at, Math.min(data.size, at + buffer.length)).copy(buffer)
        await open.write(buffer.subarray(0, length))
        buffer.fill(0xee)
      }
      await open.commit()
      await t.holds('/file', data)
    },
  },
  {
    id: 'calls-in-order',
    title: 'calls that do not wait for each other are carried out in their order',
    run: async (t) => {
      const data = t.data('/file', 100_000)
      const open = await t.driver.writer('/file')
      const calls: Promise<unknown>[] = []
      for await (const piece of data.stream(7_001)) calls.push(open.write(piece))
      calls.push(open.commit(), open.close())
      await Promise.all(calls)
      await t.holds('/file', data)
    },
  },
  {
    id: 'wrong-type',
    title: 'a chunk that is not bytes is a TypeError and the writer goes on',
    run: async (t) => {
      const open = await t.driver.writer('/file')
      for (const wrong of ['text', undefined, null, 7, [1]]) {
        await assert.rejects(open.write(wrong as unknown as Uint8Array), { name: 'TypeError' })
      }
      const data = t.data('/file')
      await open.write(data.bytes())
      await open.commit()
      await t.holds('/file', data)
    },
  },
  {
    id: 'stream-into',
    title: 'a stream goes into a writer by pipeline',
    run: async (t) => {
      const data = t.data('/file', 500_000)
      const open = await t.driver.writer('/file')
      const sink = new Writable({
        write: (chunk: Buffer, _, done) => void open.write(chunk).then(() => done(), done),
        final: (done) => void open.commit().then(() => done(), done),
      })
      await pipeline(Readable.from(data.stream()), sink)
      await t.holds('/file', data)
    },
  },
  {
    id: 'parallel',
    title: 'many writers of different paths at once keep their bytes apart',
    original: ['T25'],
    run: async (t) => {
      const size = t.settings.size === 'full' ? 8 * 2 ** 20 : 2 ** 20
      const files = Array.from({ length: 8 }, (_, i) => `/dir${i % 2}/file${i}`)
      await Promise.all(files.map((path) => t.commit(path, t.data(path, size))))
      await Promise.all(files.map((path) => t.holds(path, t.data(path, size))))
    },
  },
  {
    id: 'directory',
    title: 'where files and directories exclude each other, a writer onto a directory is refused',
    unless: 'fileAndDirectory',
    run: async (t) => {
      const data = await t.put('/dir/file')
      for (const path of ['/dir', '/dir/file/x', '/dir/file/x/y']) {
        const publish = async (): Promise<void> => {
          const open = await t.driver.writer(path)
          try {
            await open.write(data.bytes())
            await open.commit()
          } finally {
            await open.cancel()
          }
        }
        await t.rejects(publish(), 'INVALID_PATH', { path })
      }
      await t.holds('/dir/file', data)
      assert.deepEqual(await t.walked('/'), ['/dir/', '/dir/file'])
    },
  },
])
