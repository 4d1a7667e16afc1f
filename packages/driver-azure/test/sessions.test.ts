import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import {
  blobNames,
  collect,
  containerClient,
  newStorage,
  open,
  openThroughProxy,
  pattern,
  SMALL,
} from './helpers/storages.ts'

const { blockSize } = SMALL
const long = pattern(3 * blockSize + 100)

let storage: string
let driver: StorageDriver

beforeEach(async () => {
  storage = newStorage()
  driver = await open(storage)
})

afterEach(async () => {
  for (const resource of [...others.splice(0), driver]) await resource[Symbol.asyncDispose]()
})

const others: AsyncDisposable[] = []

/** An instance that does not know of this one's writers, as in a process of its own. */
async function otherProcess(): Promise<StorageDriver> {
  return (await slowly()).driver
}

async function holds(path: string, content: Uint8Array): Promise<void> {
  expect(Buffer.compare(await driver.getContent(path), content)).toBe(0)
}

test('concurrent writers of one path keep their blocks whoever commits first', async () => {
  const versions = [1, 2, 3].map((seed) => pattern(long.length, seed))
  const writers = await Promise.all(versions.map(() => driver.writer('/file')))
  for (const [i, writer] of writers.entries()) {
    await writer.write(versions[i]?.subarray(0, 2 * blockSize + 1) ?? new Uint8Array())
  }
  for (const i of [1, 0, 2]) {
    await writers[i]?.write(versions[i]?.subarray(2 * blockSize + 1) ?? new Uint8Array())
    await writers[i]?.commit()
    await holds('/file', versions[i] ?? new Uint8Array())
  }
  expect(await blobNames(storage)).toEqual([`${storage}/file`])
})

test('blocks are staged on a blob of the session, never on the target', async () => {
  const writer = await driver.writer('/dir/file')
  await writer.write(long)
  await writer.close()
  const names = await blobNames(storage)
  expect(names).toEqual([expect.stringMatching(/\/\.stowage\/uploads\/dir\/file\/[0-9a-z]{25}$/)])
  const list = await (await containerClient())
    .getBlockBlobClient(names[0] ?? '')
    .getBlockList('all')
  expect(list.committedBlocks).toEqual([])
  expect(list.uncommittedBlocks?.map(({ size }) => size)).toEqual([
    ...Array(3).fill(blockSize),
    100,
  ])
  const ids = list.uncommittedBlocks?.map(({ name }) => Buffer.from(name, 'base64').toString())
  const mark = ids?.[0]?.slice(0, 8)
  const offsets = [0, 1, 2, 3].map((i) => (i * blockSize).toString(16).padStart(12, '0'))
  expect(ids).toEqual(offsets.map((offset) => mark + offset))
})

