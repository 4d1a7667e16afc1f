import assert from 'node:assert/strict'
import type { FileWriter } from '@stowage/core'
import { area, type Case } from '../case.ts'
import { type CaseContext, feed } from '../context.ts'
import type { Data } from '../data.ts'

/** Continues the path's upload on another instance, as another process does. */
async function resume(t: CaseContext, path: string, size: number): Promise<FileWriter> {
  const driver = await t.reopen()
  const writer = await driver.writer(path, { append: true })
  assert.equal(writer.size, size, 'size of the continued upload')
  return writer
}

/** Writes the data with a close at each of the positions, and commits. */
async function inPieces(t: CaseContext, data: Data, cuts: readonly number[]): Promise<void> {
  let at = 0
  let writer = await t.driver.writer('/dir/file')
  for (const cut of cuts) {
    await feed(writer, data, { from: at, to: cut })
    await writer.close()
    assert.equal(writer.size, cut, 'size after close')
    writer = await resume(t, '/dir/file', cut)
    at = cut
  }
  await feed(writer, data, { from: at })
  assert.equal(writer.size, data.size)
  await writer.commit()
  await writer.close()
  await t.holds('/dir/file', data)
}

/** A close after so many bytes; then one byte more and the commit. */
function closeAt(size: (partSize: number) => number): (t: CaseContext) => Promise<void> {
  return async (t) => {
    const cut = size(t.settings.partSize)
    await inPieces(t, t.data('/dir/file', cut + 1), [cut])
  }
}

