// Faults made by a proxy between the driver and Azurite: what happened to the data is what counts.

import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import type { FaultProxy, Rule } from '@stowage/testsuite'
import { until } from '@stowage-internal/jest-preset/patience'
import { cutAfter, LOST, refused, stallAfter, withHeaders } from './helpers/faults.ts'
import { blobNames, newStorage, openThroughProxy, pattern, SMALL } from './helpers/storages.ts'

const { blockSize } = SMALL
const data = pattern(3 * blockSize + 100)

let storage: string
let driver: StorageDriver
let proxy: FaultProxy
let end: AsyncDisposable
let controller: AbortController
const olderThan = new Date(Date.now() + 1_000_000)

beforeEach(async () => {
  storage = newStorage()
  const opened = await openThroughProxy(storage, { idleTimeout: '2s', maxRetries: 2 })
  driver = opened.driver
  proxy = opened.proxy
  end = opened
})

afterEach(async () => {
  await end[Symbol.asyncDispose]()
})

/** The fault for the first so many requests of that operation. */
function first(times: number, operation: string, fault: ReturnType<Rule>): Rule {
  let left = times
  return (seen) => (seen.operation === operation && left-- > 0 ? fault : undefined)
}

async function write(path: string, content: Uint8Array = data): Promise<void> {
  const writer = await driver.writer(path)
  await writer.write(content)
  await writer.commit()
}

async function holds(path: string, content: Uint8Array): Promise<void> {
  expect(Buffer.compare(await driver.getContent(path), content)).toBe(0)
  expect(await blobNames(storage)).toEqual([`${storage}${path}`])
}

const WRITES = ['Put Block', 'Put Block List', 'Copy Blob From URL', 'Delete Blob']

test.each(WRITES)('a lost reply to %s neither loses nor repeats data', async (operation) => {
  proxy.rule = first(1, operation, LOST)
  await write('/file')
  await holds('/file', data)
})

test('a lost reply to the Put Blob of a small file does no harm', async () => {
  proxy.rule = first(1, 'Put Blob', LOST)
  await write('/file', data.subarray(0, 10))
  await holds('/file', data.subarray(0, 10))
})

test.each(WRITES)('a refused %s is tried again', async (operation) => {
  proxy.rule = first(2, operation, refused(503, 'ServerBusy'))
  await write('/file')
  await holds('/file', data)
})

test.each([
  ['Put Block', 'write'],
  ['Put Block List', 'commit'],
  ['Copy Blob From URL', 'commit'],
])('after %s has failed for good, the upload can be finished', async (operation, method) => {
  const writer = await driver.writer('/file')
  proxy.rule = first(99, operation, refused(503, 'ServerBusy'))
  await expect(
    (async () => {
      await writer.write(data)
      await writer.commit()
    })(),
  ).rejects.toMatchObject({ code: 'THROTTLED', retryable: true })
  proxy.rule = () => undefined
  if (method === 'commit') await writer.commit()
  else {
    await writer.close()
    const next = await driver.writer('/file', { append: true })
    await next.write(data.subarray(next.size))
    await next.commit()
  }
  await holds('/file', data)
})

test('a lost reply to the commit of a continued upload neither loses nor repeats data', async () => {
  const begun = await driver.writer('/file')
  await begun.write(data.subarray(0, blockSize + 1))
  await begun.close()
  // The first commits what was there, the second what was added.
  proxy.rule = first(1, 'Put Block List', LOST)
  const next = await driver.writer('/file', { append: true })
  await next.write(data.subarray(next.size))
  proxy.rule = first(1, 'Put Block List', LOST)
  await next.commit()
  await holds('/file', data)
})

test('a body that breaks again and again is read to its end', async () => {
  await write('/file')
  proxy.rule = ({ operation }) => (operation === 'Get Blob' ? cutAfter(50_000) : undefined)
  expect(Buffer.compare(await driver.getContent('/file'), data)).toBe(0)
  const ranges = proxy.seen.filter(({ operation }) => operation === 'Get Blob')
  expect(ranges.map(({ headers }) => headers['x-ms-range'] ?? headers.range)).toEqual([
    undefined,
    ...[50_000, 100_000, 150_000].map((at) => `bytes=${at}-${data.length - 1}`),
  ])
})

test('a body that goes silent is read to its end', async () => {
  await write('/file')
  proxy.rule = first(1, 'Get Blob', stallAfter(1000))
  expect(Buffer.compare(await driver.getContent('/file'), data)).toBe(0)
})

