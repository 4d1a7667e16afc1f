import {
  type DriverPurgeOptions,
  type DriverWriter,
  type DriverWriterOptions,
  eachLimit,
  type HeldSession,
  HeldSessions,
  UnsupportedMethodError,
  type UploadInfo,
  UploadNotFoundError,
} from '@stowage/core/driver'
import type { RequestContext } from './backend.ts'
import { eachCollecting, type Removal } from './remover.ts'
import type { Claim, FoundSession, SessionOptions, SessionStore } from './session-store.ts'
import { SessionWriter } from './session-writer.ts'
import type { UploadRemover } from './trees.ts'

/** How often taking over begins anew when another writer is quicker. */
const CLAIM_ATTEMPTS = 5
/** Uploads that are removed at a time. */
const DISCARDS = 8

interface Taken<Session, Receipt> {
  readonly held: HeldSession
  readonly claim: Claim<Session, Receipt>
}

/** The unfinished uploads of a storage, and the writers of this process that work on them. */
export class SessionUploads<
  Found extends FoundSession,
  Session extends { readonly id: string },
  Receipt,
> implements UploadRemover
{
  readonly #store: SessionStore<Found, Session, Receipt>
  readonly #held: HeldSessions

  constructor(store: SessionStore<Found, Session, Receipt>) {
    this.#store = store
    this.#held = new HeldSessions(store.identity)
  }

  /**
   * A writer. With `append` it continues the newest upload that no writer holds; without one, a committed empty file.
   * @throws UnsupportedMethodError for other committed content, PathNotFoundError where nothing is.
   */
  async writer(path: string, options: DriverWriterOptions): Promise<DriverWriter> {
    const { append, signal, modTime } = options
    const context = { path, signal }
    if (append) {
      const taken = await this.#takeNewest(path, { modTime }, context)
      if (taken) return this.#open(path, { modTime }, signal, taken)
      if ((await this.#store.committedSize(path, context)) > 0) {
        const detail = 'committed content cannot be appended to'
        throw new UnsupportedMethodError({ path, detail })
      }
    }
    await this.#store.checkPlace?.(path, context)
    return this.create(path, { modTime }, signal)
  }

  /** A writer of a new upload, without a look at what is at the path. */
  create(path: string, options: SessionOptions, signal: AbortSignal | undefined): DriverWriter {
    return this.#open(path, options, signal)
  }

  /** Makes a file, by parts where it is long: then what fails is sent again in part, and a delete can end it. */
  async putContent(
    path: string,
    content: Uint8Array,
    { modTime, signal }: Pick<DriverWriterOptions, 'modTime' | 'signal'>,
  ): Promise<void> {
    const context = { path, signal }
    await this.#store.checkPlace?.(path, context)
    if (content.length <= this.#store.maxPut) {
      signal?.throwIfAborted()
      await this.#store.put(path, content, { modTime }, context)
      return
    }
    const writer = this.create(path, { modTime, temporary: true }, signal)
    try {
      await writer.write(content)
      await writer.commit()
    } catch (error) {
      // The first error counts. What this leaves behind, `purgeUploads` finds.
      await writer.cancel().catch(() => {})
      throw error
    }
  }

  endHeld(path: string): Promise<number> {
    return this.#held.removeBeneath(path)
  }

  async removeBeneath(path: string, signal: AbortSignal | undefined): Promise<Removal> {
    const store = this.#store
    const errors: Error[] = []
    let count = 0
    try {
      for await (const found of store.find(path, true, { path, signal })) {
        const removed: Found[] = []
        const done = await eachCollecting(found, { concurrency: DISCARDS, signal }, async (one) => {
          await store.discard(one, false, { path: one.path, signal })
          removed.push(one)
        })
        count += done.count
        errors.push(...done.errors)
        if (removed.length > 0) await store.clear?.(removed, { path, signal })
      }
    } catch (error) {
      if (!store.isListRefused?.(error)) throw error
    }
    return { count, errors }
  }

  /** Removes what no writer holds and has begun before `olderThan`, and tells of each. */
  async *purge(
    path: string,
    { olderThan, dryRun, signal }: DriverPurgeOptions,
  ): AsyncGenerator<UploadInfo> {
    const store = this.#store
    const context = { path, signal }
    const alive: Found[] = []
    for await (const found of store.find(path, true, context)) {
      const old = await this.#idle(path, found, (one) => one.startedAt < olderThan)
      const removed = dryRun ? old : await this.#discard(old, context)
      if (path === '/') alive.push(...found.filter((one) => !removed.includes(one)))
      for (const { path: at, startedAt, size } of removed) {
        yield { path: at, startedAt, ...(size !== undefined && { size }) }
      }
    }
    if (path === '/' && !dryRun) await store.sweep?.(olderThan, alive, context)
  }

  async #discard(old: readonly Found[], context: RequestContext): Promise<readonly Found[]> {
    const removed = new Set<Found>()
    await eachLimit(old, DISCARDS, async (one) => {
      context.signal?.throwIfAborted()
      if (await this.#store.discard(one, true, { ...context, path: one.path })) removed.add(one)
    })
    if (removed.size > 0) await this.#store.clear?.([...removed], context)
    return old.filter((one) => removed.has(one))
  }

  /** Those that no writer holds. A session that is just beginning may be found before its writer knows its name. */
  async #idle(
    path: string,
    found: readonly Found[],
    matches: (one: Found) => boolean,
  ): Promise<Found[]> {
    const candidates = found.filter(matches)
    if (candidates.length > 0) await this.#held.settled(path)
    return candidates.filter((one) => !one.isHeld && !this.#held.has(one.id))
  }

  #open(
    path: string,
    options: SessionOptions,
    signal: AbortSignal | undefined,
    taken?: Taken<Session, Receipt>,
  ): SessionWriter<Session, Receipt> {
    // Held before it is begun: a delete is to end it even if nothing of it is stored yet.
    const held = taken?.held ?? this.#held.hold(path)
    const store = this.#store as unknown as SessionStore<FoundSession, Session, Receipt>
    return new SessionWriter({ store, path, held, options, signal, claim: taken?.claim })
  }

  async #takeNewest(
    path: string,
    options: SessionOptions,
    context: RequestContext,
  ): Promise<Taken<Session, Receipt> | undefined> {
    for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
      const found: Found[] = []
      for await (const page of this.#store.find(path, false, context)) found.push(...page)
      const idle = await this.#idle(path, found, () => true)
      // Of the same instant, the one that was listed last.
      idle.reverse().sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime())
      const taken = await this.#takeFirst(idle, options, context)
      if (taken !== 'beaten') return taken
      context.signal?.throwIfAborted()
    }
    throw new UploadNotFoundError('other writers keep taking over this upload', { path })
  }

  /** The first one that can be continued; a doubtful one where there is no other. */
  async #takeFirst(
    idle: readonly Found[],
    options: SessionOptions,
    context: RequestContext,
  ): Promise<Taken<Session, Receipt> | 'beaten' | undefined> {
    const holds: HeldSession[] = []
    let first: Taken<Session, Receipt> | undefined
    let taken: Taken<Session, Receipt> | undefined
    try {
      for (const found of idle) {
        if (this.#held.has(found.id)) continue
        // Held before it is claimed: of two calls at once, the other one passes it over.
        const held = this.#held.hold(found.path, found.id)
        holds.push(held)
        const claim = await this.#store.claim(found, options, context)
        if (claim === 'beaten') return claim
        if (claim === undefined) continue
        first ??= { held, claim }
        if (claim.isDoubtful) continue
        taken = { held, claim }
        return taken
      }
      taken = first
      return taken
    } finally {
      for (const held of holds) if (held !== taken?.held) held.release()
    }
  }
}
