import type { Readable } from 'node:stream'
import type {
  Capabilities,
  FileInfo,
  RedirectRequest,
  StoragePlace,
  UploadInfo,
} from './storage-driver.ts'

/** Options as a driver receives them: checked and completed. */
export interface DriverCallOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * What an author of a driver implements. {@link toStorageDriver} turns it into a StorageDriver: it checks paths,
 * offsets and states, keeps the order of a writer's calls, derives directories, names the driver in
 * errors, races every call against its signal and publishes diagnostics. A driver does none of that.
 *
 * Paths are valid when they arrive, never `/` except in stat, list, walk and purgeUploads. Errors of
 * core are thrown without a driver name; anything else that is thrown becomes a DriverError. The
 * signal has to be handed to the backend; before the step that publishes or removes data, a driver
 * checks it once more (`signal?.throwIfAborted()`).
 */
export interface Driver {
  readonly name: string
  /** Flags left out are false. */
  readonly capabilities: Partial<Capabilities>
  /**
   * Core calls it again if the file was replaced during the read.
   * @throws PathNotFoundError where no file is, a directory included.
   * @throws RevisionChangedError where the file was replaced while it was read.
   */
  getContent(path: string, options: DriverCallOptions): Promise<Uint8Array>
  /**
   * Replaces the file in one step. The content may change once the promise is settled.
   * @throws InvalidPathError where the backend cannot hold the name, before anything is changed.
   */
  putContent(path: string, content: Uint8Array, options: DriverPutOptions): Promise<void>
  /**
   * A stream of the bytes from `offset` (a safe integer, at least 0) on, at most `length` of them.
   * It delivers them all or fails with an error; its destruction frees what it holds.
   * @throws InvalidOffsetError where the offset is beyond the end.
   */
  reader(path: string, options: DriverReaderOptions): Promise<Readable>
  /** `append` is only true where the capability is declared. */
  writer(path: string, options: DriverWriterOptions): Promise<DriverWriter>
  /** A directory is any path with a file below it. Its size is 0. */
  stat(path: string, options: DriverCallOptions): Promise<FileInfo>
  /**
   * The keys of the direct children in byte order (see {@link compareKeys}): a file's path, a
   * directory's path plus `/`. Nothing where no directory is: core makes the error.
   * A driver has this or {@link listPages}.
   */
  list?(path: string, options: DriverCallOptions): AsyncIterable<string>
  /** In place of `list`: the same by pages, as the backend lists them. It saves a step for each entry. */
  listPages?(path: string, options: DriverCallOptions): AsyncIterable<readonly string[]>
  /**
   * The files (no directories) below the path in byte order of their paths. Without it, core walks
   * by list and stat.
   */
  walk?(path: string, options: DriverWalkOptions): AsyncIterable<FileInfo>
  /** In place of `walk`: the same by pages, as the backend lists them. It saves a step for each file. */
  walkPages?(path: string, options: DriverWalkOptions): AsyncIterable<readonly FileInfo[]>
  /** The two paths differ, and neither contains the other. */
  move(source: string, destination: string, options: DriverCallOptions): Promise<void>
  delete(path: string, options: DriverCallOptions): Promise<void>
  /** Only called for GET and HEAD, where the capability is declared. */
  redirectURL?(path: string, options: DriverRedirectOptions): Promise<string | undefined>
  /** The key of the file in the bucket, without a look at whether it is there. */
  bucketKey?(path: string): string
  /** See {@link StorageDriver.locate}. {@link placeInBucket} makes it of a bucket and a key. */
  locate?(path: string, options: DriverCallOptions): Promise<StoragePlace>
  /** Yields each upload after its removal (with `dryRun`, without removal). */
  purgeUploads?(path: string, options: DriverPurgeOptions): AsyncIterable<UploadInfo>
  close?(): Promise<void>
}

export interface DriverReaderOptions extends DriverCallOptions {
  readonly offset: number
  readonly length?: number | undefined
}

export interface DriverPutOptions extends DriverCallOptions {
  /** See {@link PutOptions.modTime}. A date of its own; only given where the capability is declared. */
  readonly modTime?: Date | undefined
}

export interface DriverWriterOptions extends DriverPutOptions {
  readonly append: boolean
}

export interface DriverWalkOptions extends DriverCallOptions {
  /** Only files whose path sorts after this key. */
  readonly startAfter?: string | undefined
  /**
   * The key (with its final `/`) of a directory the caller wants no more of, or undefined. It changes
   * while the walk is under way: a driver that looks at it after each `yield` can jump ahead. Core
   * leaves out those files in any case.
   */
  readonly skip: string | undefined
}

export interface DriverRedirectOptions extends DriverCallOptions {
  readonly method: 'GET' | 'HEAD'
  readonly expiresIn: number
  readonly request?: RedirectRequest | undefined
}

export interface DriverPurgeOptions extends DriverCallOptions {
  readonly olderThan: Date
  readonly dryRun: boolean
}

/**
 * A driver's half of a FileWriter. Core calls one method at a time, none after one of close, cancel
 * and commit has succeeded, and no `write` after a failed one. Each of the three may be called again
 * after it failed. Chunks are never empty.
 *
 * When the writer's signal is aborted, core calls `cancel` once the call under way has settled.
 */
export interface DriverWriter {
  /** Every byte accepted, earlier sessions' included. */
  readonly size: number
  /** Resolves when there is room for more. The chunk is not kept after that: copy what is buffered. */
  write(chunk: Uint8Array): Promise<void>
  /** Durable, resumable, not published; handles are freed. */
  close(): Promise<void>
  /** Nothing of the session remains; handles are freed. */
  cancel(): Promise<void>
  /** Published in one step; handles are freed. */
  commit(): Promise<void>
}