test('a body that brings nothing in any attempt is an error', async () => {
  await write('/file')
  proxy.rule = ({ operation }) => (operation === 'Get Blob' ? cutAfter(0) : undefined)
  await expect(driver.getContent('/file')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

test('a file that is replaced while its body breaks is never mixed', async () => {
  await write('/file')
  proxy.rule = first(1, 'Get Blob', cutAfter(1000))
  const stream = await driver.reader('/file')
  await driver.putContent('/file', pattern(data.length, 2))
  await expect(stream.toArray()).rejects.toMatchObject({ code: 'REVISION_CHANGED' })
})

test('a reply with other bytes than those asked for is an error', async () => {
  await write('/file')
  proxy.rule = first(1, 'Get Blob', withHeaders({ 'content-range': 'bytes 0-9/10' }))
  await expect(driver.reader('/file', { offset: 5 })).rejects.toMatchObject({ code: 'CONTENT' })
})

test('a destroyed stream frees its socket at once', async () => {
  await write('/file', pattern(4_000_000))
  const patient = await openThroughProxy(storage, { idleTimeout: '10m' })
  const open = (): Promise<number> => patient.proxy.connections()
  const streams = await Promise.all(Array.from({ length: 5 }, () => patient.driver.reader('/file')))
  expect(await open()).toBe(5)
  for (const stream of streams) stream.destroy()
  await until(async () => (await open()) === 0)
  await patient[Symbol.asyncDispose]()
})

test('an aborted read of a whole file makes no further request', async () => {
  await write('/file')
  proxy.rule = ({ operation }) => (operation === 'Get Blob' ? stallAfter(1000) : undefined)
  const controller = new AbortController()
  const reading = driver.getContent('/file', { signal: controller.signal })
  reading.catch(() => {})
  while (!proxy.operations.includes('Get Blob')) await new Promise((done) => setImmediate(done))
  controller.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
  // Time for a request too many: an attempt anew comes after 10 ms at most.
  for (let i = 0; i < 20; i++) await driver.stat('/file')
  expect(proxy.operations.filter((operation) => operation === 'Get Blob')).toHaveLength(1)
})

test('a server that does not answer is an error, not a hang', async () => {
  proxy.rule = () => ({ hold: () => new Promise(() => {}) })
  await expect(driver.stat('/file')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

test.each(['Put Block List', 'Delete Blob'])(
  'a cancel removes everything where the reply to %s is lost',
  async (operation) => {
    const begun = await driver.writer('/file')
    await begun.write(data.subarray(0, blockSize + 1))
    await begun.close()
    // A session that was taken over is committed: only then its removal has a condition.
    const writer = await driver.writer('/file', { append: true })
    proxy.rule = first(1, operation, LOST)
    await writer.cancel()
    expect(await blobNames(storage)).toEqual([])
  },
)

test('a cancel that failed half way removes everything when it is repeated', async () => {
  const begun = await driver.writer('/file')
  await begun.write(data.subarray(0, blockSize + 1))
  await begun.close()
  const writer = await driver.writer('/file', { append: true })
  proxy.rule = first(99, 'Delete Blob', refused(500, 'InternalError'))
  await expect(writer.cancel()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  proxy.rule = () => undefined
  // What is left of it is nothing that another writer could continue.
  await expect(driver.writer('/file', { append: true })).rejects.toMatchObject({
    code: 'PATH_NOT_FOUND',
  })
  await writer.cancel()
  expect(await blobNames(storage)).toEqual([])
})

test('a delete whose reply is lost has worked', async () => {
  await write('/file', data.subarray(0, 10))
  proxy.rule = first(1, 'Delete Blob', LOST)
  await driver.delete('/file')
  expect(await blobNames(storage)).toEqual([])
})

test('a listing whose body breaks is an Unavailable error', async () => {
  await write('/file', data.subarray(0, 10))
  proxy.rule = ({ operation }) => (operation === 'List Blobs' ? cutAfter(100) : undefined)
  const walked = (async () => {
    for await (const _ of driver.walk('/'));
  })()
  await expect(walked).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
})

test.each([
  ['Blob Batch', () => driver.delete('/dir', { signal: controller.signal })],
  ['Delete Blob', () => driver.move('/dir/1', '/other', { signal: controller.signal })],
  ['Put Block List', () => driver.delete('/up', { signal: controller.signal })],
  ['Delete Blob', () => driver.purgeUploads('/', { olderThan, signal: controller.signal })],
])('an abort ends the request that removes something: %s', async (operation, run) => {
  controller = new AbortController()
  for (const name of ['1', '2']) await write(`/dir/${name}`, data.subarray(0, 10))
  const left = await driver.writer('/up')
  await left.write(data)
  await left.close()
  proxy.rule = first(99, operation, { hold: () => new Promise(() => {}) })
  proxy.reset()
  const call = run()
  call.catch(() => {})
  while (!proxy.operations.includes(operation)) await new Promise((done) => setImmediate(done))
  controller.abort(new Error('enough'))
  await expect(call).rejects.toThrow('enough')
  await until(() => proxy.busy === 0)
})

test('a request that is repeated after close leaves no connection', async () => {
  await write('/file', data.subarray(0, 10))
  const patient = await openThroughProxy(storage, { idleTimeout: '10m', maxRetries: 2 })
  let held = true
  patient.proxy.rule = () => (held ? { hold: () => new Promise(() => {}) } : undefined)
  const stat = patient.driver.stat('/file').catch(() => {})
  while (patient.proxy.busy === 0) await new Promise((done) => setImmediate(done))
  held = false
  // Its socket is ended, and the SDK tries again.
  await patient.driver.close()
  await stat
  await until(async () => (await patient.proxy.connections()) === 0)
  await patient[Symbol.asyncDispose]()
})
