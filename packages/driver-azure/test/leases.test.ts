// A blob that somebody has leased: a backup, a lock, the disk of a machine.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import {
  blobNames,
  collect,
  containerClient,
  newStorage,
  open,
  pattern,
  SMALL,
} from './helpers/storages.ts'

const data = pattern(3 * SMALL.blockSize + 100)

let storage: string
let driver: StorageDriver
const leases: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  storage = newStorage()
  driver = await open(storage, { maxRetries: -1 })
})

afterEach(async () => {
  await release()
  await driver.close()
})

async function lease(name: string): Promise<void> {
  const blob = (await containerClient()).getBlobClient(`${storage}/${name}`)
  const client = blob.getBlobLeaseClient()
  await client.acquireLease(60)
  leases.push(() => client.releaseLease())
}

async function release(): Promise<void> {
  for (const one of leases.splice(0)) await one()
}

async function holds(path: string, content: Uint8Array | string): Promise<void> {
  expect(Buffer.compare(await driver.getContent(path), Buffer.from(content))).toBe(0)
}

const REFUSED = { code: 'PERMISSION_DENIED', message: expect.stringContaining('lease') }

test.each([
  ['small', data.subarray(0, 10)],
  ['large', data],
])(
  'a %s commit onto a leased file fails, and works once the lease is gone',
  async (_how, bytes) => {
    await driver.putContent('/file', 'old')
    await lease('file')
    const writer = await driver.writer('/file')
    await writer.write(bytes)
    await expect(writer.commit()).rejects.toMatchObject(REFUSED)
    await holds('/file', 'old')
    await release()
    await writer.commit()
    await holds('/file', bytes)
    expect(await blobNames(storage)).toEqual([`${storage}/file`])
  },
)

test('an upload whose commit met a lease can be continued by another writer', async () => {
  await driver.putContent('/file', 'old')
  await lease('file')
  const writer = await driver.writer('/file')
  await writer.write(data)
  await expect(writer.commit()).rejects.toMatchObject(REFUSED)
  await writer.close()
  await release()
  const next = await driver.writer('/file', { append: true })
  expect(next.size).toBe(data.length)
  await next.commit()
  await holds('/file', data)
})

test('a leased file is not moved, and nothing is at its destination', async () => {
  await driver.putContent('/from', 'one')
  await lease('from')
  await expect(driver.move('/from', '/to')).rejects.toMatchObject(REFUSED)
  expect(await collect(driver.list('/'))).toEqual(['/from'])
})

test('a directory with a leased file is not moved, and nothing of it is lost', async () => {
  for (const name of ['a', 'b', 'c']) await driver.putContent(`/from/${name}`, name)
  await driver.putContent('/to/old', 'old')
  await lease('from/b')
  await expect(driver.move('/from', '/to')).rejects.toMatchObject(REFUSED)
  expect(await collect(driver.list('/from'))).toEqual(['/from/a', '/from/b', '/from/c'])
  await holds('/to/old', 'old')
})

test('a file is not moved onto a leased one', async () => {
  await driver.putContent('/from', 'one')
  await driver.putContent('/to', 'two')
  await lease('to')
  await expect(driver.move('/from', '/to')).rejects.toMatchObject(REFUSED)
  await holds('/from', 'one')
  await holds('/to', 'two')
})

test('a leased file is neither replaced nor deleted, and the error says why', async () => {
  await driver.putContent('/dir/file', 'old')
  await lease('dir/file')
  await expect(driver.putContent('/dir/file', 'new')).rejects.toMatchObject(REFUSED)
  for (const path of ['/dir/file', '/dir']) {
    await expect(driver.delete(path)).rejects.toMatchObject({ errors: [REFUSED] })
  }
  await holds('/dir/file', 'old')
})

test('a staged upload that somebody leased is not taken for a lost one', async () => {
  const writer = await driver.writer('/file')
  await writer.write(data)
  await writer.close()
  const [staged = ''] = await blobNames(storage)
  const next = await driver.writer('/file', { append: true })
  await next.write(Buffer.from('more'))
  await lease(staged.slice(storage.length + 1))
  await expect(next.commit()).rejects.toMatchObject(REFUSED)
  await release()
  await next.commit()
  await holds('/file', Buffer.concat([data, Buffer.from('more')]))
})
