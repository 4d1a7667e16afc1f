import type { Readable } from 'node:stream'
import { raceSignal } from './abort.ts'
import { CheckedReader } from './checked-reader.ts'
import { CheckedWalk } from './checked-walk.ts'
import { CheckedWriter } from './checked-writer.ts'
import { type OperationContext, traced } from './diagnostics.ts'
import type { Driver, DriverWriter } from './driver-types.ts'
import {
  InvalidOffsetError,
  InvalidPathError,
  isStorageError,
  StorageClosedError,
  UnsupportedMethodError,
} from './errors.ts'
import { givenTime } from './given-time.ts'
import { checkDirectory, checkPath, isBeneath } from './paths.ts'
import type {
  Capabilities,
  FileInfo,
  FileWriter,
  OperationOptions,
  PurgeOptions,
  PutOptions,
  ReaderOptions,
  RedirectOptions,
  StorageDriver,
  StoragePlace,
  UploadInfo,
  Walk,
  WalkOptions,
  WriterOptions,
} from './storage-driver.ts'
import { ListEntries, WalkEntries } from './walk-entries.ts'
import { wholeContent } from './whole-content.ts'
import { argumentError, wrapError } from './wrap-error.ts'

const NO_CAPABILITIES: Capabilities = {
  persistent: false,
  append: false,
  purgeUploads: false,
  redirectURL: false,
  fileAndDirectory: false,
  longNames: false,
  unicodePaths: false,
  caseSensitive: false,
  normalizationSensitive: false,
  snapshotReads: false,
  atomicMove: false,
  modTimes: false,
}

/** Lifetime of a redirect URL in seconds where the caller names none; the Go registry's 20 minutes. */
const REDIRECT_SECONDS = 1200
/** Age from which an upload counts as abandoned where the caller names none; the Go registry's 168 hours. */
const PURGE_AGE_MS = 168 * 3600 * 1000

/**
 * Makes a StorageDriver of a driver: adds the checks that all drivers share. `create` does it for registered ones;
 * call it to use a driver that you made yourself.
 *
 * @param name what errors and diagnostics call the driver; `create` gives the name that its caller wrote.
 */
export function toStorageDriver(driver: Driver, name: string = driver.name): StorageDriver {
  return new CheckedDriver(driver, name)
}

class CheckedDriver implements StorageDriver {
  readonly name: string
  readonly capabilities: Capabilities
  readonly #driver: Driver
  /** Every call after the first `close` is refused. */
  #isClosed = false
  /** The close that is under way or done. */
  #closing: Promise<void> | undefined

  constructor(driver: Driver, name: string) {
    this.#driver = driver
    this.name = name
    this.capabilities = Object.freeze({ ...NO_CAPABILITIES, ...driver.capabilities })
  }

