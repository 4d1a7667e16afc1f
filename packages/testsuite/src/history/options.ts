import type { SuiteOptions } from '../options.ts'

/** What the history suite needs to know; most of it is that of `registerSuite`. */
export interface HistoryOptions
  extends Pick<
    SuiteOptions,
    | 'name'
    | 'open'
    | 'remove'
    | 'child'
    | 'partSize'
    | 'size'
    | 'seed'
    | 'timeoutMs'
    | 'patience'
    | 'skip'
    | 'runner'
  > {
  /** Clients that work at the same time. Default 5. */
  readonly clients?: number | undefined
  /** Calls that each of them makes in one history. Default 10. */
  readonly steps?: number | undefined
  /** Instances that they share, where the driver is `persistent`. Default 3. */
  readonly instances?: number | undefined
  /** Histories for each mixture of calls. Default 60, in full size 2,000. */
  readonly rounds?: number | undefined
  /** Seconds after which no further one is begun. Default 3, in full size 120. */
  readonly seconds?: number | undefined
}
