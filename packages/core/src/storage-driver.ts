import type { Readable } from 'node:stream'

/** What every call takes. An aborted signal rejects the call with the signal's own reason. */
export interface OperationOptions {
  signal?: AbortSignal | undefined
}

export interface ReaderOptions extends OperationOptions {
  /** First byte to read, counted from 0. Default 0. */
  offset?: number | undefined
  /** At most this many bytes. Default: to the end of the file. */
  length?: number | undefined
}

export interface PutOptions extends OperationOptions {
  /**
   * The file's modification time, which `stat` then gives; for copies of files that have one. Default: the time of
   * the change. Kept to the millisecond, or as exactly as the backend can, at most two seconds off.
   * Only with the capability `modTimes`.
   */
  modTime?: Date | undefined
}

export interface WriterOptions extends PutOptions {
  /**
   * Continue the newest unfinished upload of this path instead of starting a new one. Give it the `modTime` that
   * the upload was begun with: where the two differ, the backend tells which one counts.
   */
  append?: boolean | undefined
}

export interface WalkOptions extends OperationOptions {
  /**
   * Report only what comes after this entry. A directory is named by its path plus `/`, as
   * {@link entryKey} gives it, so that a walk resumes exactly where another one stopped.
   * It need not exist.
   */
  startAfter?: string | undefined
}

export interface RedirectOptions extends OperationOptions {
  /** HTTP method the URL will be used with. Only `GET` (the default) and `HEAD` can be redirected. */
  method?: string | undefined
  /** Lifetime of the URL in seconds. Default 1200 (20 minutes, as in the Go registry). */
  expiresIn?: number | undefined
  /** The request to be redirected, for middleware that looks at the client (its address, say). */
  request?: RedirectRequest | undefined
}

/** The part of a client's HTTP request that a redirect may depend on. */
export interface RedirectRequest {
  headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined
  remoteAddress?: string | undefined
}

export interface PurgeOptions extends OperationOptions {
  /** Only uploads begun before this instant. Default: 168 hours ago, the Go registry's age. */
  olderThan?: Date | undefined
  /** Report what would be removed and remove nothing. */
  dryRun?: boolean | undefined
}

/** What is at a path: a file, or a directory with something in it. */
export interface FileInfo {
  /** The full path, as the caller would write it. */
  readonly path: string
  /** Bytes; 0 for a directory. */
  readonly size: number
  /**
   * Last change of the content, or the time that was given with it ({@link PutOptions.modTime}). A walk may tell the
   * time of the change where the backend's listing has no other. Unspecified for a directory.
   */
  readonly modTime: Date
  readonly isDir: boolean
}

/** An upload that was begun and neither committed nor cancelled. */
export interface UploadInfo {
  readonly path: string
  readonly startedAt: Date
  /** Bytes held, where the backend tells without extra requests. */
  readonly size?: number | undefined
}

/**
 * A lazy walk: entries come in the byte order of their keys (see {@link entryKey}), a directory once
 * and before its first descendant. It can be iterated once.
 */
export interface Walk extends AsyncIterable<FileInfo> {
  /** Skips the content of the directory that came last. After a file it does nothing. */
  skipDir(): void
}

/**
 * What a backend can do beyond the contract. Declared means that the suite tests it; undeclared
 * means that the suite tests the refusal.
 */
export interface Capabilities {
  /** Another instance with the same parameters sees the data. Undeclared: each instance is empty. */
  readonly persistent: boolean
  /** Unfinished uploads can be continued. Undeclared: `append` is an UnsupportedMethodError. */
  readonly append: boolean
  /** Abandoned uploads can be found and removed. Undeclared: UnsupportedMethodError. */
  readonly purgeUploads: boolean
  /** `redirectURL` gives URLs that a plain HTTP client can use. Undeclared: always `undefined`. */
  readonly redirectURL: boolean
  /** A path can be a file and have descendants at once. Undeclared: InvalidPathError. */
  readonly fileAndDirectory: boolean
  /** A component may be longer than 255 bytes. Undeclared: more than the backend holds, which is 255 bytes
   *  or 255 UTF-16 units, is InvalidPathError. */
  readonly longNames: boolean
  /** Names beyond ASCII can be stored. Undeclared: InvalidPathError. */
  readonly unicodePaths: boolean
  /** `/A` and `/a` are two paths. Undeclared: they are one. */
  readonly caseSensitive: boolean
  /** `\u00e9` and `e\u0301`, the two normal forms of a letter, are two names. Undeclared: they are one. */
  readonly normalizationSensitive: boolean
  /** An open reader delivers its revision to the end although the file is replaced or deleted.
   *  Undeclared: it does so or fails with RevisionChangedError. */
  readonly snapshotReads: boolean
  /** A move is one step: no observer sees both names or neither. Undeclared: both may be seen. */
  readonly atomicMove: boolean
  /** A file keeps the time that is given with it, also when it is moved. Undeclared: UnsupportedMethodError. */
  readonly modTimes: boolean
}

/**
 * Writes one file. Nothing is visible at the path before {@link commit} resolves; old content stays.
 *
 * Each writer is its own upload session. open -> closed | committed | cancelled; `write` and `commit`
 * after that are WriterStateErrors. Calls may be made without waiting for each other: they are
 * carried out in order. Leaving an `await using` scope closes the writer.
 */