  async getContent(path: string, { signal }: OperationOptions = {}): Promise<Uint8Array> {
    this.#check(path, () => checkPath(path))
    return this.#run('getContent', { path }, signal, async (context) => {
      const content = await wholeContent(this.#driver, path, signal)
      if (context) context.bytes = content.length
      return content
    })
  }

  async putContent(
    path: string,
    content: Uint8Array | string,
    { modTime, signal }: PutOptions = {},
  ): Promise<void> {
    this.#check(path, () => checkPath(path))
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    if (!(bytes instanceof Uint8Array)) throw argumentError('content is a Uint8Array or a string')
    const time = this.#check(path, () => givenTime(path, modTime, this.capabilities))
    return this.#run('putContent', { path, bytes: bytes.length }, signal, () =>
      this.#driver.putContent(path, bytes, { signal, ...time }),
    )
  }

  async reader(path: string, options: ReaderOptions = {}): Promise<Readable> {
    const { offset = 0, length, signal } = options
    this.#check(path, () => {
      for (const number of [offset, length ?? 0]) {
        if (!Number.isSafeInteger(number) || number < 0) throw new InvalidOffsetError(path, number)
      }
      checkPath(path)
    })
    const open = () => this.#driver.reader(path, { offset, length, signal })
    // Without a listener, a stream that fails while it is destroyed would end the process.
    const late = (source: Readable) => source.on('error', () => {}).destroy()
    const source = await this.#run('reader', { path, offset }, signal, open, late)
    if (signal?.aborted) {
      late(source)
      throw signal.reason
    }
    return new CheckedReader(source, { driver: this.name, path, offset, signal })
  }

  async writer(path: string, options: WriterOptions = {}): Promise<FileWriter> {
    const { append = false, modTime, signal } = options
    this.#check(path, () => {
      checkPath(path)
      if (append && !this.capabilities.append) {
        throw new UnsupportedMethodError({ path, detail: 'this driver cannot continue an upload' })
      }
    })
    const time = this.#check(path, () => givenTime(path, modTime, this.capabilities))
    const open = () => this.#driver.writer(path, { append, signal, ...time })
    // The caller never got this writer. Bytes of an earlier writer stay.
    const late = (writer: DriverWriter) =>
      append && writer.size > 0 ? writer.close() : writer.cancel()
    const writer = await this.#run('writer', { path, append }, signal, open, late)
    return new CheckedWriter(writer, { driver: this.name, path, append, signal })
  }

  async stat(path: string, { signal }: OperationOptions = {}): Promise<FileInfo> {
    this.#check(path, () => checkDirectory(path))
    return this.#run('stat', { path }, signal, () => this.#stat(path, signal))
  }

  async #stat(path: string, signal: AbortSignal | undefined): Promise<FileInfo> {
    try {
      return await this.#driver.stat(path, { signal })
    } catch (error) {
      // The root always exists. The request still shows a health check what is wrong with a backend.
      if (path !== '/' || !isStorageError(error, 'PATH_NOT_FOUND')) throw error
      return { path, size: 0, modTime: new Date(0), isDir: true }
    }
  }

  list(path: string, { signal }: OperationOptions = {}): AsyncIterable<string> {
    return new CheckedWalk<string>({
      context: { driver: this.name, method: 'list', path },
      signal,
      check: () => this.#check(path, () => checkDirectory(path)),
      start: () => new ListEntries(this.#driver, path, signal),
    })
  }

  walk(path: string, { startAfter, signal }: WalkOptions = {}): Walk {
    return new CheckedWalk<FileInfo>({
      context: { driver: this.name, method: 'walk', path },
      signal,
      check: () =>
        this.#check(path, () => {
          checkDirectory(path)
          if (startAfter !== undefined) checkDirectory(startAfter.replace(/(?<=.)\/$/, ''))
        }),
      start: (control) =>
        new WalkEntries(this.#driver, path, Object.assign(control, { startAfter, signal })),
    })
  }

  async move(
    source: string,
    destination: string,
    { signal }: OperationOptions = {},
  ): Promise<void> {
    this.#check(source, () => {
      checkPath(source)
      checkPath(destination)
      if (isBeneath(destination, source) || isBeneath(source, destination)) {
        throw new InvalidPathError(destination, {
          detail: `it cannot be moved from or to ${source}`,
        })
      }
    })
    return this.#run('move', { path: source, destination }, signal, async () => {
      if (source === destination) await this.#driver.stat(source, { signal })
      else await this.#driver.move(source, destination, { signal })
    })
  }

  async delete(path: string, { signal }: OperationOptions = {}): Promise<void> {
    this.#check(path, () => checkPath(path))
    return this.#run('delete', { path }, signal, () => this.#driver.delete(path, { signal }))
  }

  async redirectURL(path: string, options: RedirectOptions = {}): Promise<string | undefined> {
    const { method = 'GET', expiresIn = REDIRECT_SECONDS, request, signal } = options
    this.#check(path, () => checkPath(path))
    if (!Number.isSafeInteger(expiresIn) || expiresIn <= 0) {
      throw argumentError(`expiresIn is a whole number of seconds from 1, not ${expiresIn}`)
    }
    if (!this.capabilities.redirectURL || (method !== 'GET' && method !== 'HEAD')) return undefined
    return this.#run('redirectURL', { path }, signal, async () =>
      this.#driver.redirectURL?.(path, { method, expiresIn, request, signal }),
    )
  }

  async purgeUploads(path: string, options: PurgeOptions = {}): Promise<UploadInfo[]> {
    const { olderThan = new Date(Date.now() - PURGE_AGE_MS), dryRun = false, signal } = options
    this.#check(path, () => {
      checkDirectory(path)
      if (!this.capabilities.purgeUploads) {
        throw new UnsupportedMethodError({ path, detail: 'this driver cannot find uploads' })
      }
    })
    return this.#run('purgeUploads', { path }, signal, async (context) => {
      const purged: UploadInfo[] = []
      const found = this.#driver.purgeUploads?.(path, { olderThan, dryRun, signal }) ?? []
      try {
        for await (const upload of found) purged.push(upload)
      } catch (error) {
        const failure = wrapError(error, this.name, path, signal)
        if (isStorageError(failure) && !dryRun) failure.purged = purged
        throw failure
      } finally {
        if (context) context.entries = purged.length
      }
      return purged
    })
  }

  async locate(path: string, { signal }: OperationOptions = {}): Promise<StoragePlace | undefined> {
    this.#check(path, () => checkDirectory(path))
    return this.#run('locate', { path }, signal, async () =>
      this.#driver.locate?.(path, { signal }),
    )
  }

  bucketKey(path: string): string | undefined {
    return this.#check(path, () => {
      checkPath(path)
      return this.#driver.bucketKey?.(path)
    })
  }

  close(): Promise<void> {
    this.#isClosed = true
    const close = async () => this.#driver.close?.()
    this.#closing ??= this.#run('close', { path: '/' }, undefined, close).catch((error) => {
      this.#closing = undefined
      throw error
    })
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #check<T>(path: string, rules: () => T): T {
    try {
      if (this.#isClosed) throw new StorageClosedError({ path })
      return rules()
    } catch (error) {
      throw wrapError(error, this.name)
    }
  }

  #run<T>(
    method: string,
    about: Omit<OperationContext, 'driver' | 'method'>,
    signal: AbortSignal | undefined,
    run: (context: OperationContext | undefined) => Promise<T>,
    late?: (value: T) => unknown,
  ): Promise<T> {
    return traced(
      () => ({ driver: this.name, method, ...about }),
      async (context) => {
        signal?.throwIfAborted()
        try {
          return await raceSignal(run(context), signal, late)
        } catch (error) {
          throw wrapError(error, this.name, about.path, signal)
        }
      },
    )
  }
}
