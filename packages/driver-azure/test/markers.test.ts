// What other tools leave in a container: markers of folders, and names that are no paths.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import { blobNames, collect, containerClient, newStorage, open } from './helpers/storages.ts'

let storage: string
let driver: StorageDriver

beforeEach(async () => {
  storage = newStorage()
  driver = await open(storage, { pageSize: 2 })
})

afterEach(async () => {
  await driver.close()
})

async function put(
  name: string,
  content = '',
  metadata: Record<string, string> = {},
): Promise<void> {
  const blob = (await containerClient()).getBlockBlobClient(`${storage}/${name}`)
  await blob.upload(content, content.length, { metadata })
}

const FOLDER = { hdi_isfolder: 'true' }

async function walked(path = '/'): Promise<string[]> {
  return (await collect(driver.walk(path))).map(({ path: at, isDir }) => (isDir ? `${at}/` : at))
}

test('markers of both kinds are directories and never files', async () => {
  await put('slash/')
  await put('slash/file', 'x')
  await put('hdi', '', FOLDER)
  await put('hdi-', 'x')
  await put('hdi/file', 'x')
  await put('hdi/sub', '', FOLDER)
  await put('hdi/sub/deep', 'x')
  expect(await collect(driver.list('/'))).toEqual(['/hdi-', '/hdi', '/slash'])
  expect(await collect(driver.list('/slash'))).toEqual(['/slash/file'])
  expect(await collect(driver.list('/hdi'))).toEqual(['/hdi/file', '/hdi/sub'])
  expect(await walked()).toEqual([
    '/hdi-',
    ...['/hdi/', '/hdi/file', '/hdi/sub/', '/hdi/sub/deep'],
    ...['/slash/', '/slash/file'],
  ])
  for (const path of ['/slash', '/hdi', '/hdi/sub']) {
    expect(await driver.stat(path)).toMatchObject({ isDir: true, size: 0 })
    await expect(driver.getContent(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(driver.reader(path, { length: 0 })).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
    })
  }
})

test('an empty file with other metadata is a file', async () => {
  await put('empty', '', { hdi_isfolder: 'false' })
  await put('folder', 'not empty', FOLDER)
  expect(await walked()).toEqual(['/empty', '/folder'])
  expect(await driver.getContent('/empty')).toHaveLength(0)
})

test('a directory is deleted together with its markers', async () => {
  for (const name of ['dir', 'dir/a', 'dir/a/b']) await put(name, '', FOLDER)
  await put('dir/a/b/')
  await put('dir/a/b/file', 'x')
  await driver.delete('/dir')
  expect(await blobNames(storage)).toEqual([])
})

test('a directory is moved without its markers', async () => {
  await put('dir', '', FOLDER)
  await put('dir/sub/')
  await put('dir/sub/file', 'x')
  await put('to/')
  await put('to/old', 'x')
  await driver.move('/dir', '/to')
  expect(await blobNames(storage)).toEqual([`${storage}/to/sub/file`])
})

test('what no path can name moves along with its directory, a marker that is not empty too', async () => {
  for (const name of ['dir//x', 'dir/data/', 'dir/file', 'to//old']) await put(name, 'x')
  await driver.move('/dir', '/to')
  const names = ['to//x', 'to/data/', 'to/file'].map((name) => `${storage}/${name}`)
  expect(await blobNames(storage)).toEqual(names)
})

test('names that are no paths are left out', async () => {
  await put('dir//double', 'x')
  await put('dir/file', 'x')
  expect(await walked()).toEqual(['/dir/', '/dir/file'])
  expect(await collect(driver.list('/dir'))).toEqual(['/dir/file'])
})

test('a folder without a file in it is not there, whichever marker it has', async () => {
  await put('hdi', '', FOLDER)
  await put('slash/')
  await put('deep/')
  await put('deep/sub/')
  await put('deep/sub/hdi', '', FOLDER)
  for (const path of ['/hdi', '/slash', '/deep', '/deep/sub']) {
    await expect(driver.stat(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  }
  for (const path of ['/hdi', '/slash', '/deep/sub']) {
    await expect(walked(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  }
  expect(await walked()).toEqual([])
  expect(await collect(driver.list('/'))).not.toContain('/hdi')
  await put('deep/sub/file', 'x')
  expect(await driver.stat('/deep')).toMatchObject({ isDir: true })
})

test('a folder whose last file goes is gone, whatever marker it has', async () => {
  await put('dir', '', FOLDER)
  await driver.putContent('/dir/file', 'x')
  await driver.move('/dir/file', '/file')
  await expect(driver.stat('/dir')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
})
