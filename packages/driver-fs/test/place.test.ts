import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, type StoragePlace } from '@stowage/core'
import '@stowage/driver-fs'

let directory: string
beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'stowage-place-')))
  await mkdir(join(directory, 'root/sub'), { recursive: true })
  await writeFile(join(directory, 'root/sub/f'), 'f')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function place(root: string, path = '/'): Promise<StoragePlace> {
  await using storage = await create('fs', { rootDirectory: join(directory, root) })
  const found = await storage.locate?.(path)
  if (found === undefined) throw new Error('the driver cannot tell')
  return found
}

it('has one name for one directory, by whatever root, path or link', async () => {
  await symlink('root', join(directory, 'link'))
  const expected = await place('root/sub')
  expect(await place('root', '/sub')).toEqual(expected)
  expect(await place('link/sub')).toEqual(expected)
  expect(await place('link', '/sub')).toEqual(expected)
  expect(await place('.', '/root/sub')).toEqual(expected)
  expect((await place('root/sub', '/f')).names[1]).toBe(expected.names[0])
})

it('lists every directory above, and tells what is not there by its name', async () => {
  const [root, missing] = [await place('root'), await place('root', '/new/deep')]
  expect(missing.names.slice(2)).toEqual(root.names)
  expect(missing.names[0]).toBe(`${root.names[0]}/new/deep`)
  expect(await place('root/new', '/deep')).toEqual({ ...missing, rootExists: false })
})

it('says whether the root exists, and makes nothing', async () => {
  expect((await place('root')).rootExists).toBe(true)
  expect((await place('nowhere')).rootExists).toBe(false)
  expect((await place('nowhere')).rootExists).toBe(false)
  await expect(place('root/sub/f')).rejects.toMatchObject({ code: 'CONFIG' })
})
