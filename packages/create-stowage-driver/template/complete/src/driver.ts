import { Readable } from 'node:stream'
import {
  type Capabilities,
  compareKeys,
  type Driver,
  type DriverCallOptions,
  type DriverPurgeOptions,
  type DriverReaderOptions,
  type DriverWriter,
  type DriverWriterOptions,
  directoryKey,
  type FileInfo,
  InvalidOffsetError,
  isBeneath,
  PathNotFoundError,
  UnsupportedMethodError,
  type UploadInfo,
  UploadNotFoundError,
} from '@stowage/core/driver'
import type { MydriverParameters } from './index.ts'

interface File {
  readonly content: Buffer
  readonly modTime: Date
}

/** An unfinished upload. `owner` is the writer that may go on with it. */
interface Upload {
  readonly path: string
  readonly startedAt: Date
  readonly chunks: Buffer[]
  size: number
  owner?: DriverWriter
}

/** A stand-in for your backend, which lasts as long as the process. Replace it, and what asks it, step by step. */
class Space {
  static readonly #all = new Map<string, Space>()
  readonly files = new Map<string, File>()
  readonly uploads = new Set<Upload>()

  static at(location: string): Space {
    const space = Space.#all.get(location) ?? new Space()
    Space.#all.set(location, space)
    return space
  }
}

/** A complete driver: the whole suite is green. It keeps everything in memory, in the way of an object store. */
export class MydriverDriver implements Driver {
  readonly name = 'mydriver'
  readonly capabilities: Partial<Capabilities> = {
    persistent: true,
    append: true,
    purgeUploads: true,
    fileAndDirectory: true,
    longNames: true,
    unicodePaths: true,
    caseSensitive: true,
    normalizationSensitive: true,
    snapshotReads: true,
    atomicMove: true,
  }
  readonly #space: Space

  constructor({ location }: MydriverParameters) {
    this.#space = Space.at(location)
  }

  async getContent(path: string): Promise<Uint8Array> {
    return Buffer.from(this.#file(path).content)
  }

  async putContent(
    path: string,
    content: Uint8Array,
    { signal }: DriverCallOptions,
  ): Promise<void> {
    // Right before anything can be seen: an aborted call must publish nothing.
    signal?.throwIfAborted()
    this.#space.files.set(path, { content: Buffer.from(content), modTime: new Date() })
  }

  async reader(path: string, { offset, length }: DriverReaderOptions): Promise<Readable> {
    const { content } = this.#file(path)
    if (offset > content.length) throw new InvalidOffsetError(path, offset)
    return Readable.from(pieces(content.subarray(offset, offset + (length ?? content.length))))
  }

  async writer(path: string, { append }: DriverWriterOptions): Promise<DriverWriter> {
    const { uploads } = this.#space
    const newest = append ? [...uploads].findLast((upload) => upload.path === path) : undefined
    if (append && newest === undefined && this.#file(path).content.length > 0) {
      throw new UnsupportedMethodError({ path, detail: 'committed content cannot be continued' })
    }
    const upload = newest ?? { path, startedAt: new Date(), chunks: [], size: 0 }
    uploads.add(upload)
    return new MydriverWriter(this.#space, upload)
  }

  async stat(path: string): Promise<FileInfo> {
    const file = this.#space.files.get(path)
    if (file)
      return { path, size: file.content.length, modTime: new Date(file.modTime), isDir: false }
    if (this.#beneath(path).length === 0) throw new PathNotFoundError(path)
    return { path, size: 0, modTime: new Date(0), isDir: true }
  }

  async *list(path: string): AsyncGenerator<string> {
    const start = directoryKey(path).length
    let last: string | undefined
    for (const file of this.#beneath(path)) {
      const cut = file.indexOf('/', start)
      const key = cut < 0 ? file : file.slice(0, cut + 1)
      if (key !== last) yield key
      last = key
    }
  }

  async move(source: string, destination: string, { signal }: DriverCallOptions): Promise<void> {
    const { files } = this.#space
    const moved = files.has(source) ? [source] : this.#beneath(source)
    if (moved.length === 0) throw new PathNotFoundError(source)
    signal?.throwIfAborted()
    // A file replaces a file, a directory a directory.
    if (!files.has(source)) for (const path of this.#beneath(destination)) files.delete(path)
    for (const path of moved) {
      files.set(destination + path.slice(source.length), this.#file(path))
      files.delete(path)
    }
  }

  async delete(path: string, { signal }: DriverCallOptions): Promise<void> {
    const { files, uploads } = this.#space
    const gone = [...(files.has(path) ? [path] : []), ...this.#beneath(path)]
    const unfinished = this.#uploads(path)
    if (gone.length + unfinished.length === 0) throw new PathNotFoundError(path)
    signal?.throwIfAborted()
    for (const file of gone) files.delete(file)
    for (const upload of unfinished) uploads.delete(upload)
  }

  async *purgeUploads(path: string, options: DriverPurgeOptions): AsyncGenerator<UploadInfo> {
    for (const upload of this.#uploads(path)) {
      if (upload.startedAt >= options.olderThan) continue
      if (!options.dryRun) this.#space.uploads.delete(upload)
      yield { path: upload.path, startedAt: upload.startedAt, size: upload.size }
    }
  }

  #file(path: string): File {
    const file = this.#space.files.get(path)
    if (file === undefined) throw new PathNotFoundError(path)
    return file
  }

  /** The files beneath a directory in the order of keys. */
  #beneath(path: string): string[] {
    return [...this.#space.files.keys()].filter((file) => isBeneath(file, path)).sort(compareKeys)
  }

  #uploads(path: string): Upload[] {
    const all = [...this.#space.uploads]
    return all.filter((upload) => upload.path === path || isBeneath(upload.path, path))
  }
}

class MydriverWriter implements DriverWriter {
  readonly #space: Space
  readonly #upload: Upload

  constructor(space: Space, upload: Upload) {
    this.#space = space
    this.#upload = upload
    // Whoever had it so far finds out at its next step: two writers must not mix their bytes.
    upload.owner = this
  }

  get size(): number {
    return this.#upload.size
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#mustOwn()
    this.#upload.chunks.push(Buffer.from(chunk))
    this.#upload.size += chunk.length
  }

  async close(): Promise<void> {
    this.#mustOwn()
  }

  async cancel(): Promise<void> {
    if (this.#upload.owner === this) this.#space.uploads.delete(this.#upload)
  }

  async commit(): Promise<void> {
    this.#mustOwn()
    const { path, chunks } = this.#upload
    this.#space.files.set(path, { content: Buffer.concat(chunks), modTime: new Date() })
    this.#space.uploads.delete(this.#upload)
  }

  #mustOwn(): void {
    const { owner, path } = this.#upload
    if (owner === this && this.#space.uploads.has(this.#upload)) return
    throw new UploadNotFoundError('the upload was removed or taken over', { path })
  }
}

/** Bytes that a reader hands out at a time. */
const PIECE = 64 * 1024

function* pieces(content: Buffer): Generator<Uint8Array> {
  for (let at = 0; at < content.length; at += PIECE) {
    yield Buffer.from(content.subarray(at, at + PIECE))
  }
}
