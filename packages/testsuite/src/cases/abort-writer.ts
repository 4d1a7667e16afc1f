import assert from 'node:assert/strict'
import { setImmediate as immediate } from 'node:timers/promises'
import { area, type Case } from '../case.ts'
import { type CaseContext, feed } from '../context.ts'
import { listeners, promptly } from './abort.ts'
import { isOneOf } from './content.ts'

/** Nothing of an aborted upload of `/dir/file` is left, and nothing of it is published. */
async function nothingLeft(t: CaseContext): Promise<void> {
  await t.isMissing('/dir/file')
  assert.deepEqual(await t.walked('/'), [])
  if (!t.capabilities.append) return
  const again = t.driver.writer('/dir/file', { append: true })
  await t.rejects(again, 'PATH_NOT_FOUND', { path: '/dir/file' })
}

export const abortWriter: readonly Case[] = area('abort-writer', [
  {
    id: 'open',
    title: 'an abort cancels the open writer: nothing is published, nothing is left',
    run: async (t) => {
      const { partSize } = t.settings
      for (const size of [0, 10, partSize, 3 * partSize + 1]) {
        const control = new AbortController()
        const options = { signal: control.signal }
        const writer = await t.begin('/dir/file', t.data(`s${size}`, size), options)
        const reason = new Error('mine')
        control.abort(reason)
        assert.equal(await promptly(t, 'write', writer.write(Buffer.from('x'))), reason)
        assert.equal(await promptly(t, 'commit', writer.commit()), reason)
        await writer.cancel()
        await writer.close()
        await nothingLeft(t)
        await t.eventually('no listener', () => listeners(control.signal) === 0)
      }
    },
  },
  {
    id: 'during-write',
    title: 'an abort in the middle of a write ends it with the reason',
    run: async (t) => {
      const data = t.data('large', 6 * t.settings.partSize + 1)
      for (const instant of [async () => {}, immediate]) {
        const control = new AbortController()
        const writer = await t.driver.writer('/dir/file', { signal: control.signal })
        const writing = writer.write(data.bytes())
        writing.catch(() => {})
        await instant()
        control.abort()
        const error = await promptly(t, 'write', writing)
        if (error !== undefined) assert.equal(error, control.signal.reason)
        assert.equal(await promptly(t, 'commit', writer.commit()), control.signal.reason)
        await writer.cancel()
        await nothingLeft(t)
      }
    },
  },
  {
    id: 'during-commit',
    title: 'an abort in the middle of a commit leaves the old content or the new, whole',
    run: async (t) => {
      const old = await t.put('/dir/file', 77)
      const data = t.data('new', 3 * t.settings.partSize + 1)
      for (const instant of [async () => {}, immediate]) {
        const control = new AbortController()
        const writer = await t.begin('/dir/file', data, { signal: control.signal })
        const commit = writer.commit()
        commit.catch(() => {})
        await instant()
        control.abort()
        const error = await promptly(t, 'commit', commit)
        if (error !== undefined) assert.equal(error, control.signal.reason)
        await writer.cancel().catch(() => {})
        if (error === undefined) await t.holds('/dir/file', data)
        else isOneOf(await t.driver.getContent('/dir/file'), [old, data])
        assert.deepEqual(await t.walked('/'), ['/dir/', '/dir/file'])
      }
    },
  },
  {
    id: 'resumed',
    title: 'an abort cancels a continued upload as well, and the old content stays',
    needs: 'append',
    run: async (t) => {
      await t.leave('/dir/file', t.data('upload', t.settings.partSize + 1))
      const control = new AbortController()
      const options = { append: true, signal: control.signal }
      const writer = await (await t.reopen()).writer('/dir/file', options)
      await writer.write(Buffer.from('more'))
      control.abort()
      await writer.cancel()
      await nothingLeft(t)
    },
  },
  {
    id: 'close',
    title: 'close after an abort waits until nothing is left',
    run: async (t) => {
      const control = new AbortController()
      const data = t.data('upload', 2 * t.settings.partSize + 1)
      const writer = await t.begin('/dir/file', data, { signal: control.signal })
      control.abort()
      await writer.close()
      await nothingLeft(t)
    },
  },
  {
    id: 'after-end',
    title: 'an abort after the end changes nothing',
    leavesUploads: true,
    run: async (t) => {
      const control = new AbortController()
      const { signal } = control
      const data = t.data('committed', t.settings.partSize + 1)
      const committed = await t.begin('/dir/file', data, { signal })
      await committed.commit()
      const left = await t.begin('/dir/left', data, { signal })
      await left.close()
      assert.equal(listeners(signal), 0)
      control.abort()
      await immediate()
      await t.holds('/dir/file', data)
      if (!t.capabilities.append) return
      const writer = await t.driver.writer('/dir/left', { append: true })
      assert.equal(writer.size, data.size)
      await writer.commit()
      await t.holds('/dir/left', data)
    },
  },
  {
    id: 'others-go-on',
    title: 'an abort of one writer does nothing to another one of the same path',
    run: async (t) => {
      const control = new AbortController()
      const data = t.data('kept', 2 * t.settings.partSize + 1)
      const kept = await t.driver.writer('/dir/file')
      await feed(kept, data, { to: 100 })
      const gone = await t.begin('/dir/file', data, { signal: control.signal })
      control.abort()
      await gone.cancel()
      await feed(kept, data, { from: 100 })
      await kept.commit()
      await t.holds('/dir/file', data)
    },
  },
])
