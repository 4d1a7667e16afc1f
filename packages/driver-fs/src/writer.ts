import { type DriverWriter, UploadNotFoundError, WriterStateError } from '@stowage/core/driver'
import { type Attributes, attributesAt, setAttributes } from './attributes.ts'
import { translated } from './errors.ts'
import { type FileSystem, unless, writeAll } from './file-system.ts'
import type { Publisher } from './publish.ts'
import type { Root } from './root.ts'
import { idle, type Session, type Sessions } from './sessions.ts'
import { abandon, type StagedName, stagedName } from './staged-name.ts'

interface Options {
  readonly signal: AbortSignal | undefined
  readonly modTime: Date | undefined
}

interface Parts {
  readonly root: Root
  readonly sessions: Sessions
  readonly publisher: Publisher
}

/** Writes an upload at positions of its own, on a handle of its own. */
export class FsWriter implements DriverWriter {
  readonly #parts: Parts
  readonly #system: FileSystem
  readonly #session: Session
  readonly #options: Options
  /** Small chunks are gathered: a call costs more than their copy. */
  #buffer: Buffer | undefined
  #buffered = 0
  #name: StagedName
  /** Bytes in the file. */
  #written: number
  #fd: number | undefined
  /** Why the disk may not hold what was written: a second flush would say nothing of it. */
  #damaged: { readonly error: unknown } | undefined
  /** Renamed to its place; only flushing may be left to do. */
  #published = false

  constructor(parts: Parts, session: Session, options: Options) {
    this.#parts = parts
    this.#system = parts.root.system
    this.#session = session
    this.#options = options
    this.#fd = session.fd
    this.#name = session.name
    this.#written = session.size
  }

  get size(): number {
    return this.#written + this.#buffered
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#do(async () => {
      const room = this.#parts.root.settings.chunkSize
      if (this.#buffered + chunk.length > room) await this.#flush()
      if (chunk.length >= room) return await this.#append(chunk)
      this.#buffer ??= Buffer.allocUnsafeSlow(room)
      this.#buffer.set(chunk, this.#buffered)
      this.#buffered += chunk.length
    })
  }

  close(): Promise<void> {
    return this.#do(async () => {
      if (this.#published) return await this.#finish()
      if (this.#name.state === 'idle') return
      // Whatever fails here, what is certain stays resumable, and no handle is kept.
      const failure = await this.#settle().then(
        () => undefined,
        (error: unknown) => ({ error }),
      )
      await this.#release(failure && this.#damaged ? this.#name.durable : undefined)
      await this.#park(failure ? this.#name.durable : this.#written)
      if (failure) throw failure.error
    })
  }

  /** Renames the upload to one that anybody may continue. */
  async #park(durable: number): Promise<void> {
    const { directory } = this.#session
    const parked = idle({ ...this.#name, durable })
    const renamed = this.#parts.sessions.rename(directory, this.#name, parked).then(() => true)
    if (!(await unless(renamed, 'ENOENT'))) throw this.#gone()
    this.#name = parked
    await this.#parts.root.sync(directory)
  }

  cancel(): Promise<void> {
    return this.#do(async () => {
      if (this.#published) throw new WriterStateError('already committed', this.#session.path)
      await this.#release()
      await unless(this.#system.unlink(this.#file), 'ENOENT', 'ENOTDIR').catch((error: unknown) => {
        abandon(stagedName(this.#name))
        throw error
      })
      await this.#prune()
    })
  }

  commit(): Promise<void> {
    return this.#do(async () => {
      if (!this.#published) {
        const { root, path } = this.#session
        const attributes = await attributesAt(this.#parts.root, root, path)
        await this.#settle(attributes)
        await this.#parts.publisher.publish(this.#file, path, this.#options.signal)
        this.#published = true
      }
      await this.#finish()
    })
  }

  async #finish(): Promise<void> {
    await this.#parts.publisher.sync(this.#session.root, this.#session.path)
    await this.#prune()
  }

  get #file(): string {
    return `${this.#session.directory}/${stagedName(this.#name)}`
  }

  /** Every byte in the file, flushed, and the handle free: Windows renames nothing that is open. */
  async #settle(attributes?: Attributes): Promise<void> {
    if (this.#damaged) throw this.#damaged.error
    if (this.#fd === undefined) return
    await this.#flush()
    await setAttributes(this.#parts.root, this.#fd, attributes, this.#options.modTime)
    if (this.#parts.root.durability !== 'none') {
      await this.#system.fsync(this.#fd).catch((error: unknown) => {
        this.#damaged = { error }
        throw error
      })
    }
    await this.#release().catch((error: unknown) => {
      // Without a flush, this is where some file systems tell that they have lost what was written.
      if (this.#parts.root.durability === 'none') this.#damaged = { error }
      throw error
    })
  }

  async #flush(): Promise<void> {
    if (this.#buffered === 0 || this.#buffer === undefined) return
    const bytes = this.#buffer.subarray(0, this.#buffered)
    await writeAll(this.#system, this.#handle, bytes, this.#written)
    this.#written += this.#buffered
    this.#buffered = 0
  }

  async #append(chunk: Uint8Array): Promise<void> {
    await writeAll(this.#system, this.#handle, chunk, this.#written)
    this.#written += chunk.length
  }

  get #handle(): number {
    if (this.#fd === undefined) throw this.#gone()
    return this.#fd
  }

  async #release(truncateTo?: number): Promise<void> {
    const fd = this.#fd
    this.#fd = undefined
    this.#buffer = undefined
    this.#buffered = 0
    if (fd === undefined) return
    try {
      if (truncateTo !== undefined) await this.#system.ftruncate(fd, truncateTo)
    } finally {
      await this.#system.close(fd)
    }
  }

  #gone(): UploadNotFoundError {
    const { path } = this.#session
    return new UploadNotFoundError('the upload was removed or taken over', { path })
  }

  async #prune(): Promise<void> {
    await this.#parts.sessions.prune(this.#session.root, this.#session.path)
  }

  #do(steps: () => Promise<void>): Promise<void> {
    return translated(this.#session.path, 'write', steps)
  }
}
