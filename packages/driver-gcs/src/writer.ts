import {
  ContentError,
  type DriverWriter,
  type HeldSession,
  isStorageError,
  UnavailableError,
} from '@stowage/core/driver'
import type { Api } from './api.ts'
import { ChunkBuffer } from './buffer.ts'
import { crc32c, encodeCrc32c } from './crc32c.ts'
import { isMissing, uploadGone } from './errors.ts'
import { type Lease, RENEW_MS, whileLeased } from './lease.ts'
import { modTimeMetadata } from './mod-time.ts'
import { deleteObject, getObject, insertObject, type ObjectResource } from './objects.ts'
import { type Progress, ResumableUpload } from './resumable.ts'
import { GRANULE } from './schema.ts'
import type { Claim } from './sessions.ts'
import { type Begun, type SessionState, writeState } from './state.ts'

export interface WriteContext {
  readonly api: Api
  readonly path: string
  /** Where it is published. */
  readonly key: string
  readonly signal: AbortSignal | undefined
  /** Nobody will continue it: no state is kept. */
  readonly private?: boolean | undefined
  /** The file's own time. Of an upload of the service, its first writer's counts. */
  readonly modTime?: Date | undefined
}

/**
 * Writes one file. What fits into one chunk is published by one request; the rest goes through a
 * resumable upload of the service, chunk by chunk, which the state of the session tells how to continue.
 */
export class GcsWriter implements DriverWriter {
  readonly #context: WriteContext
  readonly #session: HeldSession
  readonly #buffer: ChunkBuffer
  #upload: ResumableUpload | undefined
  /** Bytes that the resumable upload has, and their CRC32C unless nobody knows it. */
  #stored = 0
  #crc: number | undefined = 0
  /** Of the state's object, once it is there. */
  #generation: string | undefined
  #renewed = 0
  readonly #begun: Begun
  /** Answers in a row after which the service had no more than before. */
  #standstill = 0
  readonly #lease: Lease
  /** Of the attempts to store the state: one whose answer was lost may have worked. */
  readonly #marks = new Set<string>()
  /** Whether such an attempt is open. */
  #unsure = false
  /** Up to here, bytes were promised to survive this process by who wrote them. */
  #promised = 0

  constructor(context: WriteContext, session: HeldSession, claim?: Claim) {
    this.#context = context
    this.#session = session
    this.#buffer = new ChunkBuffer(context.api.settings.chunkSize)
    this.#lease = this.#makeLease()
    this.#begun = claim?.begun ?? { here: performance.now() }
    if (claim === undefined) return
    const { uri, stored, crc, tail } = claim.state
    if (uri !== undefined) this.#upload = new ResumableUpload(context.api, uri)
    this.#stored = stored
    this.#crc = crc
    this.#generation = claim.generation
    this.#renewed = Date.now()
    this.#buffer.take(tail)
    this.#promised = this.size
  }

