// A real store behind the fault suite's proxy: for the tests, the processes that they kill, and the long runs.
import { create as createDriver, type StorageDriver } from '@stowage/core'
import type { S3Parameters } from '@stowage/driver-s3'
import type { FaultOptions } from '@stowage/testsuite'
import { nameOf } from './faults.ts'
import { CHILD_PARAMETERS, PART, type TestServer } from './storages.ts'
import { clientOf, keysOf, uploadsOf } from './world.ts'

const ATTEMPTS = 3

interface Limits {
  readonly idleTimeoutMs?: number | undefined
}

/** What the suite calls, in this process and in those that it kills. */
export function create(storage: string, endpoint: string, limits: Limits): Promise<StorageDriver> {
  const parameters = JSON.parse(process.env[CHILD_PARAMETERS] ?? '{}') as S3Parameters
  return openAt(parameters, { storage, endpoint, ...limits })
}

function openAt(
  parameters: S3Parameters,
  { storage, endpoint, idleTimeoutMs = 30_000 }: { storage: string; endpoint: string } & Limits,
): Promise<StorageDriver> {
  return createDriver('s3', {
    ...parameters,
    ...{ endpoint, rootDirectory: `/${storage}`, maxAttempts: ATTEMPTS },
    ...{ connectTimeout: idleTimeoutMs, idleTimeout: idleTimeoutMs, copyTimeout: idleTimeoutMs },
  })
}

/** The suite's options for one server. */
export async function faultOptions({ server, parameters }: TestServer): Promise<FaultOptions> {
  const reached = await parameters()
  const client = clientOf(reached)
  const where = { client, bucket: reached.bucket }
  return {
    name: `s3 on ${server.name} ${server.version}`,
    vendor: 's3',
    nameOf,
    upstream: reached.endpoint as string,
    create: (storage, endpoint, limits) => openAt(reached, { storage, endpoint, ...limits }),
    leftovers: async (storage) => [
      ...(await keysOf(where, storage)),
      ...(await uploadsOf(where, storage)).map((key) => `${key} (an upload)`),
    ],
    attempts: ATTEMPTS,
    // A part has 5 MiB.
    idleTimeoutMs: 2_000,
    partSize: PART,
    child: {
      module: new URL('./faulty.ts', import.meta.url),
      execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
      env: { [CHILD_PARAMETERS]: JSON.stringify(reached) },
    },
  }
}
