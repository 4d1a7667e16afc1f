// Storages of the tests: folders of one container, on the Azurite that was started for this test run.
import {
  BlobServiceClient,
  type ContainerClient,
  StorageSharedKeyCredential,
} from '@azure/storage-blob'
import { create, type StorageDriver } from '@stowage/core'
import type { AzureParameters } from '@stowage/driver-azure'
import '@stowage/driver-azure'
import { type FaultProxy, startFaultProxy } from '@stowage/testsuite'
import { type AzuriteServer, startAzurite } from '@stowage-internal/test-servers'
import { nameOf } from './faults.ts'

/** Small enough that a few kilobytes are several blocks and pages. */
export const SMALL = { blockSize: 64 * 1024, pageSize: 50 } as const

const CONTAINER = 'stowage-tests'

let starting: Promise<AzuriteServer> | undefined

/** The server, with its container. */
export function azurite(): Promise<AzuriteServer> {
  starting ??= start()
  return starting
}

async function start(): Promise<AzuriteServer> {
  const server = await startAzurite()
  if (server === undefined) throw new Error('Azurite is left out by STOWAGE_TEST_SERVERS')
  await server.start()
  await server.createContainer(CONTAINER)
  return server
}

/** What opens a storage there; the id is its root directory. */
export async function parametersOf(storage: string): Promise<AzureParameters> {
  const { accountName, accountKey, endpoint, facts } = await azurite()
  const container = facts.container ?? CONTAINER
  return {
    ...{ accountName, accountKey, serviceURL: endpoint, container },
    ...{ rootDirectory: `/${storage}`, retryDelay: '10ms' },
  }
}

/** The storage, as another process would open it. */
export async function open(storage: string, more: AzureParameters = {}): Promise<StorageDriver> {
  return create('azure', { ...(await parametersOf(storage)), ...SMALL, ...more })
}

let count = 0

/** A name that no other test has. */
export function newStorage(): string {
  count++
  return `t${process.pid.toString(36)}-${Date.now().toString(36)}-${count}`
}

/** The storage by way of a proxy that can do harm, and the proxy. */
export async function openThroughProxy(
  storage: string,
  more: AzureParameters = {},
): Promise<{ driver: StorageDriver; proxy: FaultProxy } & AsyncDisposable> {
  const { endpoint } = await azurite()
  const proxy = await startFaultProxy(endpoint, { nameOf })
  const driver = await open(storage, { serviceURL: proxy.endpoint, ...more })
  const dispose = async (): Promise<void> => {
    await driver.close()
    await proxy[Symbol.asyncDispose]()
  }
  return { driver, proxy, [Symbol.asyncDispose]: dispose }
}

/** The SDK's own client for the container: to make what other tools make, and to look behind the driver. */
export async function containerClient(name?: string): Promise<ContainerClient> {
  const { accountName, accountKey, serviceURL, container = '' } = await parametersOf('')
  const credential = new StorageSharedKeyCredential(accountName ?? '', accountKey ?? '')
  return new BlobServiceClient(serviceURL ?? '', credential).getContainerClient(name ?? container)
}

/** All names beneath a prefix, those of blobs that were never committed too. */
export async function blobNames(
  prefix: string,
  client: Promise<ContainerClient> = containerClient(),
): Promise<string[]> {
  const names: string[] = []
  const container = await client
  for await (const { name } of container.listBlobsFlat({ prefix, includeUncommitedBlobs: true })) {
    names.push(name)
  }
  return names
}

export async function collect<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const entry of entries) all.push(entry)
  return all
}

/** Bytes in which every position can be told from its neighbours. */
export function pattern(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++)
    bytes[i] = (i * 7 + (i >> 8) * 13 + (i >> 16) * 31 + seed * 101) & 255
  return bytes
}
