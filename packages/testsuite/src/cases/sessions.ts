import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { FileWriter } from '@stowage/core'
import { area, type Case } from '../case.ts'
import { type CaseContext, feed } from '../context.ts'
import { isOneOf } from './content.ts'

/** Clocks and listings of some backends tell instants apart by the millisecond only. */
const TICK_MS = 5

async function settled(writer: FileWriter): Promise<void> {
  await writer.cancel().catch(() => {})
  await writer.close().catch(() => {})
}

export const sessions: readonly Case[] = area('sessions', [
  {
    id: 'apart',
    title: 'two writers of one path never mix, and the last commit wins whole',
    run: async (t) => {
      const { partSize } = t.settings
      const one = t.data('one', 2 * partSize + 1)
      const two = t.data('two', 2 * partSize + 9)
      const first = await t.driver.writer('/file')
      const second = await t.driver.writer('/file')
      for (let at = 0; at < one.size; at += 5000) {
        await feed(first, one, { from: at, to: Math.min(one.size, at + 5000) })
        await feed(second, two, { from: at, to: Math.min(one.size, at + 5000) })
      }
      await feed(second, two, { from: one.size })
      await second.commit()
      await t.holds('/file', two)
      await first.commit()
      await t.holds('/file', one)
    },
  },
  {
    id: 'cancel-one',
    title: 'cancel of one writer does nothing to another one of the same path',
    run: async (t) => {
      const data = t.data('kept', t.settings.partSize + 1)
      const kept = await t.begin('/file', data)
      const gone = await t.begin('/file', t.data('gone', t.settings.partSize + 2))
      await gone.cancel()
      await kept.commit()
      await t.holds('/file', data)
    },
  },
  {
    id: 'commit-one',
    title: 'a commit leaves other sessions of its path as they are',
    needs: 'append',
    run: async (t) => {
      const idle = t.data('idle', t.settings.partSize + 1)
      await t.leave('/file', idle)
      await t.commit('/file', t.data('committed', 30))
      const writer = await (await t.reopen()).writer('/file', { append: true })
      assert.equal(writer.size, idle.size)
      await t.holds('/file', t.data('committed', 30))
      await writer.commit()
      await t.holds('/file', idle)
    },
  },
  {
    id: 'put-meanwhile',
    title: 'putContent during an upload leaves the upload as it is',
    run: async (t) => {
      const data = t.data('upload', t.settings.partSize + 1)
      const writer = await t.begin('/file', data)
      await t.holds('/file', await t.put('/file', 20))
      await writer.write(Buffer.alloc(0))
      await writer.commit()
      await t.holds('/file', data)
    },
  },
  {
    id: 'newest',
    title: 'append picks the newest unfinished session, then the one before',
    needs: 'append',
    run: async (t) => {
      const uploads = [1, 2, 3].map((i) => t.data(`upload ${i}`, 100 + i))
      for (const data of uploads) {
        await t.leave('/file', data)
        await wait(TICK_MS)
      }
      for (const data of uploads.reverse()) {
        const writer = await (await t.reopen()).writer('/file', { append: true })
        assert.equal(writer.size, data.size)
        await writer.commit()
        await t.holds('/file', data)
      }
      const none = t.driver.writer('/file', { append: true })
      await t.rejects(none, 'UNSUPPORTED_METHOD', { path: '/file' })
    },
  },
  {
    id: 'fresh-beside-idle',
    title: 'a new writer starts from nothing although an unfinished upload is there',
    needs: 'append',
    leavesUploads: true,
    run: async (t) => {
      await t.leave('/file', t.data('idle', t.settings.partSize + 1))
      const data = t.data('fresh', 50)
      const writer = await t.driver.writer('/file')
      assert.equal(writer.size, 0)
      await feed(writer, data)
      await writer.commit()
      await t.holds('/file', data)
    },
  },
  {
    id: 'two-appenders',
    title: 'of two writers that continue one session, at most one commits, and bytes never mix',
    needs: 'append',
    leavesUploads: true,
    run: async (t) => {
      const start = t.settings.partSize + 5
      const versions = ['one', 'two'].map((label) => t.data(label, start + 3000))
      const [one, two] = versions as [(typeof versions)[0], (typeof versions)[0]]
      const writer = await t.driver.writer('/file')
      await writer.write(one.bytes(0, start))
      await writer.close()
      const first = await append(t.driver)
      const second = await append(await t.reopen())
      const outcomes = await Promise.all([
        finish(t, first, (w) => feed(w, one, { from: start })),
        finish(t, second, (w) => feed(w, two, { from: start })),
      ])
      const winners = outcomes.filter((won) => won).length
      assert.ok(winners <= 1, 'both continued the same session and both committed')
      if (winners === 0) return t.isMissing('/file')
      const mixed = Buffer.concat([one.bytes(0, start), two.bytes(start)])
      const content = await t.driver.getContent('/file')
      if (Buffer.compare(content, mixed) !== 0) isOneOf(content, [one])
    },
  },
  {
    id: 'racing-writers',
    title: 'of many writers of one path that commit at once, one wins whole',
    run: async (t) => {
      const versions = Array.from({ length: 8 }, (_, i) => t.data(`v${i}`, 50_000 + i))
      await Promise.all(versions.map((data) => t.commit('/dir/file', data)))
      isOneOf(await t.driver.getContent('/dir/file'), versions)
      assert.deepEqual(await t.walked('/'), ['/dir/', '/dir/file'])
    },
  },
  {
    id: 'reader-meanwhile',
    title: 'who reads while a file is replaced again and again sees whole versions only',
    run: async (t) => {
      const versions = Array.from({ length: 10 }, (_, i) => t.data(`v${i}`, 20_000 + i))
      await t.driver.putContent('/file', versions[0]?.bytes() ?? '')
      const write = async (): Promise<void> => {
        for (const [i, data] of versions.entries()) {
          if (i % 2 === 0) await t.commit('/file', data)
          else await t.driver.putContent('/file', data.bytes())
        }
      }
      await t.during(write(), async () => {
        isOneOf(await t.driver.getContent('/file'), versions)
        assert.deepEqual(await t.walked('/'), ['/file'])
      })
    },
  },
])

type Driver = CaseContext['driver']

async function append(driver: Driver): Promise<FileWriter | undefined> {
  return driver.writer('/file', { append: true }).catch((error) => {
    assert.equal(error.code, 'PATH_NOT_FOUND', String(error))
    return undefined
  })
}

/** Whether the writer could be brought to its commit; where not, its error is a typed one. */
async function finish(
  t: CaseContext,
  writer: FileWriter | undefined,
  write: (writer: FileWriter) => Promise<void>,
): Promise<boolean> {
  if (writer === undefined) return false
  try {
    await write(writer)
    await writer.commit()
    return true
  } catch (error) {
    const codes = ['UPLOAD_NOT_FOUND', 'DRIVER', 'UNAVAILABLE', 'CONTENT'] as const
    await t.rejects(Promise.reject(error), codes)
    return false
  } finally {
    await settled(writer)
  }
}
