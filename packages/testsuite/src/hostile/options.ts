import type { SuiteOptions } from '../options.ts'

/** A way around the driver to what it keeps its data in: as another tool has it. */
export interface BehindTheDriver {
  /** What every key of that storage begins with: the root directory with its final `/`. */
  root(storage: string): string
  /** Every key there is, those of other storages too. */
  keys(): Promise<readonly string[]>
  /** Stores an object. Where the backend refuses such a key, it rejects, and the key is left out. */
  put?(key: string, content: Uint8Array): Promise<void>
  /** `list` shows a directory that holds nothing but what other tools have left. The contract says never. */
  readonly listsForeign?: boolean | undefined
}

/** What the hostile suite needs to know; most of it is that of `registerSuite`. */
export interface HostileOptions
  extends Pick<
    SuiteOptions,
    | 'name'
    | 'open'
    | 'remove'
    | 'size'
    | 'seed'
    | 'timeoutMs'
    | 'patience'
    | 'concurrency'
    | 'skip'
    | 'runner'
  > {
  /** Paths to try: those that are none cost no request. Default 10,000. */
  readonly count?: number | undefined
  /** Most of them that are really stored. Default 400, in full size all. */
  readonly stored?: number | undefined
  /** Paths that this one server is known to fail at: they are left out. */
  readonly except?: ((path: string) => boolean) | undefined
  /**
   * With it, the suite looks that nothing outside of the storage's root is touched, and where it can
   * `put`, what the driver makes of keys that other tools have left.
   */
  readonly behind?: BehindTheDriver | undefined
}

/** Options with every default filled in. */
export interface HostileSettings {
  readonly count: number
  readonly stored: number
  readonly behind: BehindTheDriver | undefined
  readonly except: (path: string) => boolean
}
