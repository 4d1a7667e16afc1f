import type { UploadInfo } from '@stowage/core/driver'
import type { ObjectPutOptions, RequestContext } from './backend.ts'
import type { PartLimits } from './part-plan.ts'

/** An unfinished upload, as it was found in the service. */
export interface FoundSession extends UploadInfo {
  /** Its name among all uploads of the storage. */
  readonly id: string
  /** A writer of another process works on it, as far as the service tells. */
  readonly isHeld?: boolean | undefined
}

/** Bytes to be sent, in memory that stays as it is until the request has settled. */
export interface Part {
  /** From 1. */
  readonly number: number
  /** Bytes of the upload before it. */
  readonly offset: number
  readonly bytes: Buffer
  /** Keeps the memory from being used for another part: an earlier attempt may still be sending it. */
  keep(): void
}

/** What a writer is opened with. */
export interface SessionOptions extends ObjectPutOptions {
  /** No other writer will continue it: `putContent`. */
  readonly temporary?: boolean | undefined
  /** What a copy keeps of its source, in the driver's own form. */
  readonly kept?: unknown
}

/** An upload that a writer has taken over. */
export interface Claim<Session, Receipt> {
  readonly session: Session
  /** The stored parts, from the first one on without a gap. */
  readonly receipts: readonly Receipt[]
  /** Bytes in them. */
  readonly size: number
  /** The bytes after them, which are sent again with what follows. */
  readonly tail?: Tail<Receipt> | undefined
  /** Has no part, and may have begun by a request that came late: taken where there is no other upload. */
  readonly isDoubtful?: boolean | undefined
  /** Bytes of its parts, where all must be equal. */
  readonly partSize?: number | undefined
}

/** The end of an upload that no further part may follow: its bytes are sent again with more. */
export interface Tail<Receipt> {
  readonly size: number
  /** The last part, which no other one may follow. Left out: the bytes are in no part. */
  readonly receipt?: Receipt | undefined
  /** Called before the first write; without a receipt also before a commit or a close. */
  load(context: RequestContext): Promise<Uint8Array>
}

/**
 * How a service keeps unfinished uploads. {@link SessionUploads} makes writers of it. The store sends requests and
 * tells outcomes; buffers, order, repetitions and who holds what are the kit's.
 *
 * `Session` is an upload that a writer works on: what the store needs to know of it, and may change at each step.
 * `Receipt` is what the service gave for a part.
 */
export interface SessionStore<
  Found extends FoundSession,
  Session extends { readonly id: string },
  Receipt,
> {
  /** Names the data: driver, service and root. Instances with the same text share what their writers hold. */
  readonly identity: string
  readonly parts: PartLimits
  /** Parts under way at a time. With 1, each is stored whole before the next one is sent. */
  readonly concurrency: number
  /** Whether the request of a part may be cut off. Otherwise a cancel waits for it: it could arrive later. */
  readonly isAbortable: boolean
  /** The service takes the last bytes together with the end: {@link publish} is given them. */
  readonly endsWithLastPart: boolean
  /** Longest content of a `putContent` that is one {@link put}. */
  readonly maxPut: number

  /** Bytes of the file at the path. @throws PathNotFoundError. */
  committedSize(path: string, context: RequestContext): Promise<number>
  /** Asked when a writer is opened, and before a file is made. @throws InvalidPathError where no file can be. */
  checkPlace?(path: string, context: RequestContext): Promise<void>
  /** Makes a file in one step, without a session. The signal is checked right before. */
  put(
    path: string,
    content: Buffer | Uint8Array,
    options: ObjectPutOptions,
    context: RequestContext,
  ): Promise<unknown>

  /** The uploads of the path and, with `beneath`, of all paths beneath it; page by page, in any order. */
  find(path: string, beneath: boolean, context: RequestContext): AsyncIterable<readonly Found[]>
  /** Whether {@link find} failed because this store does not list uploads: a delete goes on without. */
  isListRefused?(error: unknown): boolean
  /**
   * Takes an upload over, so that its earlier writer cannot publish any more; where the service has no such step,
   * {@link publish} is to refuse one of the two.
   * @returns `beaten` where another writer was quicker: all is listed anew. Undefined: nothing of it can be continued.
   */
  claim(
    found: Found,
    options: SessionOptions,
    context: RequestContext,
  ): Promise<Claim<Session, Receipt> | 'beaten' | undefined>
  /** A new upload. It is not aborted: nobody would find it then. */
  begin(path: string, options: SessionOptions): Promise<Session>
  /** Stores a part. Sent again after any failure, it replaces itself or is found to be there. */
  send(session: Session, part: Part, context: RequestContext): Promise<Receipt>
  /**
   * Makes the upload continuable by anybody. `last` has the bytes that are in no part yet, in a form that more bytes
   * may follow; undefined where there are none. Without receipts and bytes, the upload is empty, but there.
   */
  suspend(
    session: Session,
    receipts: readonly Receipt[],
    last: Part | undefined,
    context: RequestContext,
  ): Promise<void>
  /**
   * Publishes all parts, and `last` after them, in one visible step. Called again after a failure it finds its own
   * success.
   * @throws UploadNotFoundError where the upload is removed, or another writer's.
   */
  publish(
    session: Session,
    receipts: readonly Receipt[],
    last: Part | undefined,
    context: RequestContext,
  ): Promise<unknown>
  /**
   * Removes what a writer has stored; one that is gone, or another writer's by now, is fine.
   * @param late says that parts may still arrive.
   */
  cancel(session: Session, late: boolean, context: RequestContext): Promise<void>
  /**
   * Removes a found upload, and says whether it did. One that is gone is fine.
   * @param ifUnchanged leaves alone what somebody has continued since, where the service can tell.
   */
  discard(found: Found, ifUnchanged: boolean, context: RequestContext): Promise<boolean>
  /** Removes what is kept beside uploads that were discarded, all at once. */
  clear?(discarded: readonly Found[], context: RequestContext): Promise<void>
  /** Ends a purge of everything: removes what has lost its upload, and is older than that. */
  sweep?(olderThan: Date, alive: readonly Found[], context: RequestContext): Promise<void>
}
