// Storages of the tests: folders of one bucket, on the servers of this machine.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { create, type StorageDriver } from '@stowage/core'
import '@stowage/driver-gcs'
import type { GcsParameters } from '@stowage/driver-gcs'
import { type GcsServer, startGcs } from '@stowage-internal/test-servers'

/** The least that the service takes for a chunk that another one follows. */
export const CHUNK = 256 * 1024

/** Small enough that a few kilobytes are several pages. */
export const SMALL = { chunkSize: CHUNK, pageSize: 50, retryDelay: 20 } as const

export interface TestServer {
  readonly server: GcsServer
  /** Starts it, and opens a driver with the parameters changed as given. */
  open(storage: string, changes?: Partial<GcsParameters>): Promise<StorageDriver>
  /** Starts it, and gives what reaches its bucket. */
  parameters(): Promise<GcsParameters>
}

const FAKE = new URL('../fake/main.ts', import.meta.url)
const FLAGS = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']

/** The fake, in a process of its own: its memory is not the driver's. */
export async function startFake(
  bucket: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ parameters: GcsParameters } & AsyncDisposable> {
  const child = spawn(process.execPath, [...FLAGS, fileURLToPath(FAKE), bucket], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, ...env },
  })
  const exit = once(child, 'exit')
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const endpoint = line.toString().trim()
  const dispose = async (): Promise<void> => {
    child.stdin.end()
    await exit
  }
  return { parameters: { bucket, endpoint, ...SMALL }, [Symbol.asyncDispose]: dispose }
}

/** How the suite starts processes that open storages. */
export function childOptions(parameters: GcsParameters) {
  return {
    module: new URL('./storages.ts', import.meta.url),
    execArgv: FLAGS,
    env: { [CHILD_PARAMETERS]: JSON.stringify(parameters) },
  }
}

/** Every server that can run here, with a bucket of that name. */
export async function testServers(bucket: string): Promise<TestServer[]> {
  return (await startGcs()).map((server) => {
    let parameters: Promise<GcsParameters> | undefined
    const ready = (): Promise<GcsParameters> => {
      parameters ??= server
        .createBucket(bucket)
        .then((made) => ({ bucket: made, endpoint: server.endpoint, ...SMALL }))
      return parameters
    }
    return {
      server,
      parameters: ready,
      open: async (storage, changes) =>
        create('gcs', { ...(await ready()), rootDirectory: `/${storage}`, ...changes }),
    }
  })
}

/** Where a child process finds the parameters. */
export const CHILD_PARAMETERS = 'STOWAGE_GCS_TEST_PARAMETERS'

/** What the suite calls in a process of its own. */
export function open(storage: string): Promise<StorageDriver> {
  const parameters = JSON.parse(process.env[CHILD_PARAMETERS] ?? '{}') as GcsParameters
  return create('gcs', { ...parameters, rootDirectory: `/${storage}` })
}

/** Every name beneath a prefix, whatever it is: what the driver's listings leave out too. */
export async function listNames(
  { endpoint, bucket }: Pick<GcsParameters, 'endpoint' | 'bucket'>,
  prefix: string,
): Promise<string[]> {
  const reply = await fetch(
    `${endpoint}/storage/v1/b/${bucket}/o?prefix=${encodeURIComponent(prefix)}`,
  )
  const { items = [] } = (await reply.json()) as { items?: { name: string }[] }
  return items.map(({ name }) => name)
}
