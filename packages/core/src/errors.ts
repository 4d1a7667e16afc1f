import type { UploadInfo } from './storage-driver.ts'

/** Marks errors of every copy of core: two copies may meet in one process. */
const BRAND = Symbol.for('@stowage/core/error')

/** Stable names of the causes. They are the interface; messages may gain words. */
export type StorageErrorCode =
  | 'PATH_NOT_FOUND'
  | 'INVALID_PATH'
  | 'INVALID_OFFSET'
  | 'UNSUPPORTED_METHOD'
  | 'WRITER_STATE'
  | 'CLOSED'
  | 'CONFIG'
  | 'UNKNOWN_DRIVER'
  | 'PERMISSION_DENIED'
  | 'THROTTLED'
  | 'UNAVAILABLE'
  | 'NO_SPACE'
  | 'UPLOAD_NOT_FOUND'
  | 'REVISION_CHANGED'
  | 'CONTENT'
  | 'DRIVER'
  | 'MULTIPLE'

/** What every error takes besides its own. */
export interface StorageErrorOptions {
  /** The backend's own error. Never one that carries a credential. */
  cause?: unknown
  /** Core fills it in where a driver leaves it out. */
  driver?: string | undefined
  /** What happened in more words, and what to do next. */
  detail?: string | undefined
}

/** The one base class. Tell errors apart by `code` (see {@link isStorageError}), not by class. */
export abstract class StorageError extends Error {
  abstract readonly code: StorageErrorCode
  readonly path?: string
  /** Whether the same call may succeed later. */
  readonly retryable: boolean = false
  /** The uploads that a `purgeUploads` had removed when it failed. Undefined in errors of other calls. */
  declare purged?: readonly UploadInfo[]
  #driver: string
  readonly #text: string

  static {
    Object.defineProperty(StorageError.prototype, BRAND, { value: true })
  }

  constructor(text: string, options: StorageErrorOptions & { path?: string | undefined } = {}) {
    const driver = options.driver ?? ''
    super(line(driver, text), 'cause' in options ? { cause: options.cause } : undefined)
    this.#driver = driver
    this.#text = text
    if (options.path !== undefined) this.path = options.path
  }

  /** The name of the driver that failed, or an empty string outside of any driver. */
  get driver(): string {
    return this.#driver
  }

  /** Names the driver and the path, once: what is there already stays. Core calls it. */
  addContext(driver: string, path?: string): this {
    if (this.path === undefined && path !== undefined) (this as { path?: string }).path = path
    return this.#driver === '' ? this.renameDriver(driver) : this
  }

