import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  type Capabilities,
  type Driver,
  type DriverCallOptions,
  type DriverPurgeOptions,
  type DriverPutOptions,
  type DriverReaderOptions,
  type DriverWalkOptions,
  type DriverWriter,
  type DriverWriterOptions,
  type FileInfo,
  HeldSessions,
  InvalidOffsetError,
  InvalidPathError,
  MAX_PATH_BYTES,
  PathNotFoundError,
  UnsupportedMethodError,
  type UploadInfo,
} from '@stowage/core/driver'
import { children, fileInfo, filesBeneath, hasFilesBeneath } from './keys.ts'
import { chunksOf, contentOf, findFile } from './reading.ts'
import { CHUNK_CAPABILITIES, type ChunkStore, type StoredUpload } from './store.ts'
import { ChunkWriter } from './writer.ts'

/**
 * A driver on a {@link ChunkStore}: give it to `register`, or to `toStorageDriver` of core. It keeps who holds an upload, fills
 * and reads chunks, settles commits whose answer was lost, and derives directories from paths.
 */
export class ChunkDriver implements Driver {
  readonly name: string
  readonly capabilities: Partial<Capabilities>
  readonly #store: ChunkStore
  readonly #held: HeldSessions

  constructor(store: ChunkStore) {
    this.#store = store
    this.name = store.name
    this.capabilities = { ...CHUNK_CAPABILITIES, ...store.capabilities }
    this.#held = new HeldSessions(store.identity)
  }

  async getContent(path: string, { signal }: DriverCallOptions): Promise<Uint8Array> {
    return contentOf(this.#store, path, signal)
  }

  async putContent(path: string, content: Uint8Array, options: DriverPutOptions): Promise<void> {
    const { chunkSize } = this.#store
    if (content.length > chunkSize) return this.#putInChunks(path, content, options)
    const { signal, modTime } = options
    signal?.throwIfAborted()
    const ids = { revision: randomUUID(), owner: randomUUID() }
    const time = modTime?.getTime() ?? Date.now()
    const file = { path, ...ids, size: content.length, modTime: time, chunkSize }
    await this.#store.put(file, content, signal)
  }

  async #putInChunks(path: string, content: Uint8Array, options: DriverPutOptions): Promise<void> {
    const writer = await this.#begin(path, options)
    try {
      await writer.write(content)
      await writer.commit()
    } catch (error) {
      // The first error counts. What this leaves behind, `purgeUploads` finds.
      await writer.cancel().catch(() => {})
      throw error
    }
  }

  async reader(path: string, options: DriverReaderOptions): Promise<Readable> {
    const { offset, length, signal } = options
    const file = await findFile(this.#store, path, signal)
    if (offset > file.size) throw new InvalidOffsetError(path, offset)
    const end = Math.min(file.size, offset + (length ?? file.size))
    const bytes = chunksOf(this.#store, file, offset, end, signal)
    return Readable.from(bytes, { objectMode: false, highWaterMark: 1 })
  }

  async writer(path: string, options: DriverWriterOptions): Promise<DriverWriter> {
    const { append, signal } = options
    const found = append ? await this.#claim(path, signal) : undefined
    if (found) return this.#open(found, options)
    if (append && (await findFile(this.#store, path, signal)).size > 0) {
      throw new UnsupportedMethodError({ path, detail: 'committed content cannot be continued' })
    }
    return this.#begin(path, options)
  }

  /** Takes over the newest upload that no writer of this process holds. Who is beaten to it looks again. */
  async #claim(path: string, signal: AbortSignal | undefined): Promise<StoredUpload | undefined> {
    for (;;) {
      const uploads = await this.#store.uploads(path, false, signal)
      const idle = uploads.find(({ revision }) => !this.#held.has(revision))
      if (idle === undefined) return undefined
      const taken = await this.#store.take(idle, randomUUID(), signal)
      if (taken !== undefined) return taken
      signal?.throwIfAborted()
    }
  }

  async #begin(path: string, options: DriverPutOptions): Promise<ChunkWriter> {
    const ids = { revision: randomUUID(), owner: randomUUID() }
    const { chunkSize } = this.#store
    const upload = { path, ...ids, size: 0, startedAt: Date.now(), chunkSize }
    try {
      await this.#store.begin(upload, options.signal)
    } catch (error) {
      await this.#dropQuietly(upload)
      throw error
    }
    return this.#open(upload, options)
  }

  /** A failed beginning may have begun all the same. What this cannot remove, `purgeUploads` finds. */
  async #dropQuietly(upload: StoredUpload): Promise<void> {
    try {
      await this.#store.drop(upload)
    } catch {
      // The first error counts.
    }
  }

  async #open(upload: StoredUpload, { signal, modTime }: DriverPutOptions): Promise<ChunkWriter> {
    const held = this.#held.hold(upload.path, upload.revision)
    try {
      return await ChunkWriter.open({ store: this.#store, upload, held, signal, modTime })
    } catch (error) {
      held.release()
      throw error
    }
  }

  async stat(path: string, { signal }: DriverCallOptions): Promise<FileInfo> {
    const file = await this.#store.find(path, signal)
    if (file) return fileInfo(file)
    if (path === '/' || (await hasFilesBeneath(this.#store, path, signal))) {
      return { path, size: 0, modTime: new Date(0), isDir: true }
    }
    throw new PathNotFoundError(path)
  }

  list(path: string, { signal }: DriverCallOptions): AsyncIterable<string> {
    return children(this.#store, path, signal)
  }

  walk(path: string, options: DriverWalkOptions): AsyncIterable<FileInfo> {
    return filesBeneath(this.#store, path, options)
  }

  async move(source: string, destination: string, { signal }: DriverCallOptions): Promise<void> {
    signal?.throwIfAborted()
    const outcome = await this.#store.move(source, destination, MAX_PATH_BYTES, signal)
    if (outcome === 'missing') throw new PathNotFoundError(source)
    if (outcome === 'moved') return
    const detail = `a path beneath it would be longer than ${MAX_PATH_BYTES} bytes`
    throw new InvalidPathError(destination, { detail })
  }

  async delete(path: string, { signal }: DriverCallOptions): Promise<void> {
    signal?.throwIfAborted()
    const held = await this.#held.removeBeneath(path)
    const removed = await this.#store.remove(path, signal)
    if (held + removed === 0) throw new PathNotFoundError(path)
  }

  async *purgeUploads(
    path: string,
    { olderThan, dryRun, signal }: DriverPurgeOptions,
  ): AsyncGenerator<UploadInfo> {
    for (const upload of await this.#store.uploads(path, true, signal)) {
      if (upload.startedAt >= olderThan.getTime() || this.#held.has(upload.revision)) continue
      signal?.throwIfAborted()
      if (!dryRun) await this.#store.drop(upload)
      yield { path: upload.path, size: upload.size, startedAt: new Date(upload.startedAt) }
    }
  }

  async close(): Promise<void> {
    await this.#store.close?.()
  }
}
