import { Readable } from 'node:stream'
import type {
  Capabilities,
  Driver,
  DriverPurgeOptions,
  DriverPutOptions,
  DriverReaderOptions,
  DriverWalkOptions,
  DriverWriter,
  DriverWriterOptions,
  FileInfo,
  StoragePlace,
  UploadInfo,
} from '@stowage/core/driver'
import {
  directoryKey,
  InvalidOffsetError,
  InvalidPathError,
  PathNotFoundError,
  parentOf,
  placeInBucket,
  UnsupportedMethodError,
} from '@stowage/core/driver'
import type { InMemoryParameters } from './parameters.ts'
import { SortedMap } from './sorted-map.ts'
import { InMemoryWriter, type Session, Sessions } from './writer.ts'

/** Content never changes once it is here: a reader keeps what it opened. */
interface File {
  readonly content: Uint8Array
  readonly modTime: Date
}

/** Bytes a reader hands out at a time. */
const READ_CHUNK = 64 * 1024

/**
 * The contract in its simplest form: the reference for authors, the oracle of the model tests, and a
 * storage for tests of applications. Each instance is empty at first and gone with its process.
 */
export class InMemoryDriver implements Driver {
  readonly name = 'inmemory'
  readonly capabilities: Partial<Capabilities>
  readonly #files = new SortedMap<File>()
  readonly #sessions = new Sessions()
  readonly #id = `${Math.random()}`

  constructor({ fileAndDirectory = false }: InMemoryParameters = {}) {
    this.capabilities = {
      append: true,
      purgeUploads: true,
      fileAndDirectory,
      longNames: true,
      unicodePaths: true,
      caseSensitive: true,
      normalizationSensitive: true,
      snapshotReads: true,
      atomicMove: true,
      modTimes: true,
    }
  }

  async getContent(path: string): Promise<Uint8Array> {
    return Buffer.from(this.#file(path).content)
  }

  async putContent(
    path: string,
    content: Uint8Array,
    { modTime = new Date() }: DriverPutOptions,
  ): Promise<void> {
    this.#put(path, { content: Buffer.from(content), modTime })
  }

  async reader(path: string, { offset, length }: DriverReaderOptions): Promise<Readable> {
    const { content } = this.#file(path)
    if (offset > content.length) throw new InvalidOffsetError(path, offset)
    const end = Math.min(content.length, offset + (length ?? content.length))
    return Readable.from(chunks(content, offset, end), { objectMode: false, highWaterMark: 1 })
  }

  async writer(path: string, { append, modTime }: DriverWriterOptions): Promise<DriverWriter> {
    if (!append) this.#checkKind(path)
    const session = append ? this.#resume(path) : this.#sessions.begin(path)
    const publish = (content: Uint8Array) =>
      this.#put(path, { content, modTime: modTime ?? new Date() })
    return new InMemoryWriter(this.#sessions, session, publish)
  }

  #resume(path: string): Session {
    const session = this.#sessions.claimNewest(path)
    if (session !== undefined) return session
    if (this.#file(path).content.length > 0) {
      throw new UnsupportedMethodError({ path, detail: 'committed content cannot be appended to' })
    }
    return this.#sessions.begin(path)
  }

  async stat(path: string): Promise<FileInfo> {
    const file = this.#files.get(path)
    if (file) return info(path, file)
    if (this.#isDirectory(path)) return { path, size: 0, modTime: new Date(0), isDir: true }
    throw new PathNotFoundError(path)
  }

  async *list(path: string): AsyncGenerator<string> {
    const prefix = directoryKey(path)
    let key = this.#files.from(prefix)
    while (key?.startsWith(prefix)) {
      const cut = key.indexOf('/', prefix.length)
      const child = cut < 0 ? key : key.slice(0, cut + 1)
      yield child
      // `0` comes right after `/`: the first key that is not in this directory.
      key = cut < 0 ? this.#files.after(child) : this.#files.from(`${child.slice(0, -1)}0`)
    }
  }

  async *walk(path: string, options: DriverWalkOptions): AsyncGenerator<FileInfo> {
    const prefix = directoryKey(path)
    let key = this.#files.from(prefix)
    if (options.startAfter?.startsWith(prefix)) key = this.#files.after(options.startAfter)
    while (key?.startsWith(prefix)) {
      const file = this.#files.get(key)
      if (file) yield info(key, file)
      const { skip } = options
      key =
        skip !== undefined && key.startsWith(skip)
          ? this.#files.from(`${skip.slice(0, -1)}0`)
          : this.#files.after(key)
    }
  }

  async move(source: string, destination: string): Promise<void> {
    const file = this.#files.get(source)
    if (file) {
      this.#put(destination, file)
      this.#files.delete(source)
      return
    }
    if (!this.#isDirectory(source)) throw new PathNotFoundError(source)
    this.#checkParents(destination)
    if (!this.capabilities.fileAndDirectory && this.#files.get(destination)) {
      throw new InvalidPathError(destination, { detail: 'a directory cannot replace a file' })
    }
    for (const key of this.#files.withPrefix(directoryKey(destination))) this.#files.delete(key)
    for (const key of this.#files.withPrefix(directoryKey(source))) {
      this.#files.set(destination + key.slice(source.length), this.#file(key))
      this.#files.delete(key)
    }
  }

  async delete(path: string): Promise<void> {
    const uploads = this.#sessions.removeBeneath(path)
    const file = this.#files.delete(path)
    const beneath = this.#files.withPrefix(directoryKey(path))
    for (const key of beneath) this.#files.delete(key)
    if (uploads + beneath.length === 0 && !file) throw new PathNotFoundError(path)
  }

  async *purgeUploads(
    path: string,
    { olderThan, dryRun }: DriverPurgeOptions,
  ): AsyncGenerator<UploadInfo> {
    for (const session of this.#sessions.idleBeneath(path)) {
      if (session.startedAt >= olderThan) continue
      if (!dryRun) this.#sessions.end(session)
      yield { path: session.path, startedAt: new Date(session.startedAt), size: session.size }
    }
  }

  async locate(path: string): Promise<StoragePlace> {
    return placeInBucket('inmemory', undefined, this.#id, path)
  }

  #file(path: string): File {
    const file = this.#files.get(path)
    if (file === undefined) throw new PathNotFoundError(path)
    return file
  }

  #isDirectory(path: string): boolean {
    const prefix = directoryKey(path)
    return this.#files.from(prefix)?.startsWith(prefix) ?? path === '/'
  }

  #put(path: string, file: File): void {
    this.#checkKind(path)
    this.#files.set(path, file)
  }

  /** Whether a file may be at the path, where files and directories exclude each other. */
  #checkKind(path: string): void {
    this.#checkParents(path)
    if (!this.capabilities.fileAndDirectory && this.#isDirectory(path)) {
      throw new InvalidPathError(path, { detail: 'a directory is there' })
    }
  }

  #checkParents(path: string): void {
    if (this.capabilities.fileAndDirectory) return
    for (let parent = parentOf(path); parent !== '/'; parent = parentOf(parent)) {
      if (this.#files.get(parent))
        throw new InvalidPathError(path, { detail: `${parent} is a file` })
    }
  }
}

function info(path: string, { content, modTime }: File): FileInfo {
  return { path, size: content.length, modTime: new Date(modTime), isDir: false }
}

function* chunks(content: Uint8Array, start: number, end: number): Generator<Uint8Array> {
  for (let at = start; at < end; at += READ_CHUNK) {
    yield Buffer.from(content.subarray(at, Math.min(end, at + READ_CHUNK)))
  }
}