  /** Names the driver as its user does. Core calls it where creating a driver failed. */
  renameDriver(driver: string): this {
    const { message: before, stack } = this
    this.#driver = driver
    this.message = line(driver, this.#text)
    // The stack was made with the message as it was.
    if (stack !== undefined) this.stack = stack.replace(before, () => this.message)
    return this
  }

  /** The message without the driver's name. */
  get detail(): string {
    return this.#text
  }

  /** The Go registry's JSON fields, then `code` and `retryable`. */
  toJSON(): Record<string, unknown> {
    return { ...this.fields(), code: this.code, retryable: this.retryable }
  }

  protected fields(): Record<string, unknown> {
    return { Path: this.path, DriverName: this.driver }
  }
}

function line(driver: string, text: string): string {
  return driver === '' ? text : `${driver}: ${text}`
}

function more(text: string, detail: string | undefined): string {
  return detail === undefined ? text : `${text} (${detail})`
}

/** Nothing is at the path, or not what the call needs: a directory where a file is read. */
export class PathNotFoundError extends StorageError {
  override readonly name = 'PathNotFoundError'
  override readonly code = 'PATH_NOT_FOUND'
  constructor(path: string, options: StorageErrorOptions = {}) {
    super(more(`Path not found: ${path}`, options.detail), { ...options, path })
  }
}

/** The path is malformed, or the backend cannot hold it. Nothing was changed. */
export class InvalidPathError extends StorageError {
  override readonly name = 'InvalidPathError'
  override readonly code = 'INVALID_PATH'
  constructor(path: string, options: StorageErrorOptions = {}) {
    super(more(`invalid path: ${printable(path)}`, options.detail), { ...options, path })
  }
}

export class InvalidOffsetError extends StorageError {
  override readonly name = 'InvalidOffsetError'
  override readonly code = 'INVALID_OFFSET'
  readonly offset: number
  constructor(path: string, offset: number, options: StorageErrorOptions = {}) {
    super(more(`invalid offset: ${offset} for path: ${printable(path)}`, options.detail), {
      ...options,
      path,
    })
    this.offset = offset
  }
  protected override fields(): Record<string, unknown> {
    return { Path: this.path, Offset: this.offset, DriverName: this.driver }
  }
}

/** The driver does not do this, or not with this content. */
export class UnsupportedMethodError extends StorageError {
  override readonly name = 'UnsupportedMethodError'
  override readonly code = 'UNSUPPORTED_METHOD'
  constructor(options: StorageErrorOptions & { path?: string | undefined } = {}) {
    super(more('unsupported method', options.detail), options)
  }
}

/** A writer was used after its end, or after a failure that ended it. */
export class WriterStateError extends StorageError {
  override readonly name = 'WriterStateError'
  override readonly code = 'WRITER_STATE'
  constructor(state: string, path: string, options: StorageErrorOptions = {}) {
    super(more(`${state}: ${path}`, options.detail), { ...options, path })
  }
}

/** The storage was used after its `close()`. Nothing was done. */
export class StorageClosedError extends StorageError {
  override readonly name = 'StorageClosedError'
  override readonly code = 'CLOSED'
  constructor(options: StorageErrorOptions & { path?: string | undefined } = {}) {
    super(more('the storage is closed: open a new one', options.detail), options)
  }
}

/** The parameters, or what they point at (a bucket, a root directory), are wrong. */
export class ConfigError extends StorageError {
  override readonly name = 'ConfigError'
  override readonly code = 'CONFIG'
  /** One line for each thing that is wrong. */
  readonly problems: readonly string[]
  constructor(problems: string | readonly string[], options: StorageErrorOptions = {}) {
    const all = typeof problems === 'string' ? [problems] : problems
    super(more(all.join('; '), options.detail), options)
    this.problems = all
  }
  protected override fields(): Record<string, unknown> {
    return { DriverName: this.driver, problems: this.problems }
  }
}

/** No driver of that name is registered. The message names the package to install, if known. */
export class InvalidStorageDriverError extends StorageError {
  override readonly name = 'InvalidStorageDriverError'
  override readonly code = 'UNKNOWN_DRIVER'
  readonly driverName: string
  constructor(name: string, options: StorageErrorOptions = {}) {
    super(more(`StorageDriver not registered: ${name}`, options.detail), options)
    this.driverName = name
  }
  protected override fields(): Record<string, unknown> {
    return { Name: this.driverName }
  }
}

interface BackendErrorOptions extends StorageErrorOptions {
  path?: string | undefined
}

/** An error of the backend that has no more precise class. `Error` in the Go registry. */
export class DriverError extends StorageError {
  override readonly name: string = 'DriverError'
  override readonly code: StorageErrorCode = 'DRIVER'
  constructor(message: string, options: BackendErrorOptions = {}) {
    super(more(message, options.detail), options)
  }
  protected override fields(): Record<string, unknown> {
    return { driver: this.driver, detail: this.detail, path: this.path }
  }
}

/** The backend knows the caller and says no. Never turned into "not found". */
export class PermissionError extends DriverError {
  override readonly name = 'PermissionError'
  override readonly code = 'PERMISSION_DENIED'
}

/** The backend asks for fewer requests, and the retries are used up. */
export class ThrottledError extends DriverError {
  override readonly name = 'ThrottledError'
  override readonly code = 'THROTTLED'
  override readonly retryable = true
}

/** The backend could not be reached, failed or went silent, and the retries are used up. */
export class UnavailableError extends DriverError {
  override readonly name = 'UnavailableError'
  override readonly code = 'UNAVAILABLE'
  override readonly retryable = true
}

/** Disk full or quota used up. What was there is untouched. */
export class NoSpaceError extends DriverError {
  override readonly name = 'NoSpaceError'
  override readonly code = 'NO_SPACE'
}

/** The unfinished upload is gone: expired, removed, or taken over by another writer. */
export class UploadNotFoundError extends DriverError {
  override readonly name = 'UploadNotFoundError'
  override readonly code = 'UPLOAD_NOT_FOUND'
}

/** The file was replaced or deleted while it was being read: read it again from the start. */
export class RevisionChangedError extends DriverError {
  override readonly name = 'RevisionChangedError'
  override readonly code = 'REVISION_CHANGED'
}

/** The bytes are not those that were promised: too few, or a checksum that differs. */
export class ContentError extends DriverError {
  override readonly name = 'ContentError'
  override readonly code = 'CONTENT'
}

/** Several things failed in one call; each is in `errors`. `Errors` in the Go registry. */
export class StorageErrors extends StorageError {
  override readonly name = 'StorageErrors'
  override readonly code = 'MULTIPLE'
  readonly errors: readonly Error[]
  constructor(errors: readonly Error[], options: StorageErrorOptions = {}) {
    super(summary(errors), options)
    this.errors = errors
  }
  /** Names the driver in the errors inside, too. */
  override addContext(driver: string, path?: string): this {
    for (const error of this.errors) if (isStorageError(error)) error.addContext(driver)
    return super.addContext(driver, path)
  }
  protected override fields(): Record<string, unknown> {
    return { driver: this.driver, details: this.errors.map((error) => error.message) }
  }
}

function summary(errors: readonly Error[]): string {
  if (errors.length === 0) return '<nil>'
  if (errors.length === 1) return errors[0]?.message ?? ''
  return `errors:\n${errors.map((error) => `${error.message}\n`).join('')}`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** Control characters and lone surrogates of a hostile path, made visible. */
function printable(path: unknown): string {
  if (typeof path !== 'string') return `${typeof path} is not a string`
  const visible = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
  return path.toWellFormed().replace(UNPRINTABLE, visible)
}

/** Whether this is an error of Stowage, of this copy of core or another, and of that code if given. */
export function isStorageError<C extends StorageErrorCode>(
  error: unknown,
  code?: C,
): error is StorageError & { code: C } {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false
  return code === undefined || (error as object as StorageError).code === code
}
