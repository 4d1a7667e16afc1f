import { isStorageError, type OperationContext } from '@stowage/core'

/** What {@link StowageInstrumentation} tells of, and how much. */
export interface StowageInstrumentationConfig {
  /** Default true: it listens as soon as it is made. */
  enabled?: boolean
  /** Whether spans have paths in them. Default true; false where paths are what your users must not show. */
  paths?: boolean
  /** A span for each `write` of a writer too. Default false: there may be thousands, and `Upload` has the sum. */
  writes?: boolean
  /** Operations for which it is false have no span and are not measured. Default: all. */
  filter?: (operation: OperationContext) => boolean
  /**
   * Whether a failure sets the status of its span to error. Default: every one but PATH_NOT_FOUND, which is
   * the answer to many a question. Its `error.type` is there in any case.
   */
  isError?: (error: unknown, operation: OperationContext) => boolean
}

export type Config = Required<StowageInstrumentationConfig>

/** With the defaults filled in. */
export function complete(config: StowageInstrumentationConfig): Config {
  return {
    enabled: true,
    paths: true,
    writes: false,
    filter: () => true,
    isError: (error) => !isStorageError(error, 'PATH_NOT_FOUND'),
    ...config,
  }
}
