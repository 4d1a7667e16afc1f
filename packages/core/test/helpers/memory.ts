import { Readable } from 'node:stream'
import {
  type Capabilities,
  compareKeys,
  type Driver,
  type DriverCallOptions,
  type DriverReaderOptions,
  type DriverWriter,
  type DriverWriterOptions,
  directoryKey,
  type FileInfo,
  InvalidOffsetError,
  PathNotFoundError,
  type StorageDriver,
  toStorageDriver,
  UnsupportedMethodError,
} from '@stowage/core/driver'

interface Session {
  path: string
  chunks: Buffer[]
  held: boolean
}

/**
 * A driver with nothing in it but maps, whose methods a test may replace. Core cannot use
 * driver-inmemory, which uses core.
 */
export class Memory implements Driver {
  readonly name: string = 'memory'
  readonly capabilities: Partial<Capabilities>
  readonly files = new Map<string, Buffer>()
  /** Unfinished uploads, oldest first. */
  readonly sessions: Session[] = []
  readChunk = 64 * 1024

  constructor(capabilities: Partial<Capabilities> = { append: true }) {
    this.capabilities = capabilities
  }

  #file(path: string): Buffer {
    const file = this.files.get(path)
    if (file === undefined) throw new PathNotFoundError(path)
    return file
  }

  async getContent(path: string, _options?: DriverCallOptions): Promise<Uint8Array> {
    return this.#file(path)
  }

  async putContent(path: string, content: Uint8Array, _options?: DriverCallOptions): Promise<void> {
    this.files.set(path, Buffer.from(content))
  }

  async reader(path: string, { offset, length }: DriverReaderOptions): Promise<Readable> {
    const file = this.#file(path)
    if (offset > file.length) throw new InvalidOffsetError(path, offset)
    const wanted = file.subarray(offset, length === undefined ? undefined : offset + length)
    const step = this.readChunk
    function* chunks(): Generator<Uint8Array> {
      for (let at = 0; at < wanted.length; at += step) yield wanted.subarray(at, at + step)
    }
    return Readable.from(chunks(), { objectMode: false })
  }

  async writer(path: string, { append }: DriverWriterOptions): Promise<DriverWriter> {
    let session = this.sessions.findLast((other) => append && other.path === path && !other.held)
    if (append && session === undefined && this.#file(path).length > 0) {
      throw new UnsupportedMethodError({ path })
    }
    if (session === undefined) {
      session = { path, chunks: [], held: true }
      this.sessions.push(session)
    }
    session.held = true
    return new MemoryWriter(this, session)
  }

  async stat(path: string, _options?: DriverCallOptions): Promise<FileInfo> {
    const modTime = new Date(0)
    const file = this.files.get(path)
    if (file) return { path, size: file.length, modTime, isDir: false }
    for (const key of this.files.keys()) {
      if (key.startsWith(directoryKey(path))) return { path, size: 0, modTime, isDir: true }
    }
    throw new PathNotFoundError(path)
  }

  async *list(path: string, _options?: DriverCallOptions): AsyncGenerator<string> {
    const prefix = directoryKey(path)
    const children = new Set<string>()
    for (const key of this.files.keys()) {
      if (!key.startsWith(prefix)) continue
      const cut = key.indexOf('/', prefix.length)
      children.add(cut < 0 ? key : key.slice(0, cut + 1))
    }
    yield* [...children].sort(compareKeys)
  }

  async move(source: string, destination: string, _options?: DriverCallOptions): Promise<void> {
    this.files.set(destination, this.#file(source))
    this.files.delete(source)
  }

  async delete(path: string, _options?: DriverCallOptions): Promise<void> {
    if (!this.files.delete(path)) throw new PathNotFoundError(path)
  }
}

export class MemoryWriter implements DriverWriter {
  readonly #memory: Memory
  readonly #session: Session

  constructor(memory: Memory, session: Session) {
    this.#memory = memory
    this.#session = session
  }

  get size(): number {
    return this.#session.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#session.chunks.push(Buffer.from(chunk))
  }

  async close(): Promise<void> {
    this.#session.held = false
  }

  async cancel(): Promise<void> {
    this.#memory.sessions.splice(this.#memory.sessions.indexOf(this.#session), 1)
  }

  async commit(): Promise<void> {
    this.#memory.files.set(this.#session.path, Buffer.concat(this.#session.chunks))
    await this.cancel()
  }
}

/** A driver with these files, and the maps behind it. */
export function storage(
  files: Record<string, string | Uint8Array> = {},
  capabilities?: Partial<Capabilities>,
): { memory: Memory; driver: StorageDriver } {
  const memory = new Memory(capabilities)
  for (const [path, content] of Object.entries(files)) memory.files.set(path, Buffer.from(content))
  return { memory, driver: toStorageDriver(memory) }
}
