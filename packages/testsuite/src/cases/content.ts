import assert from 'node:assert/strict'
import { area, type Case } from '../case.ts'
import { type CaseContext, paths } from '../context.ts'
import type { Data } from '../data.ts'

/** Fewer than the reads that getContent may need: it is to succeed. */
const REPLACEMENTS = 6

/** The content is one of these, whole. */
export function isOneOf(content: Uint8Array, all: readonly Data[]): void {
  const match = all.find((data) => Buffer.compare(data.bytes(), content) === 0)
  assert.ok(match, `${content.length} bytes that are none of the contents written`)
}

function keeps(size: number): (t: CaseContext) => Promise<void> {
  return async (t) => t.holds('/a/file', await t.put('/a/file', size))
}

export const content: readonly Case[] = area('content', [
  {
    id: 'one-byte',
    title: 'putContent keeps one byte',
    original: ['T4'],
    run: keeps(1),
  },
  {
    id: 'text',
    title: 'putContent stores a string as UTF-8',
    original: ['T5'],
    run: async (t) => {
      await t.driver.putContent('/text', 'ß€😀\0')
      const stored = Buffer.from(await t.driver.getContent('/text'))
      assert.equal(stored.toString('hex'), 'c39fe282acf09f988000')
    },
  },
  { id: 'small', title: 'putContent keeps 32 bytes', original: ['T6'], run: keeps(32) },
  { id: 'mebibyte', title: 'putContent keeps a mebibyte', original: ['T7'], run: keeps(2 ** 20) },
  {
    id: 'not-utf8',
    title: 'putContent keeps bytes that are no text, and every value of a byte',
    original: ['T8'],
    run: async (t) => {
      const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
      for (const bytes of [Buffer.from([0x80, 0x80, 0x80, 0x80]), all]) {
        await t.driver.putContent('/bytes', bytes)
        assert.equal(Buffer.compare(await t.driver.getContent('/bytes'), bytes), 0)
      }
    },
  },
  {
    id: 'empty',
    title: 'putContent of nothing makes an empty file',
    run: async (t) => {
      await t.holds('/empty', await t.put('/empty', 0))
      await t.driver.putContent('/text', '')
      assert.equal((await t.driver.getContent('/text')).length, 0)
      assert.deepEqual(await paths(t.driver.list('/')), ['/empty', '/text'])
    },
  },
  {
    id: 'boundaries',
    title: 'putContent keeps sizes around the part size',
    run: async (t) => {
      const { partSize } = t.settings
      for (const size of [partSize - 1, partSize, partSize + 1, 3 * partSize + 1]) {
        await t.holds(`/f${size}`, await t.put(`/f${size}`, size))
      }
    },
  },
  {
    id: 'truncate',
    title: 'shorter content leaves nothing of longer content',
    original: ['T9', 'T11'],
    run: async (t) => {
      for (const size of [2 ** 20, 4096, 2048, 1024, 1, 0, 7]) {
        await t.holds('/file', await t.put('/file', size))
      }
    },
  },
  {
    id: 'missing',
    title: 'getContent of nothing is PathNotFoundError',
    original: ['T10'],
    run: async (t) => {
      await t.put('/dir/file')
      for (const path of ['/missing', '/dir/fil', '/dir/file2', '/dir/file/x', '/dir/none/x']) {
        await t.rejects(t.driver.getContent(path), 'PATH_NOT_FOUND', { path })
      }
    },
  },
  {
    id: 'directory',
    title: 'getContent and reader of a directory are PathNotFoundError',
    run: async (t) => {
      await t.put('/dir/sub/file')
      for (const path of ['/dir', '/dir/sub']) {
        await t.rejects(t.driver.getContent(path), 'PATH_NOT_FOUND', { path })
        await t.rejects(t.driver.reader(path), 'PATH_NOT_FOUND', { path })
      }
    },
  },
  {
    id: 'caller-keeps-input',
    title: 'the caller may change the bytes once putContent has resolved',
    run: async (t) => {
      const data = t.data('/file')
      const bytes = data.bytes()
      await t.driver.putContent('/file', bytes)
      bytes.fill(0)
      await t.holds('/file', data)
    },
  },
  {
    id: 'caller-owns-output',
    title: 'the caller may change what getContent and reader gave',
    run: async (t) => {
      const data = await t.put('/file')
      const bytes = await t.driver.getContent('/file')
      bytes.fill(0)
      for await (const chunk of await t.driver.reader('/file')) {
        assert.ok(chunk instanceof Uint8Array, 'a stream gives bytes')
        chunk.fill(0)
      }
      await t.holds('/file', data)
    },
  },
  {
    id: 'views',
    title: 'putContent keeps the bytes of a view, not of the memory around it',
    run: async (t) => {
      const data = t.data('/file', 100)
      await t.driver.putContent('/file', new Uint8Array(data.bytes()).subarray(10, 20))
      data.check(await t.driver.getContent('/file'), 10, 20)
    },
  },
  {
    id: 'wrong-type',
    title: 'content that is neither bytes nor text is a TypeError and stores nothing',
    run: async (t) => {
      for (const wrong of [undefined, null, 7, [1, 2], {}, new Uint16Array(2)]) {
        const put = t.driver.putContent('/file', wrong as unknown as string)
        await assert.rejects(put, { name: 'TypeError' })
      }
      assert.deepEqual(await t.walked('/'), [])
    },
  },
  {
    id: 'concurrent',
    title: 'of several putContent of one path at once, one wins whole',
    run: async (t) => {
      const versions = Array.from({ length: 16 }, (_, i) => t.data(`v${i}`, 40_000 + i))
      await Promise.all(versions.map((data) => t.driver.putContent('/file', data.bytes())))
      isOneOf(await t.driver.getContent('/file'), versions)
      assert.deepEqual(await t.walked('/'), ['/file'])
    },
  },
  {
    id: 'replaced',
    title: 'getContent gives one whole revision although the file is replaced meanwhile',
    run: async (t) => {
      const size = 2 * t.settings.partSize + 1
      const versions = Array.from({ length: 1 + REPLACEMENTS }, (_, i) => t.data(`v${i}`, size))
      const next = versions.values()
      const other = await t.reopen()
      const replace = async (): Promise<void> => {
        const { value } = next.next()
        if (value) await other.putContent('/file', value.bytes())
      }
      await replace()
      const reading = (async () => {
        for (let i = 0; i < 3; i++) isOneOf(await t.driver.getContent('/file'), versions)
      })()
      await t.during(reading, replace)
    },
  },
  {
    id: 'over-writer',
    title: 'putContent and writers replace each other',
    run: async (t) => {
      const { partSize } = t.settings
      await t.commit('/file', t.data('first', 2 * partSize + 5))
      await t.holds('/file', await t.put('/file', 100))
      await t.commit('/file', t.data('second', partSize + 7))
      await t.holds('/file', t.data('second', partSize + 7))
      await t.holds('/file', await t.put('/file', 3))
    },
  },
])
