import { randomBytes } from 'node:crypto'
import type { BlobItem, BlockBlobClient } from '@azure/storage-blob'
import {
  type HeldSession,
  HeldSessions,
  isBeneath,
  type UploadInfo,
  UploadNotFoundError,
} from '@stowage/core/driver'
import { type Names, newSessionId, sessionTime } from '@stowage/driver-kit'
import { assemble, type StagedBlock } from './blocks.ts'
import type { Opened } from './client.ts'
import { codeOf, type Failures, isConditionFailure, isNotFound } from './errors.ts'
import { quoted } from './files.ts'
import { pages } from './listing.ts'

/** Metadata of a session's blob: the mark of the writer that took the session over. */
const HOLDER = 'stowageholder'
/** In its place: the session is being removed, and its blocks are gone. */
const REMOVED = 'removed'
/** How often taking over begins anew when somebody else is quicker. */
const CLAIM_ATTEMPTS = 5

/** A session that was found in the container. */
export interface FoundSession extends UploadInfo {
  readonly id: string
  readonly name: string
  readonly holder: string | undefined
  /** Of what is committed of it; undefined where nothing is. */
  readonly etag: string | undefined
  /** The service's time of its first block, in milliseconds, where the service tells. */
  readonly createdAt: number | undefined
}

/** A session taken over: from here on only this writer can commit it. */
export interface Claim {
  readonly session: HeldSession
  readonly writer: string
  readonly blocks: readonly StagedBlock[]
  readonly size: number
  readonly etag: string
}

/** The mark of a writer in the ids of its blocks. */
export function newWriterMark(): string {
  return randomBytes(4).toString('hex')
}

/** The unfinished uploads in a container, each a blob of its own that no listing shows. */
export class Sessions {
  readonly names: Names
  readonly held: HeldSessions
  readonly #storage: string

  constructor(names: Names, storage: string) {
    this.names = names
    this.#storage = storage
    this.held = new HeldSessions(storage)
  }

  /**
   * An id for a new session. Ids sort by the time of their making; within a process no two of a storage have the same.
   * @param now Milliseconds since 1970, by the service's clock.
   */
  newId(now: number): string {
    return newSessionId(this.#storage, now)
  }

  /** The sessions of the path, and of all beneath it unless `only` says otherwise. */
  async *find(
    opened: Opened,
    path: string,
    { only = false, signal }: { only?: boolean; signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<FoundSession> {
    const prefix = this.names.sessions(path)
    const query = { prefix, uncommitted: true, hierarchy: only, signal }
    for await (const { blobs } of pages(opened, path, query)) {
      for (const blob of blobs) {
        const session = this.#parse(blob)
        if (session === undefined) continue
        const exact = session.name === this.names.session(path, session.id)
        if (exact) yield { ...session, path }
        else if (!only && (path === '/' || isBeneath(session.path, path))) yield session
      }
    }
  }

  #parse({ name, properties, metadata }: BlobItem): FoundSession | undefined {
    const parsed = this.names.parseSession(name)
    if (parsed === undefined) return undefined
    const startedAt = sessionTime(parsed.id)
    const { path, id } = parsed
    const createdAt = properties.createdOn?.getTime() || undefined
    const etag = quoted(properties.etag)
    return { path, id, name, startedAt, holder: metadata?.[HOLDER], etag, createdAt }
  }

  /** Takes over the newest session of the path that nobody holds; undefined where there is none. */
  async claimNewest(
    opened: Opened,
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<Claim | undefined> {
    for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
      const found: FoundSession[] = []
      for await (const one of this.find(opened, path, { only: true, signal })) found.push(one)
      found.sort(newestFirst)
      const claim = await this.#claimFirst(opened, found, signal)
      if (claim !== 'beaten') return claim
    }
    throw new UploadNotFoundError('other writers keep taking over this upload', { path })
  }

  async #claimFirst(
    opened: Opened,
    found: readonly FoundSession[],
    signal: AbortSignal | undefined,
  ): Promise<Claim | 'beaten' | undefined> {
    for (const one of found) {
      if (one.holder === REMOVED || this.held.has(one.name)) continue
      // Held before it is claimed: of two calls at once, the other one does not try.
      const session = this.held.hold(one.path, one.name)
      let claim: Claim | 'beaten' | undefined
      try {
        claim = await this.#claim(opened, session, one, signal)
      } finally {
        if (typeof claim !== 'object') session.release()
      }
      if (claim !== undefined) return claim
    }
    return undefined
  }

  /**
   * Commits what is there on the session's own blob, on the condition that nobody did so since it was
   * listed. That fences the writer before: its own commit has the same kind of condition.
   */
  async #claim(
    { container, failures }: Opened,
    session: HeldSession,
    { name, path, holder, etag }: FoundSession,
    signal: AbortSignal | undefined,
  ): Promise<Claim | 'beaten' | undefined> {
    const blob = container.getBlockBlobClient(name)
    const abort = signal ? { abortSignal: signal } : {}
    try {
      const list = await blob.getBlockList('all', abort)
      const { blocks, size, broken } = assemble(list, holder)
      if (broken) return undefined
      // Servers differ in whether they give an ETag for what was never committed.
      const { committedBlocks = [], uncommittedBlocks = [] } = list
      const committed =
        committedBlocks.length > 0 || holder !== undefined || uncommittedBlocks.length === 0
      const conditions = ownership(committed ? etag : undefined)
      const writer = newWriterMark()
      signal?.throwIfAborted()
      const reply = await blob.commitBlockList(ids(blocks), {
        ...abort,
        conditions,
        metadata: { [HOLDER]: writer },
      })
      return { session, writer, blocks, size, etag: reply.etag ?? '' }
    } catch (error) {
      if (isNotFound(error) || isConditionFailure(error) || codeOf(error) === 'InvalidBlockList') {
        return 'beaten'
      }
      throw failures.translate(error, path)
    }
  }
}

