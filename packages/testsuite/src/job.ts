import type { Contents } from './history/client.ts'
import type { Event, Step } from './history/step.ts'

/** How to make `Data` again. */
export interface DataRecipe {
  readonly seed: number
  readonly label: string
  readonly size: number
}

export type Job = {
  /** URL of the module that exports `open`. */
  readonly module: string
  readonly storage: string
} & (
  | {
      readonly kind: 'write'
      readonly path: string
      readonly data: DataRecipe
      readonly append: boolean
      readonly from: number
      readonly chunk: number
      /** `commit` waits for a message of the parent first. */
      readonly end: 'close' | 'commit' | 'none'
    }
  | {
      readonly kind: 'put' | 'commit'
      readonly path: string
      readonly versions: readonly DataRecipe[]
    }
  | { readonly kind: 'move'; readonly path: string; readonly destination: string }
  | {
      /** A client of the history suite: before each round it waits for a message of the parent. */
      readonly kind: 'history'
      readonly client: number
      readonly rounds: readonly (readonly Step[])[]
      readonly contents: Contents
    }
  | {
      /** One of the fault suite's; it waits for a message of the parent before it begins. */
      readonly kind: 'operation'
      readonly operation: string
      readonly endpoint: string
      readonly seed: number
      readonly partSize: number
    }
)

/** What the process tells: a step is done. */
export interface Progress {
  readonly step: number
  /** Bytes the writer has accepted. */
  readonly size?: number
  /** The job's end has come. */
  readonly ended?: boolean
  /** Why the commit failed. */
  readonly code?: string
  /** What a round came to. */
  readonly events?: readonly Event[]
}

/** Name of the environment variable that holds the job. */
export const JOB = 'STOWAGE_SUITE_JOB'
