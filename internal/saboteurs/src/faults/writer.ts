import { type DriverWriter, UploadNotFoundError } from '@stowage/core/driver'
import type { HttpDriver } from './driver.ts'

/** An unfinished upload as the store lists it. */
export interface Upload {
  readonly id: string
  readonly key: string
  readonly size: number
  readonly time: number
}

/** Bytes that a writer of the tests passes on at a time. */
export const PART = 4096

interface Context {
  readonly path: string
  readonly signal: AbortSignal | undefined
  readonly upload?: Upload | undefined
}

/** Passes bytes on by their offsets, so that a part that is sent again changes nothing. */
export class HttpWriter implements DriverWriter {
  readonly driver: HttpDriver
  readonly path: string
  readonly signal: AbortSignal | undefined
  id: string | undefined
  /** Bytes that the store has. */
  stored: number
  buffer: Buffer = Buffer.alloc(0)

  constructor(driver: HttpDriver, { path, signal, upload }: Context) {
    this.driver = driver
    this.path = path
    this.signal = signal
    this.id = upload?.id
    this.stored = upload?.size ?? 0
  }

  get size(): number {
    return this.stored + this.buffer.length
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.buffer = Buffer.concat([this.buffer, chunk])
    while (this.buffer.length >= PART) await this.flush(PART)
  }

  /** Passes on so many bytes of the buffer; they leave it once the store has them. */
  async flush(count: number): Promise<void> {
    const id = await this.begun()
    const body = this.buffer.subarray(0, count)
    const at = `/u/${id}?at=${this.stored}`
    const { status } = await this.driver.client.call('PUT', at, { body, signal: this.signal })
    this.expect(status)
    this.stored += count
    this.buffer = this.buffer.subarray(count)
  }

  async begun(): Promise<string> {
    if (this.id !== undefined) return this.id
    const id = this.driver.newId()
    const key = encodeURIComponent(this.driver.root + this.path)
    await this.driver.client.call('POST', `/u/${id}?key=${key}`, { signal: this.signal })
    this.id = id
    return id
  }

  async close(): Promise<void> {
    await this.flush(this.buffer.length)
  }

  async cancel(): Promise<void> {
    if (this.id !== undefined) await this.driver.client.call('DELETE', `/u/${this.id}`)
  }

  async commit(): Promise<void> {
    await this.flush(this.buffer.length)
    this.signal?.throwIfAborted()
    const path = `/u/${this.id}`
    this.expect((await this.driver.client.call('PATCH', path, { signal: this.signal })).status)
  }

  expect(status: number): void {
    if (status === 200) return
    throw new UploadNotFoundError(`the store said ${status}`, { path: this.path })
  }
}
