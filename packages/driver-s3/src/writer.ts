import { type DriverWriter, type HeldSession, UploadNotFoundError } from '@stowage/core/driver'
import type { Attributes } from './attributes.ts'
import { completeUpload } from './complete.ts'
import { PartBuffer } from './part-buffer.ts'
import { MIN_PART, partSize } from './part-plan.ts'
import { PartSender } from './part-sender.ts'
import { put } from './put.ts'
import type { Resumed } from './sessions.ts'
import type { Store } from './store.ts'
import { loadTail, removeTail, storeTail } from './tail.ts'
import { abortSurely, abortUpload, beginUpload, type Part, type Upload } from './uploads.ts'

export interface WriterContext {
  readonly path: string
  readonly signal: AbortSignal | undefined
  readonly resumed?: Resumed | undefined
  readonly attributes?: Attributes | undefined
  readonly held: HeldSession
}

/**
 * A writer holds one part in memory and at most `concurrency` more on their way. The multipart upload
 * begins with the second part, or when the writer is closed: a file of one part is one PutObject.
 * docs/decisions/ says how a closed upload is kept.
 */
export class S3Writer implements DriverWriter {
  readonly path: string
  readonly #store: Store
  readonly #attributes: Attributes
  readonly #held: HeldSession
  readonly #signal: AbortSignal | undefined
  readonly #stop = new AbortController()
  readonly #onAbort = (): void => this.#stop.abort(this.#signal?.reason)
  readonly #sender: PartSender
  readonly #buffer = new PartBuffer()
  /** Size of the first parts. An upload of equal parts goes on with the size that it has. */
  readonly #base: number
  #upload: Upload | undefined
  /** A stored last part that is too short to have another one behind it. */
  #shortPart: Part | undefined
  /** Bytes of the buffer are stored as the short last part. */
  #storedTail = 0
  #tailObject: boolean
  #size = 0

  constructor(store: Store, { path, signal, resumed, attributes = {}, held }: WriterContext) {
    this.path = path
    this.#store = store
    this.#attributes = attributes
    this.#held = held
    this.#signal = signal
    const { chunkSize, profile } = store.settings
    const { upload, parts = [] } = resumed ?? {}
    this.#base = profile.equalParts && parts.length > 1 ? (parts[0]?.size ?? chunkSize) : chunkSize
    this.#sender = new PartSender(
      store,
      {
        path,
        base: this.#base,
        signal: this.#stop.signal,
        reuse: (body) => this.#buffer.reuse(body),
      },
      parts,
    )
    this.#upload = upload
    this.#size = parts.reduce((sum, { size }) => sum + size, 0)
    const last = parts.at(-1)
    this.#shortPart = last && this.#isShort(last.size) ? last : undefined
    this.#tailObject = this.#shortPart !== undefined
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (signal?.aborted) this.#onAbort()
  }

  get size(): number {
    return this.#size
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#check()
    await this.#takeTailBack()
    let rest = chunk
    for (;;) {
      const number = this.#sender.next
      const taken = this.#buffer.take(rest, this.#partSize(number))
      this.#size += taken
      rest = rest.subarray(taken)
      if (rest.length === 0) return
      // A full part is only sent once there is more: until then it may be all of a small file.
      const upload = await this.#begin()
      await this.#sender.room()
      this.#sender.send(upload, this.#buffer.release())
      this.#storedTail = 0
    }
  }

  async close(): Promise<void> {
    this.#check()
    const upload = await this.#begin()
    await this.#sender.flush(upload)
    // An upload without any part would be taken for one that began by mistake: see the driver's append.
    if (this.#size === 0) await this.#sender.sendLast(upload, this.#buffer.view())
    else await this.#keepTail(upload)
    this.#end()
  }

  async cancel(): Promise<void> {
    const inFlight = this.#sender.busy
    this.#stop.abort()
    await this.#sender.settled()
    const upload = this.#upload
    if (upload) {
      if (inFlight) await abortSurely(this.#store, upload, this.path)
      else await abortUpload(this.#store, upload, { path: this.path })
      if (this.#tailObject) await removeTail(this.#store, upload, this.path)
    }
    this.#end()
  }

  async commit(): Promise<void> {
    this.#check()
    const where = { path: this.path, signal: this.#stop.signal }
    await this.#store.trees.conflicts.refuse(this.path, where)
    if (this.#upload === undefined) await this.#put()
    else await this.#complete(this.#upload)
    this.#end()
  }

  async #put(): Promise<void> {
    const Body = this.#buffer.view()
    await put(this.#store, this.path, { Body, attributes: this.#attributes }, this.#stop.signal)
  }

  async #complete(upload: Upload): Promise<void> {
    await this.#sender.flush(upload)
    const { length } = this.#buffer
    // The service wants at least one part; an empty last one will do.
    if (length > this.#storedTail || (length === 0 && this.#sender.next === 1)) {
      await this.#sender.sendLast(upload, this.#buffer.view())
      this.#storedTail = length
    }
    const where = { path: this.path, signal: this.#stop.signal }
    this.#signal?.throwIfAborted()
    await this.#store.trees.conflicts.retry(this.path, where, () =>
      completeUpload(this.#store, upload, this.#sender.parts(), where),
    )
    // What is published is published: an object that stays behind is purgeUploads' business.
    if (this.#tailObject) await removeTail(this.#store, upload, this.path).catch(() => {})
  }

  /** Makes the bytes of the unfinished part durable, in a form from which they can be taken up again. */
  async #keepTail(upload: Upload): Promise<void> {
    const { length } = this.#buffer
    if (length <= this.#storedTail && !(length > 0 && !this.#tailObject)) return
    const tail = this.#buffer.view()
    if (this.#isShort(length)) {
      // In this order: a short part without its bytes beside it could not be continued.
      await storeTail(this.#store, upload, tail, this.path)
      this.#tailObject = true
    }
    await this.#sender.sendLast(upload, tail)
    this.#storedTail = length
  }

  /** Reads a short last part back into the buffer, to be sent again with what follows. */
  async #takeTailBack(): Promise<void> {
    const part = this.#shortPart
    const upload = this.#upload
    if (!part || !upload) return
    const bytes = await loadTail(this.#store, upload, part, {
      path: this.path,
      signal: this.#stop.signal,
    })
    this.#sender.withdraw(part.PartNumber)
    this.#buffer.take(bytes, this.#partSize(part.PartNumber))
    this.#storedTail = bytes.length
    this.#shortPart = undefined
  }

  /** The multipart upload, begun when there is none. */
  async #begin(): Promise<Upload> {
    if (this.#upload) return this.#upload
    this.#stop.signal.throwIfAborted()
    const how = { attributes: this.#attributes, held: this.#held }
    this.#upload = await beginUpload(this.#store, this.path, how)
    return this.#upload
  }

  #partSize(number: number): number {
    return partSize(number, this.#base, this.#store.settings.profile.equalParts)
  }

  /** Whether a part of that size must be the last one. */
  #isShort(size: number): boolean {
    return size < (this.#store.settings.profile.equalParts ? this.#base : MIN_PART)
  }

  #check(): void {
    if (!this.#held.removed) return
    throw new UploadNotFoundError('the upload was removed by a delete', { path: this.path })
  }

  #end(): void {
    this.#buffer.clear()
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#held.release()
  }
}
