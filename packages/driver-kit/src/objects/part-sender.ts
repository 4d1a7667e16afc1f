import { checkPartNumber, type PartLimits, partsUnderWay } from './part-plan.ts'
import type { Part } from './session-store.ts'

export interface PartSenderOptions<Receipt> {
  readonly path: string
  readonly limits: PartLimits
  readonly concurrency: number
  readonly send: (part: Part) => Promise<Receipt>
  /** Gets the memory of a full part once the store has its bytes. */
  readonly reuse: (bytes: Buffer) => void
}

class SentPart implements Part {
  readonly number: number
  readonly offset: number
  readonly bytes: Buffer
  isKept = false

  constructor(number: number, offset: number, bytes: Buffer) {
    this.number = number
    this.offset = offset
    this.bytes = bytes
  }

  keep(): void {
    this.isKept = true
  }
}

/** Sends the parts of one upload, several at a time, and keeps the bytes of each until the store has them. */
export class PartSender<Receipt> {
  readonly #options: PartSenderOptions<Receipt>
  readonly #stored = new Map<number, Receipt>()
  /** Parts that the store does not have yet: under way, or failed. */
  readonly #unsent = new Map<number, SentPart>()
  readonly #underWay = new Map<number, Promise<void>>()
  #failure: { readonly error: unknown } | undefined
  /** Whether the outcome of a part is unknown: it may still arrive. */
  #isUnsure = false
  #next: number
  /** Bytes in parts, stored or not. */
  #offset: number
  /** Bytes of the last part, where it is stored. It has the number of the next one. */
  #lastLength: number | undefined

  constructor(
    options: PartSenderOptions<Receipt>,
    receipts: readonly Receipt[] = [],
    offset: number = 0,
  ) {
    this.#options = options
    for (const [i, receipt] of receipts.entries()) this.#stored.set(i + 1, receipt)
    this.#next = receipts.length + 1
    this.#offset = offset
  }

  /** Bytes before the next part. */
  get offset(): number {
    return this.#offset
  }

  /** Whether parts may still arrive at the store. */
  get mayArrive(): boolean {
    return this.#isUnsure || this.#underWay.size > 0
  }

  /** What the store gave for the parts, in order. */
  receipts(): Receipt[] {
    return [...this.#stored].sort(([a], [b]) => a - b).map(([, receipt]) => receipt)
  }

  /** Waits until one more part may be under way. @throws what failed in the background. */
  async room(): Promise<void> {
    const { limits, concurrency } = this.#options
    const allowed = partsUnderWay(this.#offset, limits, concurrency)
    while (this.#underWay.size >= allowed) await Promise.race(this.#underWay.values())
    this.#throwFailure()
  }

  /** Starts to send a full part. */
  start(bytes: Buffer): void {
    const { path, limits } = this.#options
    checkPartNumber(this.#next, path, limits)
    this.#run(this.part(bytes))
    this.#next++
    this.#offset += bytes.length
  }

  /** Stores the last part, and waits for it. It can be sent again, longer. */
  async sendLast(bytes: Buffer): Promise<void> {
    if (this.#lastLength === bytes.length) return
    checkPartNumber(this.#next, this.#options.path, this.#options.limits)
    const last = this.part(bytes)
    // Its memory is the buffer's, where these bytes are needed for the next attempt.
    last.keep()
    this.#run(last)
    await this.settled()
    this.#unsent.delete(this.#next)
    this.#throwFailure()
    this.#lastLength = bytes.length
  }

  /** The part that comes next. */
  part(bytes: Buffer): SentPart {
    return new SentPart(this.#next, this.#offset, bytes)
  }

  /** Waits until all parts are stored; those that failed are sent again. */
  async flush(): Promise<void> {
    await this.settled()
    this.#failure = undefined
    for (const [, part] of [...this.#unsent].sort(([a], [b]) => a - b)) {
      await this.room()
      this.#run(part)
    }
    await this.settled()
    this.#throwFailure()
  }

  /** Waits until nothing is under way, however that ends. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values())
  }

  #run(part: SentPart): void {
    const { number } = part
    this.#unsent.set(number, part)
    const run = async (): Promise<void> => {
      try {
        this.#stored.set(number, await this.#options.send(part))
        this.#unsent.delete(number)
        if (!part.isKept) this.#options.reuse(part.bytes)
      } catch (error) {
        this.#isUnsure = true
        this.#failure ??= { error }
      } finally {
        this.#underWay.delete(number)
      }
    }
    this.#underWay.set(number, run())
  }

  #throwFailure(): void {
    if (!this.#failure) return
    const { error } = this.#failure
    this.#failure = undefined
    throw error
  }
}
