import { DriverError } from '@stowage/core/driver'
import { checkPartNumber, partSize } from './part-plan.ts'
import type { Store } from './store.ts'
import { checksumsOf, type Part, type Upload } from './uploads.ts'

interface SenderContext {
  readonly path: string
  readonly base: number
  readonly signal: AbortSignal
  /** Gets the memory of a full part once the store has its bytes. */
  readonly reuse: (body: Buffer) => void
}

/**
 * Sends the parts of one upload, several at a time. A part's bytes are kept until the store has them:
 * the SDK tries a part a few times, and {@link flush} sends what still failed once more.
 */
export class PartSender {
  readonly #store: Store
  readonly #context: SenderContext
  readonly #stored = new Map<number, Part>()
  /** Bytes that the store does not have yet: on their way, or failed. */
  readonly #unsent = new Map<number, Buffer>()
  readonly #inFlight = new Map<number, Promise<void>>()
  #failure: { readonly error: unknown } | undefined
  #next: number

  constructor(store: Store, context: SenderContext, parts: readonly Part[]) {
    this.#store = store
    this.#context = context
    for (const part of parts) this.#stored.set(part.PartNumber, part)
    this.#next = parts.length + 1
  }

  /** The number of the next part. */
  get next(): number {
    return this.#next
  }

  /** Whether parts are on their way. */
  get busy(): boolean {
    return this.#inFlight.size > 0
  }

  /** The stored parts in order. */
  parts(): Part[] {
    return [...this.#stored.values()].sort((a, b) => a.PartNumber - b.PartNumber)
  }

  /** Waits until one more part may be on its way. @throws what failed in the background. */
  async room(): Promise<void> {
    while (this.#inFlight.size >= this.#allowed()) await Promise.race(this.#inFlight.values())
    this.#throwFailure()
  }

  /** Starts to send a full part. */
  send(upload: Upload, body: Buffer): void {
    checkPartNumber(this.#next, this.#context.path, this.#context.base)
    this.#start(upload, this.#next, body, this.#context.reuse)
    this.#next++
  }

  /** Sends the last part and waits for it. It can be sent again, longer. */
  async sendLast(upload: Upload, body: Buffer): Promise<void> {
    checkPartNumber(this.#next, this.#context.path, this.#context.base)
    this.#start(upload, this.#next, body)
    await this.settled()
    this.#unsent.delete(this.#next)
    this.#throwFailure()
  }

  /** Waits until all parts are stored; those that failed are sent again first. */
  async flush(upload: Upload): Promise<void> {
    await this.settled()
    this.#failure = undefined
    for (const [number, body] of this.#unsent) {
      await this.room()
      this.#start(upload, number, body)
    }
    await this.settled()
    this.#throwFailure()
  }

  /** Waits until nothing is on its way, however that ends. */
  async settled(): Promise<void> {
    await Promise.all(this.#inFlight.values())
  }

  /** Takes back the last part, whose number is used again. */
  withdraw(number: number): void {
    this.#stored.delete(number)
    this.#next = number
  }

  #start(upload: Upload, number: number, body: Buffer, stored?: (body: Buffer) => void): void {
    this.#unsent.set(number, body)
    const run = async (): Promise<void> => {
      try {
        this.#stored.set(number, await this.#upload(upload, number, body))
        this.#unsent.delete(number)
        stored?.(body)
      } catch (error) {
        this.#failure ??= { error }
      } finally {
        this.#inFlight.delete(number)
      }
    }
    this.#inFlight.set(number, run())
  }

  async #upload(upload: Upload, PartNumber: number, Body: Buffer): Promise<Part> {
    const { path, signal } = this.#context
    const reply = await this.#store.call(
      'UploadPart',
      {
        Key: upload.key,
        UploadId: upload.id,
        PartNumber,
        Body,
        ContentLength: Body.length,
        ...this.#store.customerKey(),
      },
      { path, signal },
    )
    if (!reply.ETag) throw new DriverError('UploadPart: the answer has no ETag', { path })
    return { PartNumber, ETag: reply.ETag, size: Body.length, ...checksumsOf(reply) }
  }

  /** Parts that may be on their way: fewer where they have grown, so that memory does not. */
  #allowed(): number {
    const { concurrency, profile } = this.#store.settings
    const { base } = this.#context
    const size = partSize(this.#next, base, profile.equalParts)
    return Math.max(1, Math.floor((base * (concurrency + 1)) / size) - 1)
  }

  #throwFailure(): void {
    if (!this.#failure) return
    const { error } = this.#failure
    this.#failure = undefined
    throw error
  }
}
