// Storages of the tests: folders of one container, on the Azurite that was started for this test run.
import { create, type StorageDriver } from '@stowage/core'
import type { AzureParameters } from '@stowage/driver-azure'
import '@stowage/driver-azure'
import { type AzuriteServer, startAzurite } from '@stowage-internal/test-servers'

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
