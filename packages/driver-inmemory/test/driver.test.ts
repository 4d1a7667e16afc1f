import { create, createFromURL, type StorageDriver } from '@stowage/core'
import '@stowage/driver-inmemory'

let driver: StorageDriver
beforeEach(async () => {
  driver = await create('inmemory')
})

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of source) all.push(item)
  return all
}

const text = async (path: string): Promise<string> => String(await driver.getContent(path))
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'fine',
    (error) => error.code,
  )

describe('content', () => {
  it('is copied on the way in', async () => {
    const content = Buffer.from('abc')
    await driver.putContent('/put', content)
    const writer = await driver.writer('/written')
    await writer.write(content)
    content.fill('x')
    await writer.write(content)
    content.fill('y')
    await writer.commit()
    expect([await text('/put'), await text('/written')]).toEqual(['abc', 'abcxxx'])
  })

  it('is copied on the way out', async () => {
    await driver.putContent('/a', 'abc')
    const content = await driver.getContent('/a')
    content.fill(0)
    for await (const chunk of await driver.reader('/a')) chunk.fill(0)
    expect(await text('/a')).toBe('abc')
  })

  it('of an open reader stays although the file is replaced, moved or deleted', async () => {
    const old = Buffer.alloc(300_000, 'old')
    for (const change of [
      () => driver.putContent('/a', 'new'),
      () => driver.move('/a', '/b'),
      () => driver.delete('/a'),
    ]) {
      await driver.putContent('/a', old)
      const reader = await driver.reader('/a')
      const chunks: Buffer[] = []
      for await (const chunk of reader) {
        if (chunks.length === 0) await change()
        chunks.push(chunk)
      }
      expect(Buffer.concat(chunks).equals(old)).toBe(true)
    }
  })
})

it('keeps each instance apart and empty at first', async () => {
  await driver.putContent('/a', 'x')
  const other = await create('inmemory')
  expect(await collect(other.list('/'))).toEqual([])
  expect(driver.capabilities.persistent).toBe(false)
})

describe('files and directories', () => {
  it('exclude each other', async () => {
    await driver.putContent('/d/f', 'x')
    expect(await code(driver.putContent('/d', 'x'))).toBe('INVALID_PATH')
    expect(await code(driver.putContent('/d/f/g', 'x'))).toBe('INVALID_PATH')
    expect(await code(driver.writer('/d/f/g'))).toBe('INVALID_PATH')
    expect(driver.capabilities.fileAndDirectory).toBe(false)
  })

  it('do not where the parameter says so, as a program or a URL gives it', async () => {
    for (const both of [
      await create('inmemory', { fileAndDirectory: true }),
      await createFromURL('inmemory:?fileanddirectory=true'),
    ]) {
      await both.putContent('/d/f', 'x')
      await both.putContent('/d', 'y')
      expect(await collect(both.list('/'))).toEqual(['/d'])
      expect(both.capabilities.fileAndDirectory).toBe(true)
    }
  })
})

describe('a walk', () => {
  beforeEach(async () => {
    for (const path of ['/a/1', '/a/2', '/b/1', '/b/2', '/c']) await driver.putContent(path, path)
  })

  it('goes on although the tree changes beneath it', async () => {
    const seen: string[] = []
    for await (const { path } of driver.walk('/')) {
      seen.push(path)
      if (path !== '/a') continue
      await driver.delete('/a')
      await driver.putContent('/b/0', 'x')
      await driver.delete('/b/2')
    }
    expect(seen).toEqual(['/a', '/a/1', '/b', '/b/0', '/b/1', '/c'])
  })

  it('jumps over what is skipped', async () => {
    const walk = driver.walk('/', { startAfter: '/a/1' })
    const seen: string[] = []
    for await (const { path } of walk) {
      seen.push(path)
      if (path === '/b') walk.skipDir()
    }
    expect(seen).toEqual(['/a/2', '/b', '/c'])
  })
})

it('purges idle uploads from the age that is asked for, and no held ones', async () => {
  const idle = await driver.writer('/d/idle')
  await idle.close()
  const held = await driver.writer('/d/held')
  expect(await driver.purgeUploads('/')).toEqual([])
  const olderThan = new Date(Date.now() + 60_000)
  for (const dryRun of [true, false]) {
    const purged = await driver.purgeUploads('/d', { olderThan, dryRun })
    expect(purged.map(({ path }) => path)).toEqual(['/d/idle'])
  }
  expect(await driver.purgeUploads('/', { olderThan })).toEqual([])
  await held.commit()
  expect(await collect(driver.list('/d'))).toEqual(['/d/held'])
})

it('continues the newest idle upload', async () => {
  for (const content of ['old', 'new']) {
    const writer = await driver.writer('/a')
    await writer.write(Buffer.from(content))
    await writer.close()
  }
  const first = await driver.writer('/a', { append: true })
  const second = await driver.writer('/a', { append: true })
  await second.commit()
  expect(await text('/a')).toBe('old')
  await first.commit()
  expect(await text('/a')).toBe('new')
  expect(await code(driver.writer('/a', { append: true }))).toBe('UNSUPPORTED_METHOD')
})

it('refuses a parameter that it does not know', async () => {
  // @ts-expect-error: and so does the compiler
  const made = create('inmemory', { wrong: 1 })
  await expect(made).rejects.toMatchObject({
    code: 'CONFIG',
    message: 'inmemory: unknown parameter wrong: known are fileAndDirectory',
  })
})
