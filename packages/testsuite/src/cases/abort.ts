import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { setImmediate as immediate, setTimeout as wait } from 'node:timers/promises'
import type { FileWriter, OperationOptions, StorageDriver } from '@stowage/core'
import { area, type Case } from '../case.ts'
import { type CaseContext, paths } from '../context.ts'
import { within } from '../patience.ts'
import { isOneOf } from './content.ts'

/** How long an aborted call may take to tell: time that this process had, whatever else the machine did. */
const PROMPT_MS = 10_000
/** How long an aborted call is watched for what it might still do. */
const AFTERWARDS_MS = 20

type Call = (driver: StorageDriver, options: OperationOptions) => Promise<unknown>

/** Every call that takes a signal, on a storage with `/file` and `/dir/file`. */
const CALLS: Readonly<Record<string, Call>> = {
  getContent: (driver, options) => driver.getContent('/file', options),
  putContent: (driver, options) => driver.putContent('/file', 'new', options),
  reader: async (driver, options) => paths(await driver.reader('/file', options)),
  writer: (driver, options) => driver.writer('/new', options),
  stat: (driver, options) => driver.stat('/file', options),
  list: (driver, options) => paths(driver.list('/dir', options)),
  walk: (driver, options) => paths(driver.walk('/', options)),
  move: (driver, options) => driver.move('/file', '/moved', options),
  'move of a directory': (driver, options) => driver.move('/dir', '/moved', options),
  delete: (driver, options) => driver.delete('/file', options),
  'delete of a directory': (driver, options) => driver.delete('/dir', options),
}

function callsOf(t: CaseContext): typeof CALLS {
  const { append, purgeUploads, redirectURL } = t.capabilities
  return {
    ...CALLS,
    ...(append && { append: (d, options) => d.writer('/empty', { append: true, ...options }) }),
    ...(purgeUploads && { purge: (d, options) => d.purgeUploads('/', options) }),
    ...(redirectURL && { redirect: (d, options) => d.redirectURL('/file', options) }),
  }
}

async function prepare(t: CaseContext): Promise<void> {
  // What an earlier call has moved there, as a file, would be in the way of a directory.
  for (const key of await paths(t.driver.list('/'))) {
    if (key === '/moved') await t.driver.delete(key)
  }
  await t.putAll(['/file', '/dir/file', '/dir/sub/file'])
  await t.put('/empty', 0)
}

/** The promise settles soon after the abort; gives what it fails with, or undefined. */
export async function promptly(
  { settings: { patience } }: CaseContext,
  what: string,
  promise: Promise<unknown>,
): Promise<unknown> {
  const outcome = promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  return within(PROMPT_MS * patience, `after the abort, ${what}`, outcome)
}

/** Whatever the aborted call was: each file is whole, old or new, and no upload is left. */
async function wholeAfter(t: CaseContext): Promise<void> {
  const allowed = [
    t.data('/file'),
    t.data('/dir/file'),
    t.data('/dir/sub/file'),
    t.data('/empty', 0),
  ]
  for (const key of await t.walked('/')) {
    if (key.endsWith('/')) continue
    // A move or delete that was on its way by then may still arrive between the walk and this.
    const content = await t.driver.getContent(key).catch((error) => {
      if (error.code !== 'PATH_NOT_FOUND') throw error
    })
    if (content && Buffer.from(content).toString() !== 'new') isOneOf(content, allowed)
  }
}

/** Every file with its content. */
async function contents(t: CaseContext): Promise<string[]> {
  const files = (await t.walked('/')).filter((key) => !key.endsWith('/'))
  return await Promise.all(
    files.map(
      async (path) => `${path} ${Buffer.from(await t.driver.getContent(path)).toString('hex')}`,
    ),
  )
}

/** What has been rejected does not happen afterwards. */
async function nothingComes(t: CaseContext, name: string): Promise<void> {
  const before = await contents(t)
  await wait(AFTERWARDS_MS)
  assert.deepEqual(await contents(t), before, `${name} goes on after it was aborted`)
}

/**
 * Aborts the call at some instant: it ends at once with the reason, unless it was done before. A request
 * that was on its way by then cannot be called back; one that was not (`unsent`) must not be sent.
 */
async function abortDuring(
  t: CaseContext,
  instant: () => unknown,
  { unsent = false } = {},
): Promise<void> {
  for (const [name, call] of Object.entries(callsOf(t))) {
    await prepare(t)
    const abort = new AbortController()
    const reason = new Error(`abort of ${name}`)
    const outcome = call(t.driver, { signal: abort.signal })
    outcome.catch(() => {})
    await instant()
    abort.abort(reason)
    const error = await promptly(t, name, outcome)
    if (error !== undefined) assert.equal(error, reason, `${name} fails with the signal's reason`)
    if (unsent) await nothingComes(t, name)
    await wholeAfter(t)
  }
}