/** By the service's time, in seconds, where it tells; its id has the time of the writer, finer and less sure. */
function newestFirst(a: FoundSession, b: FoundSession): number {
  const { createdAt: one, id } = a
  const { createdAt: other, id: otherId } = b
  if (one !== undefined && other !== undefined && one !== other) return other - one
  return id < otherId ? 1 : -1
}

export function ids(blocks: readonly StagedBlock[]): string[] {
  return blocks.map(({ id }) => id)
}

/** What must hold of a session's blob for its writer to be the one that decides. */
export function ownership(etag: string | undefined): { ifMatch: string } | { ifNoneMatch: string } {
  return etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag }
}

interface Discarding {
  /** Left out, the session goes whoever has it. */
  readonly conditions?: { ifMatch: string } | { ifNoneMatch: string } | undefined
  /** Left out where something is cleaned up: the caller's has no say in that. */
  readonly signal?: AbortSignal | undefined
}

function abortable({ signal }: Discarding): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {}
}

/**
 * Removes a session's blob with all its blocks. Blocks that were never committed cannot be deleted, but
 * committing an empty list drops them. A session that another writer took over meanwhile stays.
 */
export async function discard(
  blob: BlockBlobClient,
  path: string,
  failures: Failures,
  how: Discarding,
): Promise<void> {
  const { conditions } = how
  try {
    const etag = await emptied(blob, how)
    await blob.delete({
      deleteSnapshots: 'include',
      ...abortable(how),
      ...(conditions && etag && { conditions: { ifMatch: etag } }),
    })
  } catch (error) {
    if (!isNotFound(error) && !isConditionFailure(error)) throw failures.translate(error, path)
  }
}

/** Drops all blocks; gives the ETag of what is left then. */
async function emptied(blob: BlockBlobClient, how: Discarding): Promise<string | undefined> {
  const { conditions } = how
  const options = { metadata: { [HOLDER]: REMOVED }, ...abortable(how) }
  try {
    return (await blob.commitBlockList([], { ...options, ...(conditions && { conditions }) })).etag
  } catch (error) {
    if (!isConditionFailure(error)) throw error
    // An attempt of ours may have worked although its reply was lost, or the deletion failed after it.
    const { metadata, etag } = await blob.getProperties(abortable(how))
    if (metadata?.[HOLDER] !== REMOVED) throw error
    return etag
  }
}
