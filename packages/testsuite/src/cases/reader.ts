import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { area, type Case } from '../case.ts'
import type { CaseContext } from '../context.ts'

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Offsets and lengths around every boundary of a file. */
function ranges(size: number, partSize: number): [offset: number, length: number | undefined][] {
  const near = (at: number): number[] => [at - 1, at, at + 1]
  const offsets = [0, size, ...near(1), ...near(partSize), ...near(2 * partSize), size - 1]
  const lengths = [undefined, 0, 1, partSize, partSize + 1, size]
  return [...new Set(offsets)].flatMap((offset) =>
    lengths.map((length): [number, number | undefined] => [offset, length]),
  )
}

async function wrongOffset(t: CaseContext, path: string, offset: number): Promise<void> {
  const expected = { path }
  await t.rejects(t.driver.reader(path, { offset }), 'INVALID_OFFSET', expected)
  const error = await t.driver.reader(path, { offset }).catch((reason: unknown) => reason)
  assert.ok(Object.is((error as { offset?: number }).offset, offset), `the error names ${offset}`)
}

export const reader: readonly Case[] = area('reader', [
  {
    id: 'offset',
    title: 'a reader starts at its offset',
    original: ['T18'],
    run: async (t) => {
      const data = await t.put('/file', 96)
      for (const offset of [0, 1, 32, 64, 95, 96]) {
        await data.verify(await t.driver.reader('/file', { offset }), offset)
      }
    },
  },
  {
    id: 'ranges',
    title: 'a reader gives exactly the bytes from offset to length, at every boundary',
    run: async (t) => {
      const { partSize } = t.settings
      const size = 2 * partSize + 3
      const data = t.data('/file', size)
      await t.commit('/file', data)
      for (const [offset, length] of ranges(size, partSize)) {
        const stream = await t.driver.reader('/file', { offset, length })
        await data.verify(stream, offset, Math.min(size, offset + (length ?? size)))
      }
    },
  },
  {
    id: 'length-beyond',
    title: 'a length beyond the end is cut',
    run: async (t) => {
      const data = await t.put('/file', 96)
      for (const length of [97, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
        await data.verify(await t.driver.reader('/file', { length }))
        await data.verify(await t.driver.reader('/file', { offset: 90, length }), 90)
      }
    },
  },
  {
    id: 'wrong-length',
    title: 'a length that is no whole number is refused',
    run: async (t) => {
      await t.put('/file')
      for (const length of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await t.rejects(t.driver.reader('/file', { length }), 'INVALID_OFFSET', { path: '/file' })
      }
    },
  },
  {
    id: 'beyond-end',
    title: 'an offset beyond the end is InvalidOffsetError',
    run: async (t) => {
      await t.put('/file', 96)
      for (const offset of [97, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
        await wrongOffset(t, '/file', offset)
      }
    },
  },
  {
    id: 'wrong-offset',
    title: 'an offset that is negative or no safe integer is InvalidOffsetError',
    original: ['T18'],
    run: async (t) => {
      await t.put('/file', 96)
      const numbers = [-1, -97, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]
      for (const offset of numbers) await wrongOffset(t, '/file', offset)
      const both = t.driver.reader('//', { offset: -1 })
      await t.rejects(both, ['INVALID_OFFSET', 'INVALID_PATH'])
    },
  },
  {
    id: 'empty-file',
    title: 'an empty file can be read at 0 and not at 1',
    run: async (t) => {
      const data = await t.put('/empty', 0)
      await data.verify(await t.driver.reader('/empty'))
      await data.verify(await t.driver.reader('/empty', { offset: 0, length: 5 }))
      await wrongOffset(t, '/empty', 1)
    },
  },
  {
    id: 'missing',
    title: 'a reader of nothing is PathNotFoundError, whatever the offset',
    original: ['T21'],
    run: async (t) => {
      await t.put('/dir/file')
      for (const path of ['/missing', '/dir/fil', '/dir/file1', '/dir/file/x']) {
        for (const offset of [0, 64]) {
          await t.rejects(t.driver.reader(path, { offset }), 'PATH_NOT_FOUND', { path })
        }
      }
    },
  },
  {
    id: 'concurrent',
    title: 'many readers of one file do not disturb each other',
    original: ['T24'],
    run: async (t) => {
      const size = 10 * 2 ** 20
      const data = t.data('/file', size)
      await t.commit('/file', data)
      const random = t.random('offsets')
      const offsets = Array.from({ length: 10 }, () => random(size))
      const read = async (offset: number): Promise<void> =>
        data.verify(await t.driver.reader('/file', { offset }), offset)
      await Promise.all(offsets.map(read))
    },
  },
  {
    id: 'bytes',
    title: 'the stream gives bytes, and works with pipeline',
    run: async (t) => {
      const data = await t.put('/file', 100_000)
      const received: Buffer[] = []
      const sink = new Writable({
        write: (chunk: Buffer, _, done) => {
          received.push(chunk)
          done()
        },
      })
      await pipeline(await t.driver.reader('/file'), sink)
      data.check(Buffer.concat(received))
    },
  },
  {
    id: 'paused',
    title: 'a stream that is read late and in small pieces gives every byte',
    run: async (t) => {
      const data = await t.put('/file', 200_000)
      const stream = await t.driver.reader('/file')
      await wait(50)
      const parts: Buffer[] = []
      const end = once(stream, 'end')
      stream.on('readable', () => {
        let chunk: Buffer | null
        do {
          chunk = stream.read(1000) ?? stream.read()
          if (chunk !== null) parts.push(chunk)
        } while (chunk !== null)
      })
      await end
      data.check(Buffer.concat(parts))
    },
  },
  {
    id: 'back-pressure',
    title: 'a consumer that does not read holds the stream back',
    run: async (t) => {
      const size = 16 * 2 ** 20
      const data = t.data('/file', size)
      await t.commit('/file', data)
      const stream = await t.driver.reader('/file')
      let at = 0
      for await (const chunk of stream) {
        data.check(chunk, at, at + chunk.length)
        at += chunk.length
        assert.ok(stream.readableLength <= 2 ** 22, `${stream.readableLength} bytes are buffered`)
      }
      assert.equal(at, size)
    },
  },
  {
    id: 'destroy',
    title: 'a stream can be destroyed before, during and after reading',
    run: async (t) => {
      const data = await t.put('/file', 300_000)
      ;(await t.driver.reader('/file')).destroy()
      const begun = await t.driver.reader('/file')
      await once(begun, 'readable')
      begun.read(10)
      begun.destroy()
      await once(begun, 'close')
      for await (const _ of await t.driver.reader('/file')) break
      const read = await t.driver.reader('/file')
      data.check(await bytesOf(read))
      read.destroy()
      await t.holds('/file', data)
    },
  },
  {
    id: 'far-offsets',
    title: 'offsets around 2^31 and 2^32 are exact',
    size: 'full',
    run: async (t) => {
      const size = 2 ** 32 + 2 ** 20
      const data = t.data('/file', size)
      await t.commit('/file', data)
      for (const offset of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, size - 1]) {
        const stream = await t.driver.reader('/file', { offset, length: 1000 })
        await data.verify(stream, offset, Math.min(size, offset + 1000))
      }
    },
  },
])