export const abort: readonly Case[] = area('abort', [
  {
    id: 'before',
    title: 'a call with an aborted signal fails with its reason and does nothing',
    run: async (t) => {
      await prepare(t)
      const before = await t.walked('/')
      for (const [name, call] of Object.entries(callsOf(t))) {
        for (const reason of [new Error('mine'), 'a text', undefined, 0]) {
          const signal = AbortSignal.abort(reason)
          const error = await promptly(t, name, call(t.driver, { signal }))
          assert.equal(error, signal.reason, `${name} fails with the signal's reason`)
        }
      }
      assert.deepEqual(await t.walked('/'), before)
      await wholeAfter(t)
      await t.holds('/file', t.data('/file'))
    },
  },
  {
    id: 'invalid-path',
    title: 'an aborted call on a missing path does not tell of the path',
    run: async (t) => {
      const signal = AbortSignal.abort()
      const stat = t.driver.stat('/none', { signal })
      assert.equal(await promptly(t, 'stat', stat), signal.reason)
      const reader = t.driver.reader('/none', { signal })
      assert.equal(await promptly(t, 'reader', reader), signal.reason)
    },
  },
  {
    id: 'at-once',
    title: 'a call that is aborted in the same breath ends with the reason, and does nothing later',
    run: (t) => abortDuring(t, () => undefined, { unsent: true }),
  },
  {
    id: 'next-tick',
    title: 'a call that is aborted a tick later ends with the reason or is done',
    run: (t) => abortDuring(t, () => immediate()),
  },
  {
    id: 'later',
    title: 'a call that is aborted a millisecond later ends with the reason or is done',
    run: (t) => abortDuring(t, () => wait(1)),
  },
  {
    id: 'listeners',
    title: 'no listener is left on the signal after a call, whether it succeeds or fails',
    run: async (t) => {
      const { signal } = new AbortController()
      for (const [name, call] of Object.entries(callsOf(t))) {
        await prepare(t)
        const result = await call(t.driver, { signal })
        // A writer goes on listening until its end.
        if (typeof result === 'object' && result !== null && 'cancel' in result) {
          await (result as FileWriter).cancel()
        }
        await t.eventually(`no listener of ${name}`, () => listeners(signal) === 0)
      }
      await t.rejects(t.driver.stat('/none', { signal }), 'PATH_NOT_FOUND')
      await t.rejects(t.driver.reader('/none', { signal }), 'PATH_NOT_FOUND')
      await t.rejects(paths(t.driver.list('/none', { signal })), 'PATH_NOT_FOUND')
      await t.eventually('no listener of failed calls', () => listeners(signal) === 0)
    },
  },
  {
    id: 'reading',
    title: 'an abort in the middle of a stream ends it with the reason',
    run: async (t) => {
      await t.commit('/large', t.data('large', 4 * 2 ** 20))
      for (const reason of [new Error('mine'), undefined]) {
        const control = new AbortController()
        const stream = await t.driver.reader('/large', { signal: control.signal })
        const reading = (async () => {
          for await (const _ of stream) control.abort(reason)
        })()
        assert.equal(await promptly(t, 'the stream', reading), control.signal.reason)
        assert.ok(stream.destroyed)
        await t.eventually('no listener', () => listeners(control.signal) === 0)
      }
    },
  },
  {
    id: 'opened',
    title: 'an abort before the first byte is read ends the stream with the reason',
    run: async (t) => {
      await t.put('/file', 1000)
      const control = new AbortController()
      const stream = await t.driver.reader('/file', { signal: control.signal })
      control.abort(new Error('mine'))
      assert.equal(await promptly(t, 'the stream', paths(stream)), control.signal.reason)
    },
  },
  {
    id: 'destroyed-reader',
    title: 'a stream that was destroyed or read to its end no longer listens to the signal',
    run: async (t) => {
      await t.put('/file', 1000)
      const { signal } = new AbortController()
      for (let i = 0; i < 20; i++) {
        ;(await t.driver.reader('/file', { signal })).destroy()
        await paths(await t.driver.reader('/file', { signal }))
      }
      await t.eventually('no listener', () => listeners(signal) === 0)
    },
  },
  ...(['list', 'walk'] as const).map((method) => ({
    id: method,
    title: `an abort in the middle of a ${method} ends it with the reason`,
    run: async (t: CaseContext) => {
      await t.putAll(Array.from({ length: t.settings.pageSize + 3 }, (_, i) => `/d/f${i}`))
      const control = new AbortController()
      const reason = new Error('mine')
      let count = 0
      const iterating = (async () => {
        for await (const _ of t.driver[method]('/d', { signal: control.signal })) {
          count++
          assert.ok(count < 10_000, `the ${method} has no end`)
          if (count === 2) control.abort(reason)
        }
      })()
      assert.equal(await promptly(t, method, iterating), reason)
      assert.equal(count, 2, 'nothing comes after the abort')
      await t.eventually('no listener', () => listeners(control.signal) === 0)
    },
  })),
])

export function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length
}
