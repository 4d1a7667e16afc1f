import {
  type DriverWriter,
  type HeldSession,
  RevisionChangedError,
  UploadNotFoundError,
} from '@stowage/core/driver'
import type { ChunkStore, StoredUpload } from './store.ts'

/** What a {@link ChunkWriter} is about. */
export interface ChunkWriterOptions {
  readonly store: ChunkStore
  readonly upload: StoredUpload
  readonly held: HeldSession
  readonly signal?: AbortSignal | undefined
  /** Of the published file; left out, the time of the commit. */
  readonly modTime?: Date | undefined
}

/** Collects bytes to whole chunks and stores each; the last, short one is stored at `close` and `commit`. */
export class ChunkWriter implements DriverWriter {
  readonly #options: ChunkWriterOptions
  /** The chunk that is not yet full. Its first bytes may be stored already. */
  readonly #chunk: Buffer
  #filled: number
  #stored: number
  #index: number

  private constructor(options: ChunkWriterOptions, tail: Uint8Array) {
    const { chunkSize, size } = options.upload
    this.#options = options
    this.#chunk = Buffer.allocUnsafeSlow(chunkSize)
    this.#chunk.set(tail)
    this.#filled = tail.length
    this.#stored = size
    this.#index = Math.floor(size / chunkSize)
  }

  /** A writer that goes on after the last byte of the upload: the bytes of its short last chunk are read back. */
  static async open(options: ChunkWriterOptions): Promise<ChunkWriter> {
    const { store, upload, signal } = options
    const { path, revision, size, chunkSize } = upload
    const rest = size % chunkSize
    if (rest === 0) return new ChunkWriter(options, Buffer.alloc(0))
    const tail = await store.readChunk(revision, Math.floor(size / chunkSize), signal)
    if (tail === undefined) throw gone(path)
    if (tail.length < rest) {
      throw new RevisionChangedError('the last chunk of the upload is damaged: cancel it', { path })
    }
    return new ChunkWriter(options, tail.subarray(0, rest))
  }

  get size(): number {
    return this.#index * this.#chunk.length + this.#filled
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === this.#chunk.length) await this.#flush()
      const part = bytes.subarray(at, at + this.#chunk.length - this.#filled)
      this.#chunk.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
    }
    if (this.#filled === this.#chunk.length) await this.#flush()
  }

  async close(): Promise<void> {
    await this.#flush()
    this.#options.held.release()
  }

  async cancel(): Promise<void> {
    const { store, upload, held } = this.#options
    await store.drop(upload)
    held.release()
  }

  async commit(): Promise<void> {
    await this.#flush()
    const { store, upload, held, signal, modTime } = this.#options
    const { path, revision, chunkSize, owner } = upload
    signal?.throwIfAborted()
    this.#mustBeThere()
    const time = modTime?.getTime() ?? Date.now()
    const file = { path, revision, size: this.size, modTime: time, chunkSize, owner }
    const isPublished = await held.track(Promise.resolve(store.publish(upload, file, signal)))
    if (!isPublished && !(await this.#wasPublished())) throw gone(path)
    held.release()
  }

  /** A repeated commit: the first one has taken effect, and its answer was lost. */
  async #wasPublished(): Promise<boolean> {
    const { store, upload, signal } = this.#options
    const file = await store.find(upload.path, signal)
    return file?.revision === upload.revision && file.owner === upload.owner
  }

  /** Stores what is not stored yet. */
  async #flush(): Promise<void> {
    const { store, upload, held, signal } = this.#options
    if (this.size > this.#stored) {
      this.#mustBeThere()
      const bytes = this.#chunk.subarray(0, this.#filled)
      const { size } = this
      const step = Promise.resolve(store.writeChunk(upload, this.#index, bytes, size, signal))
      if (!(await held.track(step))) throw gone(upload.path)
      this.#stored = size
    }
    if (this.#filled < this.#chunk.length) return
    this.#index++
    this.#filled = 0
  }

  #mustBeThere(): void {
    if (this.#options.held.removed) throw gone(this.#options.upload.path)
  }
}

function gone(path: string): UploadNotFoundError {
  const text = 'the upload was removed, or another writer continued it: start it again'
  return new UploadNotFoundError(text, { path })
}
