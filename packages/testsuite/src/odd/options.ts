import type { StorageDriver } from '@stowage/core'
import type { Runner } from '../runner.ts'
import type { OddDialect } from './dialect.ts'

/** What the driver is to give up on, in milliseconds. */
export interface OddLimits {
  /** Without a byte. */
  readonly idleTimeoutMs: number
  /** In all, for requests without content, however slowly bytes arrive. */
  readonly requestTimeoutMs: number
}

/** What the odd-answers suite needs to know of a driver that talks HTTP to its service. */
export interface OddAnswersOptions {
  /** Names the tests. */
  readonly name: string
  /** How the service speaks. */
  readonly dialect: 's3' | 'azure' | 'gcs' | OddDialect
  /** URL of the real service, or what starts it and gives its URL. The suite's proxy is put in front of it. */
  readonly upstream: string | (() => string | Promise<string>)
  /** Opens a storage by way of that URL: the same id is the same storage. Each instance is closed. */
  create(
    storage: string,
    endpoint: string,
    limits: OddLimits,
  ): StorageDriver | Promise<StorageDriver>
  /** What no error may show, by names that may be printed: keys and tokens of `create`. */
  readonly secrets?: Readonly<Record<string, string>> | undefined
  /** How many times as long as usual a call may take before it counts as hanging. */
  readonly patience?: number | undefined
  /** Reasons by the id of a case, or by case and operation: `trickle`, `html-404 stat`. */
  readonly skip?: Readonly<Record<string, string>> | undefined
  /** Default: the global `describe` and `it`. */
  readonly runner?: Runner | undefined
}
