// Every way to say where and who, on the server.
import { afterEach, expect, test } from '@jest/globals'
import { create, type StorageDriver } from '@stowage/core'
import type { AzureParameters } from '@stowage/driver-azure'
import {
  azurite,
  collect,
  containerClient,
  newStorage,
  parametersOf,
  pattern,
  SMALL,
} from './helpers/storages.ts'

const opened: StorageDriver[] = []

afterEach(async () => {
  for (const driver of opened.splice(0)) await driver.close()
})

async function account(): Promise<
  Required<Pick<AzureParameters, 'container' | 'serviceURL' | 'accountKey'>>
> {
  const { container = '', serviceURL = '', accountKey = '' } = await parametersOf('')
  return { container, serviceURL, accountKey }
}

const WAYS: Readonly<Record<string, () => Promise<AzureParameters>>> = {
  'a shared key, as the original writes it': async () => {
    const { serviceURL, accountKey, container } = await account()
    const { accountName } = await azurite()
    const original = {
      ...{ accountname: accountName, accountkey: accountKey, serviceurl: serviceURL, container },
      ...{ credentials: { type: 'shared_key' }, max_retries: 5, retry_delay: '100ms' },
    }
    return original as AzureParameters
  },
  'a connection string': async () => {
    const { container } = await account()
    return { container, connectionString: (await azurite()).connectionString }
  },
  'the switch for the emulator': async () => {
    const { container, serviceURL } = await account()
    return { container, serviceURL, emulator: true }
  },
  'a SAS in the URL': async () => {
    const { container, serviceURL } = await account()
    const sdk = await import('@azure/storage-blob')
    const url = await (await containerClient()).generateSasUrl({
      permissions: sdk.ContainerSASPermissions.parse('racwdl'),
      expiresOn: new Date(Date.now() + 3_600_000),
    })
    return { container, serviceURL: serviceURL + new URL(url).search }
  },
  'a client': async () => ({ client: await containerClient() }),
}

test.each(Object.keys(WAYS))('everything works with %s', async (way) => {
  const parameters = await WAYS[way]?.()
  const driver = await create('azure', { ...parameters, ...SMALL, rootDirectory: newStorage() })
  opened.push(driver)
  const data = pattern(3 * SMALL.blockSize)
  const writer = await driver.writer('/dir/file')
  await writer.write(data.subarray(0, 100_000))
  await writer.close()
  const next = await driver.writer('/dir/file', { append: true })
  await next.write(data.subarray(next.size))
  await next.commit()
  await driver.move('/dir', '/to')
  expect(Buffer.compare(await driver.getContent('/to/file'), data)).toBe(0)
  expect(await collect(driver.list('/'))).toEqual(['/to'])
  const url = await driver.redirectURL('/to/file')
  expect(url !== undefined).toBe(driver.capabilities.redirectURL)
  if (url !== undefined) expect((await fetch(url)).status).toBe(200)
  await driver.putContent('/to/other', 'x')
  await driver.delete('/to')
  expect(await collect(driver.list('/'))).toEqual([])
})

test('a client that was handed over still works after the driver is closed', async () => {
  const client = await containerClient()
  const driver = await create('azure', { client, rootDirectory: newStorage() })
  await driver.putContent('/file', 'x')
  await driver.close()
  expect(await client.exists()).toBe(true)
})
