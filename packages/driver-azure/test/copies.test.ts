// Copies within the service: by one request, by blocks, and polled, with the faults that only a proxy can make.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import type { FaultProxy, Seen } from '@stowage/testsuite'
import { refused } from './helpers/faults.ts'
import {
  blobNames,
  containerClient,
  newStorage,
  openThroughProxy,
  pattern,
} from './helpers/storages.ts'

const data = pattern(300_000)

let storage: string
let driver: StorageDriver
let proxy: FaultProxy
let end: AsyncDisposable

beforeEach(async () => {
  storage = newStorage()
  const opened = await openThroughProxy(storage, { copyTimeout: '2s', maxRetries: -1 })
  driver = opened.driver
  proxy = opened.proxy
  end = opened
})

afterEach(async () => {
  await end[Symbol.asyncDispose]()
})

/** Data as the Go registry's driver writes it. */
async function appendBlob(path: string, content: Uint8Array): Promise<void> {
  const blob = (await containerClient()).getAppendBlobClient(`${storage}${path}`)
  await blob.create()
  for (let at = 0; at < content.length; at += 100_000) {
    const part = content.subarray(at, at + 100_000)
    await blob.appendBlock(part, part.length)
  }
}

async function typeOf(path: string): Promise<string | undefined> {
  const blob = (await containerClient()).getBlobClient(`${storage}${path}`)
  return (await blob.getProperties()).blobType
}

async function holds(path: string, content: Uint8Array): Promise<void> {
  expect(Buffer.compare(await driver.getContent(path), content)).toBe(0)
}

test('an append blob is read, found and moved, and becomes a block blob then', async () => {
  await appendBlob('/a/old', data)
  expect(await driver.stat('/a/old')).toMatchObject({ size: data.length, isDir: false })
  await holds('/a/old', data)
  await driver.move('/a/old', '/a/new')
  await holds('/a/new', data)
  expect(await typeOf('/a/new')).toBe('BlockBlob')
  expect(await blobNames(storage)).toEqual([`${storage}/a/new`])
})

test.each(['putContent', 'small commit', 'large commit', 'move'])(
  'an append blob is replaced by %s where the service refuses to write over it',
  async (how) => {
    await appendBlob('/file', pattern(1000, 5))
    const content = how === 'large commit' ? data : data.subarray(0, 100)
    if (how === 'move') await driver.putContent('/from', content)
    // Azurite lets a block blob replace an append blob; the service does not.
    let once = false
    proxy.rule = ({ operation, url }: Seen) => {
      const writes = ['Put Blob', 'Copy Blob From URL', 'Put Block From URL'].includes(operation)
      if (once || !writes || !url.pathname.endsWith('/file')) return undefined
      once = true
      return refused(409, 'InvalidBlobType')
    }
    if (how === 'putContent') await driver.putContent('/file', content)
    else if (how === 'move') await driver.move('/from', '/file')
    else {
      const writer = await driver.writer('/file')
      await writer.write(content)
      await writer.commit()
    }
    expect(once).toBe(true)
    await holds('/file', content)
    expect(await typeOf('/file')).toBe('BlockBlob')
    expect(await blobNames(storage)).toEqual([`${storage}/file`])
  },
)

test('an unfinished upload of the original driver, an empty append blob, can be continued', async () => {
  await appendBlob('/file', new Uint8Array())
  const writer = await driver.writer('/file', { append: true })
  await writer.write(data)
  await writer.commit()
  await holds('/file', data)
})

test('a copy by blocks begins anew when another commit drops its blocks', async () => {
  await appendBlob('/old', data)
  let disturbed = 0
  const disturb = async (): Promise<void> => {
    const blob = (await containerClient()).getBlockBlobClient(`${storage}/new`)
    await blob.commitBlockList([])
  }
  proxy.rule = ({ operation, url }) =>
    operation === 'Put Block List' && url.pathname.endsWith('/new') && disturbed++ < 2
      ? { hold: disturb }
      : undefined
  await driver.move('/old', '/new')
  expect(disturbed).toBe(3)
  await holds('/new', data)
})

