import assert from 'node:assert/strict'
import type { FileWriter } from '@stowage/core'
import { area, type Case } from '../case.ts'
import type { CaseContext } from '../context.ts'

const ENDS = { close: 'closed', cancel: 'cancelled', commit: 'committed' } as const
type End = keyof typeof ENDS

const CALLS: Readonly<Record<End | 'write', (writer: FileWriter) => Promise<unknown>>> = {
  write: (writer) => writer.write(Buffer.from('more')),
  close: (writer) => writer.close(),
  cancel: (writer) => writer.cancel(),
  commit: (writer) => writer.commit(),
}

/** The calls that an ended writer allows; they do nothing. */
const HARMLESS: Readonly<Record<End, readonly string[]>> = {
  close: ['close'],
  commit: ['close'],
  cancel: ['close', 'cancel'],
}

/** After an end, the call does nothing or is refused, and the end's outcome stays. */
async function after(t: CaseContext, end: End, call: End | 'write'): Promise<void> {
  const old = await t.put('/file', 50)
  const data = t.data('new', t.settings.partSize + 3)
  const writer = await t.begin('/file', data)
  await writer[end]()
  if (HARMLESS[end].includes(call)) await CALLS[call](writer)
  else {
    const refused = CALLS[call](writer)
    const error = await refused.catch((reason: unknown) => reason)
    await t.rejects(refused, 'WRITER_STATE', { path: '/file' })
    assert.match((error as Error).message, new RegExp(`already ${ENDS[end]}`))
  }
  await t.holds('/file', end === 'commit' ? data : old)
  assert.deepEqual(await t.walked('/'), ['/file'])
  if (end !== 'close' || !t.capabilities.append) return
  const resumed = await t.driver.writer('/file', { append: true })
  assert.equal(resumed.size, data.size, 'bytes that the closed writer left')
  await resumed.cancel()
}

const table: readonly Omit<Case, 'area'>[] = (['close', 'commit', 'cancel'] as const).flatMap(
  (end) =>
    (['write', 'commit', 'close', 'cancel'] as const).map((call) => ({
      id: `${call}-after-${end}`,
      title: HARMLESS[end].includes(call)
        ? `${call} after ${end} does nothing`
        : `${call} after ${end} is WriterStateError and changes nothing`,
      leavesUploads: end === 'close',
      run: (t: CaseContext) => after(t, end, call),
    })),
)

export const writerStates: readonly Case[] = area('writer-states', [
  ...table,
  {
    id: 'cancel-fresh',
    title: 'a writer without data can be cancelled and closed, and nothing is there',
    run: async (t) => {
      await (await t.driver.writer('/cancelled')).cancel()
      const closed = await t.driver.writer('/closed')
      await closed.close()
      assert.deepEqual(await t.walked('/'), [])
      await t.isMissing('/cancelled')
      await t.isMissing('/closed')
      if (!t.capabilities.append) return
      // Whether a writer that was closed without a byte has left a session is the driver's to say.
      const resumed = await t.driver.writer('/closed', { append: true }).catch((error) => {
        assert.equal(error.code, 'PATH_NOT_FOUND')
      })
      await resumed?.cancel()
    },
  },
  {
    id: 'cancel-leaves-nothing',
    title: 'cancel removes what was stored, whatever had been passed on',
    run: async (t) => {
      for (const size of [0, 1, t.settings.partSize, 3 * t.settings.partSize + 1]) {
        const writer = await t.begin('/a/file', t.data(`s${size}`, size))
        await writer.cancel()
        await t.isMissing('/a/file')
        assert.deepEqual(await t.walked('/'), [])
        if (!t.capabilities.append) continue
        const again = t.driver.writer('/a/file', { append: true })
        await t.rejects(again, 'PATH_NOT_FOUND', { path: '/a/file' })
      }
    },
  },
  {
    id: 'dispose-closes',
    title: 'leaving an "await using" scope closes: nothing is published, and it can be continued',
    leavesUploads: true,
    run: async (t) => {
      const data = t.data('/file')
      const writer = await t.begin('/file', data)
      await writer[Symbol.asyncDispose]()
      await t.isMissing('/file')
      await t.rejects(writer.write(data.bytes()), 'WRITER_STATE', { path: '/file' })
      if (!t.capabilities.append) return
      const resumed = await t.driver.writer('/file', { append: true })
      assert.equal(resumed.size, data.size)
      await resumed.commit()
      await t.holds('/file', data)
    },
  },
  {
    id: 'dispose-after-end',
    title: 'leaving an "await using" scope after commit or cancel changes nothing',
    run: async (t) => {
      const data = t.data('/file')
      const committed = await t.begin('/file', data)
      await committed.commit()
      await committed[Symbol.asyncDispose]()
      const cancelled = await t.begin('/file', t.data('other', 40))
      await cancelled.cancel()
      await cancelled[Symbol.asyncDispose]()
      await t.holds('/file', data)
    },
  },
  {
    id: 'unawaited-end',
    title: 'what is called after an end that is still under way is refused',
    run: async (t) => {
      const data = t.data('/file', 2 * t.settings.partSize)
      const writer = await t.begin('/file', data)
      const commit = writer.commit()
      await t.rejects(writer.write(data.bytes()), 'WRITER_STATE', { path: '/file' })
      await commit
      await t.holds('/file', data)
    },
  },
])
