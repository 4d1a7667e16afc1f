import assert from 'node:assert/strict'
import { setImmediate as immediate, setTimeout as wait } from 'node:timers/promises'
import type { FileWriter } from '@stowage/core'
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

/** When the abort comes after the call. */
const INSTANTS = [async () => {}, immediate, () => wait(1)] as const
/** How long an aborted commit is watched for what it might still do. */
const AFTERWARDS_MS = 20

/** Aborts while the call is under way: it is done by then, or ends with the reason. */
async function abortMeanwhile(
  t: CaseContext,
  what: string,
  call: Promise<unknown>,
  { control, instant }: { control: AbortController; instant: () => Promise<unknown> },
): Promise<void> {
  call.catch(() => {})
  await instant()
  control.abort()
  const error = await promptly(t, what, call)
  if (error !== undefined) assert.equal(error, control.signal.reason)
}

/** Waits for the clean-up. Whether the call that was aborted meanwhile has been carried out all the same. */
async function wasCarriedOut(t: CaseContext, writer: FileWriter): Promise<boolean> {
  const error = await writer.cancel().then(
    () => undefined,
    (reason: unknown) => ({ reason }),
  )
  if (error === undefined) return false
  await t.rejects(Promise.reject(error.reason), 'WRITER_STATE', { path: writer.path })
  return true
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
    title:
      'an abort in the middle of a commit leaves the old content or the new, whole, and no session',
    run: async (t) => {
      const old = t.data('old', 77)
      const data = t.data('new', 3 * t.settings.partSize + 1)
      for (const instant of INSTANTS) {
        await t.driver.putContent('/dir/file', old.bytes())
        const control = new AbortController()
        const writer = await t.begin('/dir/file', data, { signal: control.signal })
        await abortMeanwhile(t, 'commit', writer.commit(), { control, instant })
        if (await wasCarriedOut(t, writer)) await t.holds('/dir/file', data)
        const content = await t.driver.getContent('/dir/file')
        isOneOf(content, [old, data])
        await wait(AFTERWARDS_MS)
        const later = await t.driver.getContent('/dir/file')
        assert.ok(Buffer.compare(content, later) === 0, 'published after the clean-up')
        assert.deepEqual(await t.walked('/'), ['/dir/', '/dir/file'])
        if (!t.capabilities.append) continue
        const again = t.driver.writer('/dir/file', { append: true })
        await t.rejects(again, 'UNSUPPORTED_METHOD', { path: '/dir/file' })
      }
    },
  },
  {
    id: 'during-close',
    title: 'an abort in the middle of a close leaves all of the session or nothing of it',
    run: async (t) => {
      const data = t.data('upload', 2 * t.settings.partSize + 1)
      for (const instant of INSTANTS) {
        const control = new AbortController()
        const writer = await t.begin('/dir/file', data, { signal: control.signal })
        await abortMeanwhile(t, 'close', writer.close(), { control, instant })
        const isKept = await wasCarriedOut(t, writer)
        await t.isMissing('/dir/file')
        if (!isKept) await nothingLeft(t)
        else if (t.capabilities.append) {
          const next = await t.driver.writer('/dir/file', { append: true })
          assert.equal(next.size, data.size)
          await next.commit()
          await t.holds('/dir/file', data)
        }
        if (isKept) await t.driver.delete('/dir/file')
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