test('a source that is replaced before its copy by one request is left, and nothing is published', async () => {
  await driver.putContent('/old', 'old')
  const replace = async (): Promise<void> => {
    const blob = (await containerClient()).getBlockBlobClient(`${storage}/old`)
    await blob.upload('newer', 5)
  }
  proxy.rule = ({ operation }) =>
    operation === 'Copy Blob From URL' ? { hold: replace } : undefined
  await expect(driver.move('/old', '/new')).rejects.toMatchObject({ code: 'REVISION_CHANGED' })
  await holds('/old', Buffer.from('newer'))
  await expect(driver.stat('/new')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
})

test('a source that is replaced while it is copied by blocks is left, and nothing is published', async () => {
  await appendBlob('/old', data)
  const replace = async (): Promise<void> => {
    const blob = (await containerClient()).getBlockBlobClient(`${storage}/old`)
    await blob.upload('newer', 5)
  }
  proxy.rule = ({ operation }) =>
    operation === 'Put Block From URL' ? { hold: replace } : undefined
  await expect(driver.move('/old', '/new')).rejects.toMatchObject({ code: 'REVISION_CHANGED' })
  await holds('/old', Buffer.from('newer'))
  await expect(driver.stat('/new')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
})

test('a source that is replaced after its copy is not deleted', async () => {
  await driver.putContent('/old', 'old')
  const replace = async (): Promise<void> => {
    const blob = (await containerClient()).getBlockBlobClient(`${storage}/old`)
    await blob.upload('newer', 5)
  }
  proxy.rule = ({ operation }) => (operation === 'Delete Blob' ? { hold: replace } : undefined)
  await driver.move('/old', '/new')
  await holds('/new', Buffer.from('old'))
  await holds('/old', Buffer.from('newer'))
})

test('what the service cannot copy by itself is read and written, in one visible step', async () => {
  await appendBlob('/old', data)
  await driver.putContent('/new', 'before')
  let seen: Buffer | undefined
  proxy.rule = ({ operation, url }) => {
    if (operation === 'Put Block From URL') return refused(501, 'NotImplemented')
    if (operation !== 'Put Block List' || !url.pathname.endsWith('/new')) return undefined
    return {
      hold: async () => {
        const blob = (await containerClient()).getBlobClient(`${storage}/new`)
        seen = await blob.downloadToBuffer()
      },
    }
  }
  await driver.move('/old', '/new')
  expect(String(seen)).toBe('before')
  await holds('/new', data)
  expect(await blobNames(storage)).toEqual([`${storage}/new`])
})

test('a source that is replaced while it is read and written is left, and nothing is published', async () => {
  await appendBlob('/old', data)
  const replace = async (): Promise<void> => {
    const blob = (await containerClient()).getBlockBlobClient(`${storage}/old`)
    await blob.upload('newer', 5)
  }
  proxy.rule = ({ operation, url }) => {
    if (operation === 'Put Block From URL') return refused(501, 'NotImplemented')
    return operation === 'Put Block' && url.pathname.endsWith('/new')
      ? { hold: replace }
      : undefined
  }
  await expect(driver.move('/old', '/new')).rejects.toMatchObject({ code: 'REVISION_CHANGED' })
  await holds('/old', Buffer.from('newer'))
  await expect(driver.stat('/new')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
})

test('a copy that does not come back is given up, and the source stays', async () => {
  await driver.putContent('/old', data)
  proxy.rule = ({ operation }) =>
    operation === 'Copy Blob From URL' ? { hold: () => new Promise(() => {}) } : undefined
  await expect(driver.move('/old', '/new')).rejects.toThrow('copyTimeout')
  await holds('/old', data)
})

test('where batches are refused, blobs are deleted one by one', async () => {
  for (let i = 0; i < 5; i++) await driver.putContent(`/dir/${i}`, 'x')
  proxy.rule = ({ operation }) =>
    operation === 'Blob Batch' ? refused(400, 'InvalidInput') : undefined
  await driver.delete('/dir')
  expect(await blobNames(storage)).toEqual([])
})

test('what cannot be deleted is named', async () => {
  for (const name of ['one', 'two', 'three']) await driver.putContent(`/dir/${name}`, 'x')
  proxy.rule = ({ operation, url }) => {
    if (operation === 'Blob Batch') return refused(400, 'InvalidInput')
    return operation === 'Delete Blob' && url.pathname.endsWith('two')
      ? refused(403, 'AuthorizationPermissionMismatch')
      : undefined
  }
  await expect(driver.delete('/dir')).rejects.toMatchObject({
    code: 'MULTIPLE',
    errors: [{ code: 'PERMISSION_DENIED', path: '/dir/two' }],
  })
  expect(await blobNames(storage)).toEqual([`${storage}/dir/two`])
})
