import assert from 'node:assert/strict'
import { isStorageError, type StorageDriver } from '@stowage/core'
import { area, type Case } from '../case.ts'
import { type CaseContext, feed, paths } from '../context.ts'

/** More than a stream holds in its buffers. */
const LARGE = 4 * 2 ** 20

const CALLS: Readonly<Record<string, (driver: StorageDriver) => Promise<unknown>>> = {
  getContent: (driver) => driver.getContent('/file'),
  putContent: (driver) => driver.putContent('/file', 'new'),
  reader: (driver) => driver.reader('/file'),
  writer: (driver) => driver.writer('/new'),
  append: (driver) => driver.writer('/new', { append: true }),
  stat: (driver) => driver.stat('/'),
  list: (driver) => paths(driver.list('/')),
  walk: (driver) => paths(driver.walk('/')),
  move: (driver) => driver.move('/file', '/moved'),
  delete: (driver) => driver.delete('/file'),
  redirectURL: (driver) => driver.redirectURL('/file'),
  purgeUploads: (driver) => driver.purgeUploads('/'),
}

/** What the call gives, or the typed error that it may fail with once its instance is closed. */
async function orFails<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (!isStorageError(error)) throw error
    return undefined
  }
}

/** Reads a file whose instance is closed after the first bytes. */
async function readWhileClosing(t: CaseContext, instance: StorageDriver): Promise<void> {
  const data = t.data('large', LARGE)
  await instance.putContent('/large', data.bytes())
  const stream = await instance.reader('/large')
  let at = 0
  const reading = async (): Promise<void> => {
    for await (const chunk of stream) {
      data.check(chunk, at, at + chunk.length)
      if (at === 0) await instance.close()
      at += chunk.length
    }
    assert.equal(at, data.size, 'bytes before the stream ended without an error')
  }
  await orFails(reading())
}

export const closed: readonly Case[] = area('closed', [
  {
    id: 'refuses',
    title: 'every call after close is refused with a typed error, and does nothing',
    run: async (t) => {
      const data = await t.put('/file')
      const instance = await t.openOther('')
      await instance.close()
      for (const call of Object.values(CALLS)) await t.rejects(call(instance), 'CLOSED')
      await t.holds('/file', data)
      assert.deepEqual(await t.walked('/'), ['/file'])
    },
  },
  {
    id: 'iterations',
    title: 'a list and a walk that begin after close are refused, whenever they were made',
    run: async (t) => {
      const instance = await t.openOther('')
      const list = instance.list('/')
      const walk = instance.walk('/')
      await instance.close()
      await t.rejects(paths(list), 'CLOSED', { path: '/' })
      await t.rejects(paths(walk), 'CLOSED', { path: '/' })
    },
  },
  {
    id: 'twice',
    title: 'a second close does nothing, at the same time or later, in a scope or outside',
    run: async (t) => {
      const instance = await t.openOther('')
      await instance.stat('/')
      await Promise.all([instance.close(), instance[Symbol.asyncDispose](), instance.close()])
      await instance.close()
      await instance[Symbol.asyncDispose]()
    },
  },
  {
    id: 'reader',
    title: 'a stream that is open at close gives every byte or fails',
    run: async (t) => readWhileClosing(t, await t.openOther('')),
  },
  {
    id: 'upload',
    title:
      'an upload that is open at close keeps what its writer has closed, and nothing is visible',
    needs: 'persistent',
    leavesUploads: true,
    run: async (t) => {
      const old = await t.put('/file')
      const data = t.data('upload', 2 * t.settings.partSize + 1)
      const instance = await t.openOther('')
      const writer = await instance.writer('/file')
      await feed(writer, data, { to: t.settings.partSize + 1 })
      await instance.close()
      const isKept = await orFails(writer.close().then(() => true))
      await t.holds('/file', old)
      if (!isKept || !t.capabilities.append) return
      const next = await t.driver.writer('/file', { append: true })
      assert.equal(next.size, t.settings.partSize + 1, 'bytes kept')
      await feed(next, data, { from: next.size })
      await next.commit()
      await t.holds('/file', data)
    },
  },
])
