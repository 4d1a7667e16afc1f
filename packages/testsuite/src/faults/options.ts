import type { StorageDriver } from '@stowage/core'
import { type ChildOptions, type SuiteSize, settings as suiteSettings } from '../options.ts'
import type { Runner } from '../runner.ts'
import type { FaultProxyOptions } from './proxy.ts'
import type { Vendor } from './refusals.ts'

/** What the fault suite needs to know of a driver that talks HTTP to its backend. */
export interface FaultOptions extends FaultProxyOptions {
  /** Names the tests. */
  readonly name: string
  /** URL of the real backend, or what starts it and gives its URL. The proxy is put in front of it. */
  readonly upstream: string | (() => string | Promise<string>)
  /**
   * Opens a storage by way of that URL: the same id is the same storage, a new id is an empty one. Where
   * something falls silent, `idleTimeoutMs` is given, and the driver is to give a request up after so long
   * without a byte; else it has all the time that it takes. Let it wait some 10 ms between attempts.
   */
  create(
    storage: string,
    endpoint: string,
    limits: { readonly idleTimeoutMs?: number | undefined },
  ): StorageDriver | Promise<StorageDriver>
  /** How often the driver tries a request, as `create` sets it. */
  readonly attempts: number
  /**
   * The least that `create` is given where something falls silent. It is more where the operation takes long
   * without a fault, and where a trial has failed with it, which is then repeated. Default 1000.
   */
  readonly idleTimeoutMs?: number | undefined
  /**
   * Names everything that the backend holds for a storage: hidden objects, unfinished uploads. Once all
   * is deleted and purged, this is to be nothing. Without it, only what the driver itself can see is known.
   */
  leftovers?(storage: string): Promise<readonly string[]>
  /** In whose words the proxy refuses. Default `plain`: a status and a line of text. */
  readonly vendor?: Vendor | undefined
  /** Bytes that the driver passes on at a time. Default 64 KiB. */
  readonly partSize?: number | undefined
  /**
   * For the operations whose process is killed: a module that exports `create`, which does what
   * {@link FaultOptions.create} does. Without it, nothing is killed.
   */
  readonly child?: ChildOptions | undefined
  /** Faults, aborts and kills that are tried of each operation. Default 6; in full size all there are. */
  readonly points?: number | undefined
  /** As that of `registerSuite`: how many times as long as usual a call may take before it counts as hanging. */
  readonly patience?: number | undefined
  /** How many are tried at a time. Default 8: most of them wait. */
  readonly concurrency?: number | undefined
  /** Reasons by the id of an operation or of a point. */
  readonly skip?: Readonly<Record<string, string>> | undefined
  /** Default: the environment's STOWAGE_SUITE_SIZE, else `quick`. */
  readonly size?: SuiteSize | undefined
  /** Default: the environment's STOWAGE_SUITE_SEED, else another one each time. A failure prints it. */
  readonly seed?: number | undefined
  /** Only the points whose id contains this. Default: the environment's STOWAGE_FAULT_POINT. */
  readonly only?: string | undefined
  /** Default: the global `describe` and `it`. */
  readonly runner?: Runner | undefined
}

/** The options with every default filled in. */
export interface FaultSettings extends FaultOptions {
  readonly idleTimeoutMs: number
  readonly vendor: Vendor
  readonly partSize: number
  readonly points: number
  readonly patience: number
  readonly concurrency: number
  readonly skip: Readonly<Record<string, string>>
  readonly size: SuiteSize
  readonly seed: number
}

/** How one point ended that did not do what the contract says. */
export interface FaultFailure {
  /** Names operation, kind, request and fault. */
  readonly point: string
  readonly error: Error
}

/** What became of all points of an operation. */
export interface OperationReport {
  readonly operation: string
  /** Requests that it makes when nothing fails. */
  readonly requests: number
  /** Points that were tried. */
  readonly points: number
  /** Of these: the operation succeeded, failed as it may, or was killed. */
  readonly outcomes: { readonly done: number; readonly failed: number; readonly killed: number }
  readonly failures: readonly FaultFailure[]
  /** Why it was not tried. */
  readonly skipped?: string | undefined
}

const IDLE_MS = 1_000
const POINTS = 6
const CONCURRENCY = 8

/** @throws TypeError where the options or the environment hold something else than they should. */
export function faultSettings(options: FaultOptions): FaultSettings {
  const { size, seed, partSize, patience } = suiteSettings({
    ...{ name: options.name, open: () => options.create('', '', {}) },
    ...{ size: options.size, seed: options.seed },
    ...{ partSize: options.partSize, patience: options.patience },
  })
  return {
    ...options,
    ...{
      size,
      seed,
      partSize,
      patience,
      vendor: options.vendor ?? 'plain',
      skip: options.skip ?? {},
    },
    idleTimeoutMs: options.idleTimeoutMs ?? IDLE_MS,
    only: options.only ?? process.env.STOWAGE_FAULT_POINT,
    points: size === 'full' ? Number.POSITIVE_INFINITY : (options.points ?? POINTS),
    concurrency: options.concurrency ?? CONCURRENCY,
  }
}
