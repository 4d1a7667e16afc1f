// What a file has besides its bytes is kept by moves, however the copy is made.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import type { FaultProxy } from '@stowage/testsuite'
import { refused } from './helpers/faults.ts'
import { containerClient, newStorage, open, openThroughProxy, pattern } from './helpers/storages.ts'

const data = pattern(200_000)

let storage: string
let driver: StorageDriver
let proxy: FaultProxy
let end: AsyncDisposable

beforeEach(async () => {
  storage = newStorage()
  const opened = await openThroughProxy(storage, { maxRetries: -1 })
  driver = opened.driver
  proxy = opened.proxy
  end = opened
})

afterEach(async () => {
  await end[Symbol.asyncDispose]()
})

async function blob(name: string) {
  return (await containerClient()).getBlockBlobClient(`${storage}/${name}`)
}

const WAYS: Readonly<Record<string, () => void>> = {
  'one request': () => {},
  // Azurite would take any URL as a source.
  'reading and writing': () => {
    proxy.rule = ({ operation }) =>
      /From URL/.test(operation) ? refused(400, 'OutOfRangeInput') : undefined
  },
}

test.each(Object.keys(WAYS))('a move by %s keeps headers, metadata and tier', async (way) => {
  await (await blob('from')).upload(data, data.length, {
    blobHTTPHeaders: {
      ...{ blobContentType: 'text/plain', blobCacheControl: 'no-store', blobContentEncoding: 'br' },
      ...{ blobContentLanguage: 'de', blobContentDisposition: 'inline' },
    },
    metadata: { owner: 'me' },
    tier: 'Cool',
  })
  WAYS[way]?.()
  await driver.move('/from', '/to')
  proxy.rule = () => undefined
  const found = await (await blob('to')).getProperties()
  expect(found).toMatchObject({
    ...{ contentType: 'text/plain', cacheControl: 'no-store', contentEncoding: 'br' },
    ...{ contentLanguage: 'de', contentDisposition: 'inline', metadata: { owner: 'me' } },
    ...{ accessTier: 'Cool', contentLength: data.length },
  })
  expect(Buffer.compare(await driver.getContent('/to'), data)).toBe(0)
})

test('tags are kept', async () => {
  await (await blob('from')).upload('x', 1, { tags: { project: 'one' } })
  WAYS['reading and writing']?.()
  await driver.move('/from', '/to')
  expect((await (await blob('to')).getTags()).tags).toEqual({ project: 'one' })
})

test.each([10, 200_000])('all that is written gets the access tier, of %d bytes', async (size) => {
  const cool = await open(storage, { accessTier: 'Cool' })
  const writer = await cool.writer('/written')
  await writer.write(data.subarray(0, size))
  await writer.commit()
  await cool.putContent('/put', data.subarray(0, 10))
  for (const name of ['written', 'put']) {
    expect((await (await blob(name)).getProperties()).accessTier).toBe('Cool')
  }
  await cool.close()
})

test('long names beyond ASCII are put, committed and moved, whatever the service takes as a source', async () => {
  proxy.rule = ({ headers }) =>
    String(headers['x-ms-copy-source'] ?? '').length > 2048
      ? refused(400, 'OutOfRangeInput')
      : undefined
  for (const count of [180, 250, 330]) {
    const path = `/${'日'.repeat(count)}`
    const writer = await driver.writer(path)
    await writer.write(data)
    await writer.commit()
    await driver.move(path, `${path}x`)
    expect(Buffer.compare(await driver.getContent(`${path}x`), data)).toBe(0)
    await driver.putContent(path, 'x')
    await driver.move(`${path}x`, '/short')
    expect(Buffer.compare(await driver.getContent('/short'), data)).toBe(0)
    await driver.delete(path)
  }
  expect(
    proxy.seen.filter(({ headers }) => String(headers['x-ms-copy-source'] ?? '').length > 2048),
  ).toEqual([])
})

test('a time is kept as rclone keeps it, and read as rclone writes it', async () => {
  const modTime = new Date('2001-02-03T04:05:06.789Z')
  await driver.putContent('/put', 'x', { modTime })
  const writer = await driver.writer('/written', { modTime })
  await writer.write(data)
  await writer.commit()
  for (const name of ['put', 'written']) {
    expect((await (await blob(name)).getProperties()).metadata).toEqual({
      mtime: '2001-02-03T04:05:06.789000000Z',
    })
  }
  await (await blob('rclone')).upload('x', 1, {
    metadata: { Mtime: '2001-02-03T06:05:06.789123456+02:00' },
  })
  await (await blob('odd')).upload('x', 1, { metadata: { mtime: 'yesterday' } })
  await driver.move('/rclone', '/moved')
  for await (const { path, modTime: walked, isDir } of driver.walk('/')) {
    if (isDir) continue
    const told = path === '/odd' ? expect.any(Date) : modTime
    expect(walked).toEqual(told)
    expect((await driver.stat(path)).modTime).toEqual(walked)
  }
})
