import { Readable } from 'node:stream'
import { ContentError } from '@stowage/core/driver'
import { storageError } from './errors.ts'
import type { FileSystem } from './file-system.ts'

interface Range {
  readonly path: string
  readonly start: number
  readonly end: number
  readonly chunkSize: number
}

/** Reads an open file at positions of its own, and closes it at the end or when it is destroyed. */
export class FileReader extends Readable {
  readonly #system: FileSystem
  readonly #range: Range
  #fd: number | undefined
  #at: number
  #reading: Promise<void> | undefined

  constructor(system: FileSystem, fd: number, range: Range) {
    // No chunk of its own: core reads one ahead of the one that is being consumed, and holds no more.
    super({ highWaterMark: 0 })
    this.#system = system
    this.#fd = fd
    this.#range = range
    this.#at = range.start
  }

  override _read(): void {
    this.#reading = this.#next()
  }

  async #next(): Promise<void> {
    const { end, chunkSize, path } = this.#range
    const wanted = Math.min(chunkSize, end - this.#at)
    if (this.#fd === undefined) return
    try {
      if (wanted === 0) {
        await this.#close()
        this.push(null)
        return
      }
      const target = Buffer.allocUnsafeSlow(wanted)
      const read = await this.#system.read(this.#fd, target, this.#at)
      if (this.destroyed) return
      if (read === 0) throw new ContentError('the file has become shorter', { path })
      this.#at += read
      this.push(read === wanted ? target : target.subarray(0, read))
    } catch (error) {
      this.destroy(storageError(error, path, 'read') as Error)
    }
  }

  async #close(): Promise<void> {
    const fd = this.#fd
    this.#fd = undefined
    if (fd !== undefined) await this.#system.close(fd)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // A number that is closed under a read could be another file's by the time it is used.
    const close = (): Promise<void> => this.#close()
    const closed = this.#reading ? this.#reading.then(close, close) : close()
    closed.then(
      () => done(error),
      (closing: Error) => done(error ?? closing),
    )
  }
}
