// What the runner and the measured processes say to each other: one line of JSON each way, in Node.js and in Go alike.

/** A backend's address, as each subject needs it; also for the Go program. */
export type Config = Readonly<Record<string, string>>

/** One piece of work, timed by the process that does it. */
export interface Task {
  readonly op: Operation
  /** The file, or the directory of the files `number`, or `directory/number` where `width` is given. */
  readonly path: string
  readonly count?: number
  readonly size?: number
  /** How many of the files are under way at a time. */
  readonly parallel?: number
  /** Files in a directory. */
  readonly width?: number
}

export const OPERATIONS = [
  'put',
  'get',
  'upload',
  'download',
  'list',
  'walk',
  'move',
  'delete',
  'resume',
] as const

export type Operation = (typeof OPERATIONS)[number]

/** What a task took, in the process that did it. */
export interface Result {
  /** By the clock. */
  readonly ms: number
  /** Of the processor, all threads. */
  readonly cpuMs: number
  /** Files or entries that were handled; checked against what there must be. */
  readonly count: number
  readonly bytes: number
}

export type Reply =
  | { readonly ready: readonly Operation[] }
  | { readonly result: Result }
  | { readonly error: string }

/** Where the file `index` of a task is. */
export function filePath({ path, width }: Task, index: number): string {
  return width ? `${path}/${Math.floor(index / width)}/${index % width}` : `${path}/${index}`
}