  get size(): number {
    return this.#stored + this.#buffer.length
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#mustExist()
    for (let at = 0; at < chunk.length; ) {
      // The last chunk waits for the next byte: it may be the one that ends the upload.
      if (this.#buffer.full) await this.#sendChunk(this.#context.signal)
      at += this.#buffer.take(chunk.subarray(at))
    }
  }

  async close(): Promise<void> {
    this.#mustExist()
    while (this.#buffer.length >= GRANULE) await this.#sendChunk(undefined)
    await this.#write(true)
    this.#end()
  }

  async cancel(): Promise<void> {
    const { api, path } = this.#context
    const { key, removed } = this.#session
    const ifGenerationMatch = this.#unsure ? undefined : this.#generation
    let ours = !removed
    if (ours && (this.#unsure || this.#generation !== undefined)) {
      const outcome = await deleteObject(api, key, { path, ifGenerationMatch })
      ours = outcome === 'deleted' || this.#unsure
      this.#generation = undefined
    }
    // Of another writer by now: what is stored is that one's.
    if (ours) await this.#upload?.cancel({ path })
    this.#end()
  }

  async commit(): Promise<void> {
    const { api, path, signal } = this.#context
    this.#mustExist()
    await this.#session.track(this.#publish(signal))
    const { key } = this.#session
    const ifGenerationMatch = this.#generation
    if (ifGenerationMatch !== undefined) {
      // The file is published, which is what the caller was promised; purging removes the rest.
      await deleteObject(api, key, { path, ifGenerationMatch }).catch(() => {})
    }
    this.#end()
  }

  #makeLease(): Lease {
    const renewed = (): number => this.#renewed
    return {
      path: this.#context.path,
      get renewed() {
        return renewed()
      },
      renew: async (signal) => {
        try {
          await this.#write(false, signal)
        } catch (error) {
          // Under a retention policy nobody can change it yet, and so nobody can take it over either.
          if (!isStorageError(error, 'PERMISSION_DENIED')) throw error
          this.#unsure = false
          this.#renewed = Date.now()
        }
      },
    }
  }

  #end(): void {
    this.#stored = this.size
    this.#buffer.clear()
    this.#session.release()
  }

  #mustExist(): void {
    if (this.#session.removed) throw uploadGone(this.#context.path)
  }

  /** What somebody has taken over or removed must not be published. While the lease is fresh, a look will do. */
  async #mustBeOurs(signal: AbortSignal | undefined): Promise<void> {
    if (this.#generation === undefined) return
    if (this.#unsure || Date.now() - this.#renewed > RENEW_MS) return this.#lease.renew(signal)
    const { api, path } = this.#context
    try {
      const { generation } = await getObject(api, this.#session.key, { path, signal })
      if (generation === this.#generation) return
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    throw uploadGone(path)
  }

  async #publish(signal: AbortSignal | undefined): Promise<void> {
    const { api, path, key } = this.#context
    const total = this.size
    if (this.#upload === undefined) {
      await this.#mustBeOurs(signal)
      signal?.throwIfAborted()
      const metadata = modTimeMetadata(this.#context.modTime)
      await insertObject(api, key, this.#buffer.view(), { path, signal, metadata })
      return
    }
    for (;;) {
      const bytes = this.#buffer.view()
      const crc = this.#crc === undefined ? undefined : crc32c(bytes, this.#crc)
      const span = { offset: this.#stored, bytes, total, crc }
      const progress = await this.#leased(signal, (both) =>
        (this.#upload as ResumableUpload).send(span, { path, key, signal: both }),
      )
      if (progress.object) return this.#verify(progress.object, total, crc)
      this.#advance(progress, bytes.length)
    }
  }

  /** Somebody else may have ended the session with other bytes: then it was not ours any more. */
  #verify({ size, crc32c: found }: ObjectResource, total: number, crc: number | undefined): void {
    const same = size === total
    const known = crc === undefined || found === undefined || found === encodeCrc32c(crc)
    if (!same || !known) throw uploadGone(this.#context.path)
  }

  /** Sends what is there of whole granules, and returns once there is room for more. */
  async #sendChunk(signal: AbortSignal | undefined): Promise<void> {
    const { path, key } = this.#context
    const upload = await this.#begin(signal)
    const count = Math.floor(this.#buffer.length / GRANULE) * GRANULE
    const bytes = this.#buffer.view().subarray(0, count)
    const span = { offset: this.#stored, bytes }
    const progress = await this.#session.track(
      this.#leased(signal, (both) => upload.send(span, { path, key, signal: both })),
    )
    this.#advance(progress, count)
  }

  #advance({ stored, object }: Progress, sent: number): void {
    // Ended by somebody else, or with more than we have sent.
    if (object !== undefined) throw uploadGone(this.#context.path)
    const count = stored - this.#stored
    if (count > sent) throw uploadGone(this.#context.path)
    if (count < 0) {
      const detail = `${stored} instead of ${this.#stored}`
      throw new ContentError(`the service has lost bytes of an upload (${detail})`, {
        path: this.#context.path,
      })
    }
    if (this.#crc !== undefined) {
      this.#crc = crc32c(this.#buffer.view().subarray(0, count), this.#crc)
    }
    this.#buffer.drop(count)
    this.#stored = stored
    this.#standstill = count > 0 ? 0 : this.#standstill + 1
    if (this.#standstill <= this.#context.api.settings.maxRetries + 1) return
    this.#standstill = 0
    const text = 'the service accepts bytes of an upload, but stores none of them'
    throw new UnavailableError(text, { path: this.#context.path })
  }

  /** The resumable upload. Where it is new, how to continue it is stored before its first byte. */
  async #begin(signal: AbortSignal | undefined): Promise<ResumableUpload> {
    if (this.#upload) return this.#upload
    const { api, path, key, modTime } = this.#context
    const options = { path, signal, metadata: modTimeMetadata(modTime) }
    const upload = await this.#session.track(ResumableUpload.start(api, key, options))
    this.#upload = upload
    if (!this.#context.private) {
      await this.#write(false, signal).catch((error: unknown) => {
        this.#upload = undefined
        throw error
      })
    }
    return upload
  }

  /**
   * Stores the state: with `idle`, for whoever comes next, else in the name of this process, which
   * renews its lease.
   */
  async #write(idle: boolean, signal?: AbortSignal): Promise<void> {
    const { api, path } = this.#context
    const { key } = this.#session
    const address = { key, path, generation: this.#generation ?? '0' }
    // Without `idle`, what was durable before stays so; the rest is not promised to anybody.
    const length = idle ? this.#buffer.length : Math.max(0, this.#promised - this.#stored)
    const state: SessionState = {
      ...{ uri: this.#upload?.uri, stored: this.#stored, crc: this.#crc },
      tail: this.#buffer.view().subarray(0, length),
    }
    const options = { signal, idle, marks: this.#marks, begun: this.#begun }
    const since = Date.now()
    this.#unsure = true
    this.#generation = await this.#session.track(writeState(api, address, state, options))
    this.#unsure = false
    this.#renewed = since
  }

  /** Sends while the session is known to be this writer's. */
  #leased<T>(
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T> {
    return this.#context.private ? run(signal) : whileLeased(this.#lease, signal, run)
  }
}
