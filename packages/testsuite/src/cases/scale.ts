import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { area, type Case } from '../case.ts'
import { byteOrder, type CaseContext, paths } from '../context.ts'
import { heldBytes } from '../memory.ts'

/** A page of Amazon S3, of Google Cloud Storage, and one delete request, hold 1,000. */
const PAGE = 1000
const FULL_COUNT = 10_000
/** Memory that a process may gain while gigabytes go through. */
const RSS_GROWTH = 300 * 2 ** 20
/** More than the buffers of any reader. */
const READ_HELD = 12 * 2 ** 20
/** More than a writer holds back: buffers of all kinds, and parts that are under way. */
const WRITE_HELD = 8 * 2 ** 20
const PARTS_HELD = 9
const STREAM_SIZE = 5 * 2 ** 30

/** Stores, lists, walks, moves and deletes so many files. */
async function many(t: CaseContext, count: number): Promise<void> {
  const files = Array.from({ length: count }, (_, i) => `/d/f${i}`)
  await t.putAll([...files, '/d-1', '/d0'])
  const sorted = files.toSorted(byteOrder)
  assert.deepEqual(await paths(t.driver.list('/d')), sorted)
  assert.deepEqual(await t.walked('/d'), sorted)
  await t.driver.move('/d', '/e')
  assert.deepEqual(await t.walked('/'), [
    '/d-1',
    '/d0',
    '/e/',
    ...sorted.map((path) => `/e${path.slice(2)}`),
  ])
  const last = files.at(-1) ?? ''
  await t.holds(`/e${last.slice(2)}`, t.data(last))
  await t.driver.delete('/e')
  assert.deepEqual(await t.walked('/'), ['/d-1', '/d0'])
}

export const scale: readonly Case[] = area('scale', [
  {
    id: 'thousand',
    title: 'a directory of 1,001 files is listed, walked, moved and deleted whole',
    patience: 4,
    run: (t) => many(t, PAGE + 1),
  },
  {
    id: 'ten-thousand',
    title: 'a directory of 10,000 files is listed, walked, moved and deleted whole',
    size: 'full',
    run: (t) => many(t, FULL_COUNT),
  },
  {
    id: 'deep',
    title: 'a file 100 directories deep is reached, walked, moved and deleted',
    run: async (t) => {
      const deep = '/n'.repeat(100)
      const data = await t.put(`/a${deep}/file`)
      await t.holds(`/a${deep}/file`, data)
      assert.equal((await t.walked('/')).length, 102)
      await t.driver.move('/a', '/b')
      await t.holds(`/b${deep}/file`, data)
      await t.driver.delete('/b/n')
      assert.deepEqual(await paths(t.driver.list('/')), [])
    },
  },
  {
    id: 'unread',
    title: 'a large file that is opened and not read takes little memory',
    alone: true,
    run: async (t) => {
      await t.put('/file', 2 * READ_HELD)
      const before = heldBytes()
      for await (const _ of await t.driver.reader('/file')) {
        for (let i = 0; i < 10; i++) {
          await wait(20)
          const growth = heldBytes() - before
          assert.ok(growth < READ_HELD, `${growth} bytes are held after the first chunk`)
        }
        break
      }
    },
  },
  {
    id: 'unfinished',
    title: 'what a writer holds back is a few parts, however much was written',
    // A driver without other processes may have nothing but memory to put the bytes in.
    needs: 'persistent',
    child: true,
    alone: true,
    run: async (t) => {
      const limit = WRITE_HELD + PARTS_HELD * t.settings.partSize
      const chunk = t.data('/file', 2 ** 19).bytes()
      const before = heldBytes()
      const writer = await t.driver.writer('/file')
      while (writer.size < 2 * limit) await writer.write(chunk)
      const growth = heldBytes() - before
      assert.ok(growth < limit, `${growth} bytes are held of ${writer.size} that were written`)
      await writer.cancel()
    },
  },
  {
    id: 'five-gibibytes',
    title: 'five gibibytes go in and out with bounded memory',
    original: ['T17'],
    size: 'full',
    alone: true,
    run: async (t) => {
      const data = t.data('/file', STREAM_SIZE)
      const before = process.memoryUsage().rss
      const grown = (): void => {
        const growth = process.memoryUsage().rss - before
        assert.ok(growth < RSS_GROWTH, `the process has grown by ${growth} bytes`)
      }
      const writer = await t.driver.writer('/file')
      for await (const chunk of data.stream(2 ** 20)) {
        await writer.write(chunk)
        grown()
      }
      await writer.commit()
      assert.equal((await t.driver.stat('/file')).size, STREAM_SIZE)
      let at = 0
      for await (const chunk of await t.driver.reader('/file')) {
        data.check(chunk, at, at + chunk.length)
        at += chunk.length
        grown()
      }
      assert.equal(at, STREAM_SIZE)
    },
  },
])
