import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { create, type StorageDriver } from '@stowage/core'
import { type AzuriteServer, canServeHttps, startAzurite } from '@stowage-internal/test-servers'
import { newStorage, open, openThroughProxy, parametersOf } from './helpers/storages.ts'

const storage = newStorage()
let driver: StorageDriver

beforeAll(async () => {
  driver = await open(storage)
  await driver.putContent('/a file', 'content')
})

afterAll(async () => {
  await driver.close()
})

/** Seconds between two instants in a SAS. */
const seconds = (url: URL, name: string): number =>
  (Date.parse(url.searchParams.get(name) ?? '') - Date.now()) / 1000

test('a service SAS reads one blob, is back-dated, and speaks the protocol of the service', async () => {
  const url = new URL((await driver.redirectURL('/a file', { expiresIn: 60 })) ?? '')
  expect(url.searchParams.get('sp')).toBe('r')
  expect(url.searchParams.get('sr')).toBe('b')
  expect(url.searchParams.get('spr')).toBe('https,http')
  expect(seconds(url, 'st')).toBeLessThan(-890)
  expect(seconds(url, 'se')).toBeLessThanOrEqual(60)
  const reply = await fetch(url)
  expect(await reply.text()).toBe('content')
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(200)
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(403)
})

test('a URL of an https service is for https only', async () => {
  const account = {
    accountName: 'acc',
    accountKey: Buffer.from('k').toString('base64'),
    container: 'c',
  }
  const other = await create('azure', account)
  const url = new URL((await other.redirectURL('/a')) ?? '')
  expect(url.origin).toBe('https://acc.blob.core.windows.net')
  expect(url.searchParams.get('spr')).toBe('https')
  await other.close()
})

test('only GET and HEAD are redirected', async () => {
  expect(await driver.redirectURL('/a file', { method: 'HEAD' })).toBeDefined()
  expect(await driver.redirectURL('/a file', { method: 'PUT' })).toBeUndefined()
})

test('with a SAS of our own nothing is signed, and the rest works', async () => {
  const full = await sas('racwdl')
  const { accountKey: _, ...rest } = await parametersOf(storage)
  const limited = await create('azure', { ...rest, sasToken: full })
  expect(limited.capabilities.redirectURL).toBe(false)
  expect(await limited.redirectURL('/a file')).toBeUndefined()
  const writer = await limited.writer('/big')
  await writer.write(Buffer.alloc(9 * 1024 * 1024))
  await writer.commit()
  await limited.move('/big', '/moved')
  expect((await limited.stat('/moved')).size).toBe(9 * 1024 * 1024)
  await limited.delete('/moved')
  await limited.close()
})

test('a SAS without the right to write is no permission', async () => {
  const { accountKey: _, ...rest } = await parametersOf(storage)
  const limited = await create('azure', { ...rest, sasToken: await sas('rl') })
  expect(String(await limited.getContent('/a file'))).toBe('content')
  await expect(limited.putContent('/x', 'x')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  await limited.close()
})

async function sas(permissions: string): Promise<string> {
  const sdk = await import('@azure/storage-blob')
  const { accountName = '', accountKey = '', container = '' } = await parametersOf(storage)
  return sdk
    .generateBlobSASQueryParameters(
      {
        containerName: container,
        permissions: sdk.ContainerSASPermissions.parse(permissions),
        expiresOn: new Date(Date.now() + 3_600_000),
      },
      new sdk.StorageSharedKeyCredential(accountName, accountKey),
    )
    .toString()
}

test('signing with the account’s key takes no request', async () => {
  const { driver: watched, proxy, ...opened } = await openThroughProxy(storage)
  await watched.redirectURL('/a file')
  expect(proxy.seen).toEqual([])
  await opened[Symbol.asyncDispose]()
})

let secure: AzuriteServer | undefined

afterAll(async () => {
  await secure?.stop()
})

const overHttps = canServeHttps()
  ? test
  : (name: string, run: () => Promise<void>) =>
      test.skip(`${name} (skipped: no openssl on PATH)`, run)

overHttps(
  'with a token, URLs are signed with a user delegation key that is fetched once',
  async () => {
    secure = await startAzurite({ oauth: true })
    if (secure === undefined) throw new Error('Azurite is left out by STOWAGE_TEST_SERVERS')
    await secure.start()
    const { accountName, accountKey, endpoint } = secure
    const trusting = { container: 'entra', serviceURL: endpoint, skipVerify: true, maxRetries: 1 }
    const sdk = await import('@azure/storage-blob')
    let tokens = 0
    const server = secure
    const credential = {
      getToken: async () => {
        tokens++
        return { token: server.token(), expiresOnTimestamp: Date.now() + 3_600_000 }
      },
    }
    const entra = await create('azure', { ...trusting, accountName, credential })
    await expect(entra.stat('/')).rejects.toMatchObject({ code: 'CONFIG' })
    await createContainer(sdk, { accountName, accountKey, endpoint, caFile: secure.caFile })
    await entra.putContent('/file', 'secret')
    const first = new URL((await entra.redirectURL('/file')) ?? '')
    // A key that was fetched anew would end in another second.
    const now = Math.floor(Date.now() / 1000)
    while (Math.floor(Date.now() / 1000) === now) await new Promise((done) => setImmediate(done))
    const second = new URL((await entra.redirectURL('/file')) ?? '')
    expect(second.searchParams.get('st')).not.toBe(first.searchParams.get('st'))
    expect(first.searchParams.get('ske')).toBe(second.searchParams.get('ske'))
    expect(first.searchParams.get('spr')).toBe('https')
    expect(seconds(first, 'skt')).toBeLessThan(-890)
    expect(await get(first)).toBe('secret')
    // Longer than the cached key lives: another key.
    const long = new URL((await entra.redirectURL('/file', { expiresIn: 3 * 24 * 3600 })) ?? '')
    expect(long.searchParams.get('ske')).not.toBe(first.searchParams.get('ske'))
    expect(await get(long)).toBe('secret')
    // A server-side copy reads its source with a token as well.
    const writer = await entra.writer('/big')
    await writer.write(Buffer.alloc(9 * 1024 * 1024))
    await writer.commit()
    await entra.move('/big', '/moved')
    expect((await entra.stat('/moved')).size).toBe(9 * 1024 * 1024)
    expect(tokens).toBeGreaterThan(0)
    await entra.close()
  },
)

interface Account {
  accountName: string
  accountKey: string
  endpoint: string
  caFile: string | undefined
}

async function createContainer(
  sdk: typeof import('@azure/storage-blob'),
  { accountName, accountKey, endpoint, caFile }: Account,
): Promise<void> {
  const { readFile } = await import('node:fs/promises')
  const credential = new sdk.StorageSharedKeyCredential(accountName, accountKey)
  const ca = caFile ? await readFile(caFile, 'utf8') : ''
  const client = new sdk.BlobServiceClient(endpoint, credential, { tlsOptions: { ca } } as object)
  await client.getContainerClient('entra').create()
}

/** A GET that trusts the test's own certificate. */
async function get(url: URL): Promise<string> {
  const { request } = await import('node:https')
  return new Promise((resolve, reject) => {
    request(url, { rejectUnauthorized: false, agent: false }, (reply) => {
      let text = ''
      reply.on('data', (chunk: Buffer) => {
        text += String(chunk)
      })
      reply.on('end', () => resolve(text))
    })
      .on('error', reject)
      .end()
  })
}