test('a session that a writer of this process holds is not continued by another one', async () => {
  const begun = await driver.writer('/file')
  await begun.write(long)
  const other = await open(storage)
  others.push(other)
  await expect(other.writer('/file', { append: true })).rejects.toMatchObject({
    code: 'PATH_NOT_FOUND',
  })
  expect(await other.purgeUploads('/', { olderThan: new Date(Date.now() + 1e6) })).toEqual([])
  await begun.close()
  const both = await Promise.allSettled([
    other.writer('/file', { append: true }),
    driver.writer('/file', { append: true }),
  ])
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('of writers that continue one session in turn, only the last one can commit', async () => {
  const begun = await driver.writer('/file')
  await begun.write(long.subarray(0, blockSize + 7))
  await begun.close()
  const [one, two] = [await otherProcess(), await otherProcess()]
  const early = await one.writer('/file', { append: true })
  const late = await two.writer('/file', { append: true })
  expect([early.size, late.size]).toEqual([blockSize + 7, blockSize + 7])
  await early.write(pattern(2 * blockSize, 9))
  await late.write(long.subarray(blockSize + 7))
  await expect(early.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  await late.commit()
  await holds('/file', long)
  await early.cancel()
  expect(await blobNames(storage)).toEqual([`${storage}/file`])
})

test('blocks of a writer that lost its session do not come into the file', async () => {
  const begun = await driver.writer('/file')
  await begun.write(long.subarray(0, blockSize))
  await begun.close()
  const [one, two] = [await otherProcess(), await otherProcess()]
  const early = await one.writer('/file', { append: true })
  const late = await two.writer('/file', { append: true })
  await early.write(pattern(2 * blockSize, 9))
  await early.close()
  await late.write(long.subarray(blockSize, 2 * blockSize))
  await late.close()
  const last = await driver.writer('/file', { append: true })
  expect(last.size).toBe(2 * blockSize)
  await last.write(long.subarray(2 * blockSize))
  await last.commit()
  await holds('/file', long)
})

test('continuing and committing without a further byte leaves no mark on the file', async () => {
  const begun = await driver.writer('/file')
  await begun.write(long)
  await begun.close()
  await (await driver.writer('/file', { append: true })).commit()
  await holds('/file', long)
  const blob = (await containerClient()).getBlobClient(`${storage}/file`)
  expect((await blob.getProperties()).metadata).toEqual({})
})

test('a continued upload leaves no mark on the file', async () => {
  const begun = await driver.writer('/file')
  await begun.write(long.subarray(0, 10))
  await begun.close()
  const next = await driver.writer('/file', { append: true })
  await next.write(long.subarray(10))
  await next.commit()
  await holds('/file', long)
  const blob = (await containerClient()).getBlobClient(`${storage}/file`)
  expect((await blob.getProperties()).metadata).toEqual({})
})

async function slowly(): ReturnType<typeof openThroughProxy> {
  const opened = await openThroughProxy(storage)
  others.push(opened)
  return opened
}

/** Waits until the one session there is has so many blocks. */
async function storedBlocks(count: number): Promise<void> {
  const container = await containerClient()
  for (let found = -1; found < count; ) {
    const [name = ''] = await blobNames(storage)
    const list = name && (await container.getBlockBlobClient(name).getBlockList('uncommitted'))
    found = list ? (list.uncommittedBlocks?.length ?? 0) : 0
  }
}

test('a delete leaves nothing of an upload whose blocks are under way', async () => {
  const { proxy, driver: slow } = await slowly()
  const writer = await slow.writer('/dir/file')
  let release = (): void => {}
  const held = new Promise<void>((done) => {
    release = done
  })
  proxy.rule = ({ operation }) => (operation === 'Put Block' ? { hold: () => held } : undefined)
  await writer.write(long)
  let isDone = false
  const deleting = slow.delete('/dir').then(() => {
    isDone = true
  })
  // Time for a delete that does not wait to come to its end.
  for (let i = 0; i < 10; i++) await driver.stat('/').catch(() => {})
  expect(isDone).toBe(false)
  release()
  await deleting
  expect(await blobNames(storage)).toEqual([])
  await expect(writer.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
})

test('an upload that was purged and whose writer goes on leaves nothing to continue', async () => {
  const writer = await (await otherProcess()).writer('/file')
  await writer.write(long)
  await storedBlocks(3)
  await driver.purgeUploads('/', { olderThan: new Date(Date.now() + 1e6) })
  await writer.write(long)
  await expect(writer.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  await expect(driver.writer('/file', { append: true })).rejects.toMatchObject({
    code: 'PATH_NOT_FOUND',
  })
  expect(await blobNames(storage)).toEqual([])
  await writer.cancel()
})

test('uploads of the longest paths are kept apart, continued, listed and removed', async () => {
  const longest = (last: string): string => `/${'d'.repeat(900)}/${'e'.repeat(90)}${last}`
  for (const [i, last] of ['x', 'y'].entries()) {
    const writer = await driver.writer(longest(last))
    await writer.write(long.subarray(0, 100 + i))
    await writer.close()
  }
  const next = await driver.writer(longest('y'), { append: true })
  expect(next.size).toBe(101)
  await next.commit()
  await holds(longest('y'), long.subarray(0, 101))
  const purged = await driver.purgeUploads('/', { olderThan: new Date(Date.now() + 1e6) })
  expect(purged).toHaveLength(1)
  expect(longest('x').startsWith(purged[0]?.path ?? '-')).toBe(true)
  expect(await collect(driver.walk(`/${'d'.repeat(900)}`))).toHaveLength(1)
})

test('the place of the uploads is nobody else’s', async () => {
  for (const path of ['/.stowage', '/.stowage/uploads/x']) {
    await Promise.all(
      [
        driver.putContent(path, 'x'),
        driver.stat(path),
        driver.getContent(path),
        driver.writer(path),
        driver.delete(path),
        driver.move('/a', path),
        collect(driver.list(path)),
      ].map((call) => expect(call).rejects.toMatchObject({ code: 'INVALID_PATH' })),
    )
  }
})

test('a new session has the service’s time, and not that of a clock that was set wrong', async () => {
  await driver.putContent('/other', 'x')
  const { now } = Date
  try {
    Date.now = () => now() + 3_600_000
    const writer = await driver.writer('/file')
    await writer.write(long)
    await writer.close()
  } finally {
    Date.now = now
  }
  const [upload] = await driver.purgeUploads('/', {
    olderThan: new Date(now() + 60_000),
    dryRun: true,
  })
  expect(upload?.path).toBe('/file')
})

test('append continues the newest upload, whatever the clocks of its writers say', async () => {
  const { now } = Date
  try {
    Date.now = () => now() + 3_600_000
    const early = await driver.writer('/file')
    await early.write(Buffer.alloc(blockSize + 1))
    await early.close()
    // The service tells times in seconds.
    const second = Math.floor(now() / 1000)
    while (Math.floor(now() / 1000) <= second) await new Promise((done) => setImmediate(done))
    Date.now = now
    const late = await driver.writer('/file')
    await late.write(long)
    await late.close()
  } finally {
    Date.now = now
  }
  const next = await (await otherProcess()).writer('/file', { append: true })
  expect(next.size).toBe(long.length)
})
