import type { StorageDriver } from '@stowage/core'
import type { SuiteSize } from '../options.ts'
import type { Runner } from '../runner.ts'

/** What the model suite needs to know; `open` and `remove` are those of `registerSuite`. */
export interface ModelOptions {
  /** Names the tests. */
  readonly name: string
  /**
   * Opens a storage: the same id is the same storage, as another process would open it; a new id is
   * an empty one. The data of a driver that is not `persistent` lives as long as the instance.
   */
  open(storage: string): StorageDriver | Promise<StorageDriver>
  /** Removes a storage and all that is in it. Without it, everything in it is deleted by the driver. */
  remove?(storage: string): void | Promise<void>
  /**
   * Makes the driver that knows the right answers, empty, a new one each time. It takes what the
   * driver under test declares:
   *
   * ```ts
   * oracle: (parameters) => create('inmemory', parameters)
   * ```
   */
  oracle(parameters: { readonly fileAndDirectory: boolean }): StorageDriver | Promise<StorageDriver>
  /** Sequences to try. Default 50, in full size 500. */
  readonly runs?: number | undefined
  /** Most operations in one sequence. Default 80: half as many on average. */
  readonly steps?: number | undefined
  /** Seconds after which no further operation is begun, not even to shorten a failure. Default 15, in full size 300. */
  readonly seconds?: number | undefined
  /** Bytes the driver buffers before it passes them on: sizes around it are tried. Default 4096. */
  readonly partSize?: number | undefined
  /** Default: the environment's STOWAGE_SUITE_SIZE, else `quick`. */
  readonly size?: SuiteSize | undefined
  /** Replays the run of that seed. Default: the environment's STOWAGE_SUITE_SEED, else another one each time. A failure prints it. */
  readonly seed?: number | undefined
  /** With the seed, replays one sequence only: a failure prints it. */
  readonly path?: string | undefined
  /** Default: the global `describe` and `it`. */
  readonly runner?: Runner | undefined
}

/** How a run of the model went. */
export interface ModelReport {
  readonly seed: number
  /** Sequences that were carried out. */
  readonly runs: number
  /** Undefined where driver and oracle agreed in everything. */
  readonly failure?: ModelFailure | undefined
}

/** The shortest sequence that was found to fail. */
export interface ModelFailure {
  /** The shortest sequence found that shows the difference, a line for each operation. */
  readonly operations: readonly string[]
  /** What differed, after the last of them. */
  readonly difference: string
  /** With the seed, names the sequence. */
  readonly path: string
  /** All of it for a reader, with how to replay it. */
  readonly message: string
}
