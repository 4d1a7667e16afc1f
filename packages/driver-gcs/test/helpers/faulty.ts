// The fake behind the fault suite's proxy: for the tests, the processes that they kill, and the long runs. The servers
// that others wrote answer too much of it wrongly (see the table of test-servers) to be told from the driver.
import { create as createDriver, type StorageDriver } from '@stowage/core'
import '@stowage/driver-gcs'
import type { GcsParameters } from '@stowage/driver-gcs'
import type { FaultOptions } from '@stowage/testsuite'
import { FakeGcs } from '../fake/server.ts'
import { CHILD_PARAMETERS, CHUNK } from './storages.ts'

const BUCKET = 'faults'
const RETRIES = 2

interface Limits {
  readonly idleTimeoutMs?: number | undefined
}

/** What the suite calls, in this process and in those that it kills. */
export function create(
  storage: string,
  endpoint: string,
  { idleTimeoutMs = 30_000 }: Limits,
): Promise<StorageDriver> {
  const parameters = JSON.parse(process.env[CHILD_PARAMETERS] ?? '{}') as Partial<GcsParameters>
  return createDriver('gcs', {
    ...{ bucket: BUCKET, endpoint, rootDirectory: `/${storage}`, chunkSize: CHUNK },
    ...{ retryDelay: 5, maxRetries: RETRIES, idleTimeout: idleTimeoutMs, ...parameters },
  })
}

/** The suite's options for a fake of its own. */
export async function faultOptions(): Promise<FaultOptions & AsyncDisposable> {
  const fake = await FakeGcs.start()
  const bucket = fake.createBucket(BUCKET)
  return {
    name: 'gcs',
    vendor: 'gcs',
    upstream: fake.endpoint,
    create,
    // Not resumable uploads: one whose URI was lost with a reply nobody can find, and it is neither stored nor paid for. The
    // service forgets it within a week.
    leftovers: async (storage) => bucket.names().filter((name) => name.startsWith(`${storage}/`)),
    attempts: RETRIES + 1,
    partSize: CHUNK,
    child: {
      module: new URL('./faulty.ts', import.meta.url),
      execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
    },
    [Symbol.asyncDispose]: () => fake.stop(),
  }
}
