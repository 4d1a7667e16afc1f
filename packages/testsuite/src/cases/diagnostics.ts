import assert from 'node:assert/strict'
import { tracingChannel } from 'node:diagnostics_channel'
import { OPERATION_CHANNEL, type OperationContext } from '@stowage/core'
import { area, type Case } from '../case.ts'
import { byteOrder, type CaseContext, paths } from '../context.ts'

interface Seen {
  readonly started: OperationContext[]
  readonly ended: OperationContext[]
  readonly failed: OperationContext[]
}

/** The events that the driver publishes meanwhile. */
async function observed(t: CaseContext, run: () => Promise<unknown>): Promise<Seen> {
  const channel = tracingChannel<string, OperationContext>(OPERATION_CHANNEL)
  const seen: Seen = { started: [], ended: [], failed: [] }
  const into = (list: OperationContext[]) => (message: unknown) => {
    const context = message as OperationContext
    if (context.driver === t.driver.name) list.push(context)
  }
  const subscribers = {
    start: into(seen.started),
    end: () => {},
    asyncStart: () => {},
    asyncEnd: into(seen.ended),
    error: into(seen.failed),
  }
  channel.subscribe(subscribers)
  try {
    await run()
  } finally {
    channel.unsubscribe(subscribers)
  }
  return seen
}

const methods = (list: readonly OperationContext[]): string[] => list.map(({ method }) => method)

export const diagnostics: readonly Case[] = area('diagnostics', [
  {
    id: 'operations',
    title: 'each operation publishes its start and its end with what it was about',
    alone: true,
    run: async (t) => {
      const { driver } = t
      const { started, ended, failed } = await observed(t, async () => {
        await driver.putContent('/d/file', t.data('x', 50).bytes())
        await driver.getContent('/d/file')
        await driver.stat('/d/file')
        await paths(driver.list('/d'))
        await paths(driver.walk('/'))
        await driver.move('/d/file', '/d/other')
        await driver.delete('/d/other')
      })
      const expected = ['putContent', 'getContent', 'stat', 'list', 'walk', 'move', 'delete']
      assert.deepEqual(methods(started), expected)
      assert.deepEqual(methods(ended), expected)
      assert.deepEqual(failed, [])
      const [put, get, , , walk, move] = ended
      assert.deepEqual([put?.path, put?.bytes, get?.bytes], ['/d/file', 50, 50])
      assert.equal(walk?.entries, 2)
      assert.deepEqual([move?.path, move?.destination], ['/d/file', '/d/other'])
    },
  },
  {
    id: 'streams',
    title: 'readers and writers publish what went through them',
    alone: true,
    run: async (t) => {
      const data = t.data('/file', 100_000)
      const { started, ended } = await observed(t, async () => {
        const writer = await t.driver.writer('/file')
        await writer.write(data.bytes())
        await writer.commit()
        await data.verify(await t.driver.reader('/file'))
      })
      const expected = ['read', 'reader', 'upload', 'write', 'writer', 'writer.commit']
      assert.deepEqual(methods(started).sort(byteOrder), expected)
      assert.deepEqual(methods(ended).sort(byteOrder), expected)
      assert.equal(ended.find(({ method }) => method === 'read')?.bytes, data.size)
      assert.equal(ended.find(({ method }) => method === 'write')?.bytes, data.size)
      const upload = ended.find(({ method }) => method === 'upload')
      assert.deepEqual([upload?.bytes, upload?.outcome], [data.size, 'committed'])
    },
  },
  {
    id: 'failures',
    title: 'a failed operation publishes its error',
    alone: true,
    run: async (t) => {
      const { failed, ended } = await observed(t, async () => {
        await t.rejects(t.driver.stat('/none'), 'PATH_NOT_FOUND')
        await t.rejects(paths(t.driver.list('/none')), 'PATH_NOT_FOUND')
      })
      assert.deepEqual(methods(failed), ['stat', 'list'])
      assert.deepEqual(methods(ended), ['stat', 'list'])
      for (const { error } of failed) {
        assert.equal((error as { code?: string }).code, 'PATH_NOT_FOUND')
      }
    },
  },
])
