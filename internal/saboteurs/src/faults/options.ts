import { type StorageDriver, toStorageDriver } from '@stowage/core/driver'
import type { FaultOptions } from '@stowage/testsuite'
import { patient } from '@stowage-internal/jest-preset/patience'
import { ATTEMPTS, Client } from './client.ts'
import { HttpDriver } from './driver.ts'
import { type FaultSaboteur, faultSaboteurs } from './saboteurs.ts'
import type { ObjectStore } from './store.ts'
import { PART } from './writer.ts'

/** Names the saboteur to a process that is started. */
const SABOTEUR = 'STOWAGE_FAULT_SABOTEUR'
const IDLE_MS = 300

function open(
  saboteur: FaultSaboteur | undefined,
  { storage, endpoint, idleTimeoutMs = 30_000 }: Place,
): StorageDriver {
  return toStorageDriver(
    saboteur?.open(endpoint, idleTimeoutMs, storage) ??
      new HttpDriver(new Client(endpoint, idleTimeoutMs), storage),
  )
}

interface Place {
  readonly storage: string
  readonly endpoint: string
  readonly idleTimeoutMs?: number | undefined
}

/** What the suite calls in the processes that it kills. */
export function create(storage: string, endpoint: string): StorageDriver {
  const wanted = faultSaboteurs.find(({ id }) => id === process.env[SABOTEUR])
  return open(wanted, { storage, endpoint })
}

/** The suite's options for a driver that is broken like that, or for a healthy one. */
export function faultOptions(store: ObjectStore, saboteur?: FaultSaboteur): FaultOptions {
  return {
    name: saboteur?.id ?? 'healthy',
    upstream: store.endpoint,
    create: (storage, endpoint, { idleTimeoutMs }) => {
      // Whoever looks afterwards is healthy: what he sees is to be the truth.
      const broken = endpoint === store.endpoint ? undefined : saboteur
      return open(broken, { storage, endpoint, idleTimeoutMs })
    },
    leftovers: async (storage) => store.all(storage),
    attempts: ATTEMPTS,
    idleTimeoutMs: IDLE_MS,
    partSize: PART,
    // A broken driver that hangs is to be given up soon.
    ...(saboteur && { patience: patient(0.1) }),
    child: {
      module: new URL('./options.ts', import.meta.url),
      execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
      env: { [SABOTEUR]: saboteur?.id ?? '' },
    },
  }
}