export const writerResume: readonly Case[] = area('resume', [
  {
    id: 'small',
    title: 'an upload continues in three small pieces',
    original: ['T20'],
    needs: 'append',
    run: (t) => inPieces(t, t.data('/dir/file', 96), [32, 64]),
  },
  {
    id: 'large',
    title: 'an upload continues in three large pieces',
    original: ['T19'],
    needs: 'append',
    run: async (t) => {
      const piece = Math.max(2 ** 20, 2 * t.settings.partSize + 1)
      await inPieces(t, t.data('/dir/file', 3 * piece), [piece, 2 * piece])
    },
  },
  ...(
    [
      ['at-nothing', 'no byte', () => 0],
      ['at-one', 'one byte', () => 1],
      ['at-part-less', 'a part less one byte', (part: number) => part - 1],
      ['at-part', 'one part', (part: number) => part],
      ['at-part-more', 'a part and one byte', (part: number) => part + 1],
      ['at-parts', 'two parts', (part: number) => 2 * part],
      ['at-parts-more', 'three parts and a bit', (part: number) => 3 * part + 11],
    ] as const
  ).map(([id, what, size]) => ({
    id,
    title: `an upload that was closed after ${what} continues`,
    needs: 'append' as const,
    run: closeAt(size),
  })),
  {
    id: 'twenty-times',
    title: 'an upload continues twenty times, in pieces below and above a part',
    needs: 'append',
    run: async (t) => {
      const { partSize } = t.settings
      const cuts: number[] = []
      let at = 0
      for (let i = 0; i < 20; i++) {
        at += i % 3 === 2 ? partSize + 1 : 1 + i
        cuts.push(at)
      }
      await inPieces(t, t.data('/dir/file', at + 5), cuts)
    },
  },
  {
    id: 'empty-pieces',
    title: 'an upload can be continued and closed without a byte, again and again',
    needs: 'append',
    run: (t) => inPieces(t, t.data('/dir/file', 100), [60, 60, 60, 100, 100]),
  },
  {
    id: 'commit-only',
    title: 'an upload can be continued by nothing but its commit',
    needs: 'append',
    run: async (t) => {
      for (const size of [1, t.settings.partSize, 2 * t.settings.partSize + 1]) {
        await inPieces(t, t.data('/dir/file', size), [size])
        await t.driver.delete('/dir/file')
      }
    },
  },
  {
    id: 'empty-stream',
    title: 'a committed empty file is continued',
    original: ['T22', 'T23'],
    needs: 'append',
    run: async (t) => {
      const data = t.data('more')
      await t.commit('/written', t.data('empty', 0))
      await t.put('/put', 0)
      for (const path of ['/written', '/put']) {
        const writer = await resume(t, path, 0)
        await feed(writer, data)
        assert.equal((await t.driver.stat(path)).size, 0, 'still empty before the commit')
        await writer.commit()
        await t.holds(path, data)
      }
    },
  },
  {
    id: 'empty-cancel',
    title: 'a committed empty file stays when its continuation is cancelled',
    needs: 'append',
    run: async (t) => {
      const data = await t.put('/file', 0)
      const writer = await resume(t, '/file', 0)
      await feed(writer, t.data('more'))
      await writer.cancel()
      await t.holds('/file', data)
    },
  },
  {
    id: 'missing',
    title: 'append to nothing is PathNotFoundError and makes nothing',
    needs: 'append',
    run: async (t) => {
      await t.put('/dir/file1', 0)
      await t.leave('/dir/file-2', t.data('sibling'))
      for (const path of ['/missing', '/dir/file', '/dir/file-', '/dir', '/di']) {
        await t.rejects(t.driver.writer(path, { append: true }), 'PATH_NOT_FOUND', { path })
      }
      assert.deepEqual(await t.walked('/'), ['/dir/', '/dir/file1'])
      await t.driver.delete('/dir')
    },
  },
  {
    id: 'committed',
    title: 'append to committed content is UnsupportedMethodError and changes nothing',
    needs: 'append',
    run: async (t) => {
      const put = await t.put('/put')
      const written = t.data('/written', t.settings.partSize + 9)
      await t.commit('/written', written)
      for (const path of ['/put', '/written']) {
        await t.rejects(t.driver.writer(path, { append: true }), 'UNSUPPORTED_METHOD', { path })
      }
      await t.holds('/put', put)
      await t.holds('/written', written)
    },
  },
  {
    id: 'refused',
    title: 'without the capability, append is UnsupportedMethodError',
    unless: 'append',
    run: async (t) => {
      await t.put('/file')
      for (const path of ['/file', '/missing']) {
        await t.rejects(t.driver.writer(path, { append: true }), 'UNSUPPORTED_METHOD', { path })
      }
    },
  },
  {
    id: 'cancel',
    title: 'cancel of a continued upload removes all of it and keeps the old content',
    needs: 'append',
    run: async (t) => {
      const old = await t.put('/file', 40)
      const data = t.data('new', 2 * t.settings.partSize + 3)
      await t.leave('/file', data)
      const writer = await resume(t, '/file', data.size)
      await writer.write(data.bytes(0, 10))
      await writer.cancel()
      await t.holds('/file', old)
      const again = t.driver.writer('/file', { append: true })
      await t.rejects(again, 'UNSUPPORTED_METHOD', { path: '/file' })
    },
  },
  {
    id: 'over-old-content',
    title: 'an upload over old content continues, and replaces it with the commit only',
    needs: 'append',
    run: async (t) => {
      const old = await t.put('/dir/file', 1000)
      const data = t.data('new', t.settings.partSize + 50)
      await t.leave('/dir/file', data)
      await t.holds('/dir/file', old)
      const writer = await resume(t, '/dir/file', data.size)
      await t.holds('/dir/file', old)
      await writer.commit()
      await t.holds('/dir/file', data)
    },
  },
  {
    id: 'nested-paths',
    title: 'uploads of a path, of one beneath it and of its siblings are never mistaken',
    needs: 'append',
    run: async (t) => {
      const all = ['/up', '/up-1', '/up.1', '/up1', '/up_1', '/u', '/other/up']
      if (t.capabilities.fileAndDirectory) all.push('/up/up', '/up/x')
      for (const [i, path] of all.entries()) await t.leave(path, t.data(path, 10 + i))
      for (const [i, path] of all.entries()) {
        const writer = await resume(t, path, 10 + i)
        await writer.commit()
        await t.holds(path, t.data(path, 10 + i))
      }
    },
  },
])
