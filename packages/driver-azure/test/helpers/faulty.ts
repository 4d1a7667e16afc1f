// Azurite behind the fault suite's proxy: for the tests, the processes that they kill, and the long runs.

import { create as createDriver, type StorageDriver } from '@stowage/core'
import type { FaultOptions } from '@stowage/testsuite'
import { patient } from '@stowage-internal/jest-preset/patience'
import { nameOf } from './faults.ts'
import { azurite, blobNames, parametersOf, SMALL } from './storages.ts'

const RETRIES = 2
/**
 * Where nothing is to fall silent; what an abort leaves behind waits so long for a block that is under way. On a busy
 * machine Azurite takes seconds for one.
 */
const PATIENT_MS = patient(20_000)

/** What the suite calls, in this process and in those that it kills. */
export async function create(
  storage: string,
  endpoint: string,
  { idleTimeoutMs = PATIENT_MS }: { idleTimeoutMs?: number },
): Promise<StorageDriver> {
  return createDriver('azure', {
    ...(await parametersOf(storage)),
    ...{ serviceURL: endpoint, blockSize: SMALL.blockSize, retryDelay: '10ms' },
    ...{ idleTimeout: `${idleTimeoutMs}ms`, maxRetries: RETRIES },
  })
}

export const faultOptions: FaultOptions = {
  name: 'azure',
  vendor: 'azure',
  nameOf,
  upstream: async () => (await azurite()).endpoint,
  create,
  leftovers: (storage) => blobNames(`${storage}/`),
  attempts: RETRIES + 1,
  partSize: SMALL.blockSize,
  child: {
    module: new URL('./faulty.ts', import.meta.url),
    execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
  },
}
