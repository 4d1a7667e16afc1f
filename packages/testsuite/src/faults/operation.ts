import type { Capabilities, FileWriter, StorageDriver } from '@stowage/core'
import type { Contents, Tree } from './tree.ts'

/** What an operation works with. */
export interface Stage {
  /** The driver under test, by way of the proxy. */
  readonly driver: StorageDriver
  readonly contents: Contents
  readonly partSize: number
  /** Is aborted in the trials of aborts. */
  readonly signal?: AbortSignal | undefined
}

/** What it keeps between its steps, for the end of a trial. */
export interface Kept {
  writer?: FileWriter
}

/** How an operation ended. */
export type Outcome =
  | { readonly status: 'done'; readonly value: unknown }
  | { readonly status: 'failed' | 'aborted'; readonly error: unknown }
  | { readonly status: 'killed' }

/** The stage after the faults are over. */
export interface Ending extends Stage {
  /** Another instance, which does not go through the proxy, as another process has it. */
  readonly direct: StorageDriver
  readonly outcome: Outcome
  readonly kept: Kept
  /** The server may have begun uploads of which the driver was never told. */
  readonly applied: boolean
  /** What was visible right after the operation. */
  readonly tree: Tree
  /** The paths of the unfinished uploads that there are. */
  uploads(): Promise<string[]>
}

/** A call, or a few, that are to keep the contract whatever happens to their requests. */
export interface Operation {
  readonly id: string
  readonly title: string
  readonly needs?: keyof Capabilities | undefined
  /** Sizes of the files that are there before, by path; the content's name is the path. */
  readonly files?: Readonly<Record<string, number>> | undefined
  /** Paths with an unfinished upload before. */
  readonly sessions?: readonly string[] | undefined
  /** False where a signal has no say, or nothing would be tested. */
  readonly aborts?: boolean | undefined
  /** False where it changes nothing. */
  readonly kills?: boolean | undefined
  /** What is done before the faults begin. */
  arrange?(stage: Stage, kept: Kept): Promise<void>
  /** What the faults happen to. */
  act(stage: Stage, kept: Kept): Promise<unknown>
  /** Looks at what {@link act} has given. */
  check?(stage: Stage, value: unknown): void
  /** What is visible after success. Default: what was there before. */
  readonly after?: Tree | undefined
  /** Whether this may be visible after a failure, besides what was there before. */
  partial?(tree: Tree): boolean
  /** Goes on without faults. @returns what is to be visible then; undefined: what it was. */
  finish?(ending: Ending): Promise<Tree | undefined>
}

/** Bytes of a file whose size does not matter, of one of several packets, and of an unfinished upload. */
export const SMALL = 1_000
export const BODY = 200_000

/** What is there before the operation. */
export function treeBefore({ files = {} }: Operation): Tree {
  return Object.fromEntries(Object.keys(files).map((path) => [path, path]))
}
