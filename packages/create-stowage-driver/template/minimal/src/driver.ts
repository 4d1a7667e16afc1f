import type { Readable } from 'node:stream'
import {
  type Capabilities,
  type Driver,
  type DriverCallOptions,
  type DriverReaderOptions,
  type DriverWriter,
  type DriverWriterOptions,
  type FileInfo,
  UnsupportedMethodError,
} from '@stowage/core/driver'
import type { MydriverParameters } from './index.ts'

/**
 * Your driver. `create()` puts core's rules around it: paths are valid when they arrive, a writer's calls come one
 * at a time, errors get the driver's name. `npm run next` says which of the methods to write next; the comments of
 * Driver (go to its definition) say what each of them owes.
 */
export class MydriverDriver implements Driver {
  readonly name = 'mydriver'

  /** What your backend can do. The suite tests what you declare, and the refusal of what you do not. */
  readonly capabilities: Partial<Capabilities> = {
    // Data outlives the instance: this is nearly always true. Then the same `location` is the same data.
    persistent: true,
    // In the order in which they are worth a thought: unicodePaths, longNames, caseSensitive, fileAndDirectory,
    // append, purgeUploads, modTimes, snapshotReads, atomicMove, redirectURL.
  }

  readonly #location: string

  constructor({ location }: MydriverParameters) {
    this.#location = location
  }

  /** @throws PathNotFoundError where no file is. */
  async getContent(path: string, _options: DriverCallOptions): Promise<Uint8Array> {
    throw this.#missing('getContent', path)
  }

  /** Replaces the file in one step. The content may change once the promise is settled: copy what you keep. */
  async putContent(path: string, _content: Uint8Array, _options: DriverCallOptions): Promise<void> {
    throw this.#missing('putContent', path)
  }

  /** @throws PathNotFoundError where no file is, InvalidOffsetError where the offset is beyond the end. */
  async reader(path: string, _options: DriverReaderOptions): Promise<Readable> {
    throw this.#missing('reader', path)
  }

  /** A new upload, invisible until its commit; with `append`, a capability, the newest unfinished one. */
  async writer(path: string, _options: DriverWriterOptions): Promise<DriverWriter> {
    throw this.#missing('writer', path)
  }

  /** A directory is anything with a file beneath it; its size is 0. */
  async stat(path: string, _options: DriverCallOptions): Promise<FileInfo> {
    throw this.#missing('stat', path)
  }

  /** Keys of the children in byte order (compareKeys): a file's path, a directory's path plus "/". */
  // biome-ignore lint/correctness/useYield: it is yours to write
  async *list(path: string, _options: DriverCallOptions): AsyncGenerator<string> {
    throw this.#missing('list', path)
  }

  /** Of a file, or of a directory with all its files. What was at the destination is replaced. */
  async move(source: string, _destination: string, _options: DriverCallOptions): Promise<void> {
    throw this.#missing('move', source)
  }

  /** Of the path, all beneath it, and their unfinished uploads. @throws PathNotFoundError where nothing is. */
  async delete(path: string, _options: DriverCallOptions): Promise<void> {
    throw this.#missing('delete', path)
  }

  #missing(method: string, path: string): UnsupportedMethodError {
    return new UnsupportedMethodError({
      path,
      detail: `${method} is not written yet; it was called for ${this.#location}`,
    })
  }
}
