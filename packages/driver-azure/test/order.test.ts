import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import { compareKeys } from '@stowage/core'
import { inByteOrder } from '../src/order.ts'
import { collect, newStorage, open, openThroughProxy } from './helpers/storages.ts'

/** Names whose order differs between UTF-8 and UTF-16, and their neighbours. */
const NAMES = [
  ...['a', 'a-', 'a-b', 'a.b', 'a0', 'aA', 'a_', 'a b', 'a~', 'b', '-', '0', '_', '~'],
  ...['é', '\u{1f600}', '\u{1f600}z', '\ue000', '\uffee', 'z'],
].flatMap((name) => [name, `x${name}`])

let storage: string
let driver: StorageDriver

beforeAll(async () => {
  storage = newStorage()
  driver = await open(storage, { pageSize: 3 })
  for (const name of NAMES) {
    await driver.putContent(`/files/${name}`, 'x')
    await driver.putContent(`/dirs/${name}/${name}`, 'x')
  }
})

afterAll(async () => {
  await driver.close()
})

const sorted = (keys: string[]): string[] => [...keys].sort(compareKeys)

test('children come in byte order though the server lists in another', async () => {
  const files = NAMES.map((name) => `/files/${name}`)
  expect(await collect(driver.list('/files'))).toEqual(sorted(files))
  const dirs = sorted(NAMES.map((name) => `/dirs/${name}/`)).map((key) => key.slice(0, -1))
  expect(await collect(driver.list('/dirs'))).toEqual(dirs)
})

test('a walk comes in byte order and resumes anywhere', async () => {
  const files = sorted(NAMES.map((name) => `/files/${name}`))
  const paths = async (startAfter?: string): Promise<string[]> =>
    (await collect(driver.walk('/files', { startAfter }))).map(({ path }) => path)
  expect(await paths()).toEqual(files)
  for (const [i, file] of files.entries()) expect(await paths(file)).toEqual(files.slice(i + 1))
})

test.each(['bytes', 'UTF-16'])('a listing in the order of %s ends up in byte order', async (by) => {
  const keys = NAMES.flatMap((name) => [name, `${name}/x`, `${name}/\u{1f600}/y`, `${name}/\ue000`])
  const listed = by === 'bytes' ? sorted(keys) : [...keys].sort((a, b) => (a < b ? -1 : 1))
  async function* listing(): AsyncGenerator<string> {
    yield* listed
  }
  expect(await collect(inByteOrder(listing(), (key) => key))).toEqual(sorted(keys))
})

test('a walk is lazy, and jumps over what the caller skips', async () => {
  const { proxy, driver: watched, ...opened } = await openThroughProxy(storage, { pageSize: 2 })
  try {
    for (let i = 0; i < 12; i++) await watched.putContent(`/many/a/${i}`, 'x')
    await watched.putContent('/many/b', 'x')
    proxy.reset()
    const walk = watched.walk('/many')
    const found: string[] = []
    for await (const { path, isDir } of walk) {
      found.push(path)
      if (isDir) {
        expect(proxy.operations).toEqual(['List Blobs'])
        walk.skipDir()
      }
    }
    expect(found).toEqual(['/many/a', '/many/b'])
    expect(proxy.operations).toEqual(['List Blobs', 'List Blobs'])
  } finally {
    await opened[Symbol.asyncDispose]()
  }
})

/** The paths that the original's suite takes for valid, but for `/abc./abc`. */
const ORIGINAL = [
  ...['/a', '/2', '/aa', '/a.a', '/0-9/abcdefg', '/abcdefg/z.75', '/docker/docker-registry'],
  ...['/abc/1.2.3.4.5-6_zyx/123.z/4', '/123.abc', '/.abc', '/a--b', '/a-.b', '/_.abc'],
  ...['/Docker/docker-registry', '/Abc/Cba'],
]

test('every path that the original takes for valid is stored, but those the service would change', async () => {
  for (const path of ORIGINAL) {
    await driver.putContent(`/original${path}`, path)
    expect(String(await driver.getContent(`/original${path}`))).toBe(path)
  }
  await expect(driver.putContent('/original/abc./abc', 'x')).rejects.toMatchObject({
    code: 'INVALID_PATH',
  })
})
