import { type DriverWriter, type HeldSession, UploadNotFoundError } from '@stowage/core/driver'
import type { RequestContext } from './backend.ts'
import { PartBuffer } from './part-buffer.ts'
import { type PartLimits, partSize } from './part-plan.ts'
import { PartSender } from './part-sender.ts'
import type {
  Claim,
  FoundSession,
  Part,
  SessionOptions,
  SessionStore,
  Tail,
} from './session-store.ts'

export interface SessionWriterContext<Session extends { readonly id: string }, Receipt> {
  readonly store: SessionStore<FoundSession, Session, Receipt>
  readonly path: string
  readonly held: HeldSession
  readonly options: SessionOptions
  readonly signal?: AbortSignal | undefined
  /** Of the upload that it continues. */
  readonly claim?: Claim<Session, Receipt> | undefined
}

/**
 * Writes one file. It fills one part and has at most `concurrency` more under way. The session begins with the second
 * part, or with `close`: a file of one part is made by one request.
 */
export class SessionWriter<Session extends { readonly id: string }, Receipt>
  implements DriverWriter
{
  readonly #context: SessionWriterContext<Session, Receipt>
  readonly #limits: PartLimits
  readonly #buffer = new PartBuffer()
  readonly #sender: PartSender<Receipt>
  /** Cuts off the requests of parts. */
  readonly #stop = new AbortController()
  readonly #parts: RequestContext
  #session: Session | undefined
  /** Bytes of the continued upload that are not in the buffer yet. */
  #tail: Tail<Receipt> | undefined
  /** Of a writer that has ended, whose buffer is empty. */
  #endSize: number | undefined

  constructor(context: SessionWriterContext<Session, Receipt>) {
    const { store, path, signal, claim } = context
    this.#context = context
    this.#limits = { ...store.parts, ...(claim?.partSize && { size: claim.partSize }) }
    this.#session = claim?.session
    this.#tail = claim?.tail
    const stop = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal
    this.#parts = store.isAbortable ? { path, signal: stop } : { path }
    this.#sender = new PartSender(
      {
        ...{ path, limits: this.#limits, concurrency: store.concurrency },
        send: (part) => this.#send(part),
        reuse: (bytes) => this.#buffer.reuse(bytes),
      },
      claim?.receipts,
      claim?.size,
    )
  }

  get size(): number {
    if (this.#endSize !== undefined) return this.#endSize
    return this.#sender.offset + this.#buffer.length + (this.#tail?.size ?? 0)
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#check()
    await this.#loadTail()
    for (let rest = chunk; ; ) {
      const taken = this.#buffer.take(rest, partSize(this.#sender.offset, this.#limits))
      rest = rest.subarray(taken)
      if (rest.length === 0) return
      // A full part is sent once more bytes come: until then it may be all of a small file.
      await this.#begin()
      await this.#sender.room()
      this.#check()
      this.#sender.start(this.#buffer.release())
    }
  }

  async close(): Promise<void> {
    this.#check()
    const { store, held } = this.#context
    const session = await this.#begin()
    if (this.#tail?.receipt === undefined) await this.#loadTail()
    await this.#sender.flush()
    const last = this.#last()
    await held.track(store.suspend(session, this.#receipts(), last, this.#request))
    this.#end()
  }

  async cancel(): Promise<void> {
    const { store, path } = this.#context
    const late = this.#sender.mayArrive
    this.#stop.abort()
    await this.#sender.settled()
    if (this.#session) await store.cancel(this.#session, late, { path })
    this.#end()
  }

  async commit(): Promise<void> {
    const { store, path, held, options, signal } = this.#context
    this.#check()
    await store.checkPlace?.(path, this.#request)
    const session = this.#session
    if (session) {
      if (this.#tail?.receipt === undefined) await this.#loadTail()
      await this.#sender.flush()
      if (!store.endsWithLastPart && this.#buffer.length > 0) {
        await this.#sender.sendLast(this.#buffer.view())
      }
    }
    // What follows publishes: after an abort or a delete it must not begin.
    signal?.throwIfAborted()
    this.#check()
    const last = store.endsWithLastPart ? this.#last() : undefined
    await held.track(
      session
        ? store.publish(session, this.#receipts(), last, this.#request)
        : store.put(path, this.#buffer.view(), options, this.#request),
    )
    this.#end()
  }

  get #request(): RequestContext {
    const { path, signal } = this.#context
    return { path, signal }
  }

  #send(part: Part): Promise<Receipt> {
    const { store, held } = this.#context
    return held.track(store.send(this.#session as Session, part, this.#parts))
  }

  /** The bytes that are in no part. */
  #last(): Part | undefined {
    return this.#buffer.length === 0 ? undefined : this.#sender.part(this.#buffer.view())
  }

  #receipts(): readonly Receipt[] {
    const receipts = this.#sender.receipts()
    return this.#tail?.receipt === undefined ? receipts : [...receipts, this.#tail.receipt]
  }

  /** Takes the bytes of a continued upload that more bytes cannot follow, to send them again. */
  async #loadTail(): Promise<void> {
    if (this.#tail === undefined) return
    const bytes = await this.#tail.load(this.#request)
    this.#buffer.take(bytes, Math.max(bytes.length, partSize(this.#sender.offset, this.#limits)))
    this.#tail = undefined
  }

  /** The session, begun where there is none. */
  async #begin(): Promise<Session> {
    if (this.#session) return this.#session
    const { store, path, held, options, signal } = this.#context
    signal?.throwIfAborted()
    const begin = async (): Promise<Session> => {
      const session = await store.begin(path, options)
      held.rename(session.id)
      return session
    }
    this.#session = await held.track(begin())
    return this.#session
  }

  #check(): void {
    if (!this.#context.held.removed) return
    throw new UploadNotFoundError('the upload was removed by a delete', {
      path: this.#context.path,
    })
  }

  #end(): void {
    this.#endSize = this.size
    this.#buffer.clear()
    this.#context.held.release()
  }
}
