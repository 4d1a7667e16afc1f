import type { Capabilities, StorageDriver } from '@stowage/core'
import { patienceOf } from './patience.ts'
import type { Runner } from './runner.ts'

/** Which cases run: `full` adds those that take minutes or gigabytes. */
export type SuiteSize = 'quick' | 'full'

/** How to open a storage of the test in another process. */
export interface ChildOptions {
  /** A module that exports `open(storage)`, which does what {@link SuiteOptions.open} does. */
  module: string | URL
  /** Flags for that process's Node.js. */
  execArgv?: readonly string[] | undefined
  /** Added to this process's environment. */
  env?: Readonly<Record<string, string>> | undefined
}

/** What the suite has to know of a driver. */
export interface SuiteOptions {
  /** Names the tests. */
  name: string
  /**
   * Opens a storage: the same id (of a-z, 0-9 and `-`) is the same data, as another process would open
   * it; a new id is an empty one. The data of a driver that is not `persistent` lives as long as the
   * instance. The suite closes what it opens.
   */
  open(storage: string): StorageDriver | Promise<StorageDriver>
  /** Removes a storage and all that is in it. Without it, the driver deletes what it can list. */
  remove?(storage: string): void | Promise<void>
  /**
   * The flags that the driver is to declare; a case compares them. A runner in which a running test
   * cannot be skipped (jest) then skips what does not apply, where it would pass it otherwise.
   */
  capabilities?: Partial<Capabilities> | undefined
  /** For the cases in which a process is killed. Without it they are skipped. */
  child?: ChildOptions | undefined
  /** Bytes that the driver passes on at a time: sizes around it are tried. Default 64 KiB. */
  partSize?: number | undefined
  /** Entries that the backend lists at a time: numbers around it are tried. Default 50. */
  pageSize?: number | undefined
  /** Default: the environment's STOWAGE_SUITE_SIZE, else `quick`. */
  size?: SuiteSize | undefined
  /** Of all data. Default: the environment's STOWAGE_SUITE_SEED, else another one each time. A failure prints it. */
  seed?: number | undefined
  /** Most time for one case, times `patience`. Default 5 minutes; cases of the full size take ten times as much. */
  timeoutMs?: number | undefined
  /**
   * How many times as long as usual the suite waits before it says that something hangs: every limit is
   * multiplied by it. Default: the environment's STOWAGE_SUITE_PATIENCE, else 1.
   */
  patience?: number | undefined
  /** Cases at a time, where latency is what they wait for. Default 1. */
  concurrency?: number | undefined
  /** Reasons by the id of a case. Such a case is skipped, and the report says so. */
  skip?: Readonly<Record<string, string>> | undefined
  /** For the URLs of `redirectURL`. Default: the global one. */
  fetch?: typeof fetch | undefined
  /** Default: the global `describe` and `it`. */
  runner?: Runner | undefined
}

/** What is known of a case without running it. */
export interface CaseInfo {
  /** Stable: the name by which a case is skipped or asked for. */
  readonly id: string
  readonly area: string
  /** The rule it proves, as a sentence. */
  readonly title: string
  /** The tests of the Go registry's suite that it stands for. */
  readonly original?: readonly string[] | undefined
  /** Only where the driver declares this. */
  readonly needs?: keyof Capabilities | undefined
  /** Only where the driver does not declare this: it tests the refusal. */
  readonly unless?: keyof Capabilities | undefined
  /** `full`: not in quick size. */
  readonly size?: 'full' | undefined
  /** Needs {@link SuiteOptions.child}. */
  readonly child?: boolean | undefined
}

/** What one case came to. */
export interface CaseResult {
  readonly id: string
  readonly area: string
  readonly title: string
  readonly status: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped. */
  readonly reason?: string | undefined
  /** Why it failed. */
  readonly error?: Error | undefined
  readonly ms: number
}

/** What a run of the suite came to. */
export interface SuiteReport {
  readonly name: string
  readonly seed: number
  readonly size: SuiteSize
  /** In the order of {@link suiteCases}. */
  readonly results: readonly CaseResult[]
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** What a program that runs the suite itself may ask for besides. */
export interface RunHooks {
  /** Only the cases for which it is true; the others are not in the report. */
  filter?(info: CaseInfo): boolean
  /** Stops once a case has failed; what was not begun is not in the report. */
  stopAtFirstFailure?: boolean | undefined
  /** Is told of each result at once. */
  onResult?(result: CaseResult): void
  /** Aborted: no further case is begun. */
  signal?: AbortSignal | undefined
}

/** The options with every default filled in. */
export interface Settings extends SuiteOptions {
  readonly partSize: number
  readonly pageSize: number
  readonly size: SuiteSize
  readonly seed: number
  /** Patience included. */
  readonly timeoutMs: number
  readonly patience: number
  readonly concurrency: number
  readonly skip: Readonly<Record<string, string>>
  readonly fetch: typeof fetch
}

const SEEDS = 2 ** 31
const PART_SIZE = 64 * 1024
const PAGE_SIZE = 50
/** It guards against hangs: no machine, however busy, is to run into it. */
const TIMEOUT_MS = 300_000

/** @throws TypeError where the options or the environment hold something else than they should. */
export function settings(options: SuiteOptions): Settings {
  const patience = patienceOf(options.patience)
  return {
    ...options,
    partSize: wholeNumber('partSize', options.partSize ?? PART_SIZE, 2),
    pageSize: wholeNumber('pageSize', options.pageSize ?? PAGE_SIZE, 1),
    size: sizeOf(options.size ?? process.env.STOWAGE_SUITE_SIZE ?? 'quick'),
    seed: wholeNumber(
      'seed',
      options.seed ?? environmentSeed() ?? Math.floor(Math.random() * SEEDS),
      0,
    ),
    timeoutMs: wholeNumber('timeoutMs', options.timeoutMs ?? TIMEOUT_MS, 1) * patience,
    patience,
    concurrency: wholeNumber('concurrency', options.concurrency ?? 1, 1),
    skip: options.skip ?? {},
    fetch: options.fetch ?? fetch,
  }
}

function environmentSeed(): number | undefined {
  const text = process.env.STOWAGE_SUITE_SEED
  return text === undefined || text === '' ? undefined : Number(text)
}

function sizeOf(size: string): SuiteSize {
  if (size === 'quick' || size === 'full') return size
  throw new TypeError(`the size of the suite is quick or full, not ${size}`)
}

function wholeNumber(name: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value
  throw new TypeError(`${name} of the suite is a whole number from ${min}, not ${value}`)
}