export interface FileWriter extends AsyncDisposable {
  readonly path: string
  /** Every byte accepted so far, buffered ones and those of earlier sessions included. */
  readonly size: number
  /**
   * Accepts the whole chunk and resolves with its length when there is room for more.
   * The chunk may be reused by the caller as soon as the promise is settled.
   * @throws WriterStateError after close, commit, cancel or a failed write or commit.
   */
  write(chunk: Uint8Array): Promise<number>
  /**
   * Makes every accepted byte durable and ends this writer without publishing: any process can go on
   * with `writer(path, { append: true })`. After commit or cancel, and a second time, it does nothing.
   */
  close(): Promise<void>
  /**
   * Ends this writer and removes all that it stored; old content at the path stays.
   * @throws WriterStateError after close or commit, and deletes nothing then.
   */
  cancel(): Promise<void>
  /**
   * Publishes all bytes at the path in one step, replacing what was there. When it fails, it can be
   * called again.
   * @throws WriterStateError after close, commit, cancel or a failed write.
   */
  commit(): Promise<void>
}

/**
 * A storage behind one interface. What each call guarantees is the contract in `docs/contract.md`;
 * `registerSuite` of `@stowage/testsuite` proves it for a driver.
 *
 * Every method rejects an invalid path with InvalidPathError and an aborted signal with its reason.
 */
export interface StorageDriver extends AsyncDisposable {
  /** The name in errors and traces. */
  readonly name: string
  readonly capabilities: Capabilities
  /**
   * The whole content of one revision. Where the file is replaced during the read, it is read again.
   * @throws PathNotFoundError where no file is.
   * @throws RevisionChangedError where the file was replaced during each of ten reads.
   */
  getContent(path: string, options?: OperationOptions): Promise<Uint8Array>
  /**
   * Creates or replaces the file in one step. A string is stored as UTF-8.
   * @throws UnsupportedMethodError with `modTime` where the driver does not keep times.
   */
  putContent(path: string, content: Uint8Array | string, options?: PutOptions): Promise<void>
  /**
   * Opens the file for reading. The stream delivers every byte asked for or fails; destroying it
   * frees the socket or handle at once.
   * @throws PathNotFoundError where no file is.
   * @throws InvalidOffsetError where the offset is negative, no safe integer, or beyond the end.
   */
  reader(path: string, options?: ReaderOptions): Promise<Readable>
  /**
   * Opens a new upload, or with `append` the newest unfinished one.
   * @throws PathNotFoundError with `append` where there is nothing to continue.
   * @throws UnsupportedMethodError with `append` on committed content, and with `modTime` where the driver does
   * not keep times.
   */
  writer(path: string, options?: WriterOptions): Promise<FileWriter>
  /** @throws PathNotFoundError where nothing is. `/` always exists. */
  stat(path: string, options?: OperationOptions): Promise<FileInfo>
  /**
   * The direct children as full paths, each once, in key order.
   * @throws PathNotFoundError at the first step where no directory is.
   */
  list(path: string, options?: OperationOptions): AsyncIterable<string>
  /**
   * Everything in the directory, at any depth.
   * @throws PathNotFoundError at the first step where no directory is.
   */
  walk(path: string, options?: WalkOptions): Walk
  /**
   * Moves a file, or a directory with its content, and replaces the destination. The source is only
   * removed once the destination is whole. Onto itself it does nothing.
   * @throws PathNotFoundError where the source is missing.
   * @throws InvalidPathError where one path contains the other.
   */
  move(source: string, destination: string, options?: OperationOptions): Promise<void>
  /**
   * Removes the path, everything in it, and their unfinished uploads; never a sibling that shares
   * a prefix.
   * @throws PathNotFoundError where nothing is.
   * @throws StorageErrors that name what could not be removed.
   */
  delete(path: string, options?: OperationOptions): Promise<void>
  /** A URL at which the file can be had without credentials, or undefined: serve it yourself. */
  redirectURL(path: string, options?: RedirectOptions): Promise<string | undefined>
  /**
   * Removes unfinished uploads at the path and below it, and says which. An error that it ends with says in
   * `purged` which were removed before.
   * @throws UnsupportedMethodError without the capability.
   */
  purgeUploads(path: string, options?: PurgeOptions): Promise<UploadInfo[]>
  /**
   * The key under which an object store keeps the file at the path, for what addresses it by another
   * way: a CDN in front of the bucket. Undefined, or left out, where the backend has no such keys.
   * Nothing is looked up. Middleware passes the call on, however many lie between.
   */
  bucketKey?(path: string): string | undefined
  /**
   * Tells where the path lies, so that a tool can see whether two storages overlap. Undefined, or left out,
   * where the driver cannot tell. It costs no request to a service.
   */
  locate?(path: string, options?: OperationOptions): Promise<StoragePlace | undefined>
  /**
   * Frees sockets, handles and timers. Every later call is a StorageClosedError; a second `close` waits for the
   * first, or tries again where that failed. Calls under way and open readers, writers and iterations are not
   * waited for: each goes on, or fails with a typed error. Close writers first to keep their bytes for certain.
   */
  close(): Promise<void>
}

/** Where a path of a storage lies. */
export interface StoragePlace {
  /** False where the root directory of the storage does not exist yet. A bucket is not asked for. */
  readonly rootExists: boolean
  /**
   * Names of the place itself and of every directory above it, the nearest first, above the storage's own
   * root too. Equal names mean one place. They are for comparison only and have no fixed format.
   */
  readonly names: readonly string[]
  /**
   * Every writer replaces a file as a whole only: what a reader gives is of one revision, and a copy
   * need not ask again. Left out where other programs can change a file in place.
   */
  readonly isObjectStore?: boolean | undefined
  /** Milliseconds between two times that files can have there, where it is known: 2000 on FAT. Left out: 1. */
  readonly timeStep?: number | undefined
}

/** `FileInfo.path` as a key: a directory's path plus `/`. Keys in byte order are the walk's order. */
export function entryKey(info: Pick<FileInfo, 'path' | 'isDir'>): string {
  return info.isDir && info.path !== '/' ? `${info.path}/` : info.path
}
