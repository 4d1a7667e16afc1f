import {
  type HeldSession,
  HeldSessions,
  isStorageError,
  type UploadInfo,
  UploadNotFoundError,
} from '@stowage/core/driver'
import {
  eachCollecting,
  type Names,
  newSessionId,
  parseSize,
  type Removal,
  type UploadRemover,
} from '@stowage/driver-kit'
import type { Api } from './api.ts'
import { crc32c } from './crc32c.ts'
import { isConditionFailure, isMissing } from './errors.ts'
import { LEASE_MS } from './lease.ts'
import { pages } from './listing.ts'
import { type CallOptions, deleteObject, type ObjectResource } from './objects.ts'
import { liveness } from './owner.ts'
import { readGeneration } from './reader.ts'
import { ResumableUpload } from './resumable.ts'
import {
  type Begun,
  begunAt,
  decodeState,
  OWNER,
  PATH,
  type SessionState,
  SIZE,
  writeState,
} from './state.ts'

/** Sessions that are removed at a time. */
const DISCARDS = 16
/** How often taking over begins anew when somebody else is quicker. */
const CLAIM_ATTEMPTS = 5

/** A session that was found in the bucket. */
export interface FoundSession extends UploadInfo {
  readonly id: string
  /** Of its state. */
  readonly key: string
  readonly generation: string
  /** The process whose writer has it, or '' where it was closed. */
  readonly owner: string
  /** Whether that writer may live. */
  readonly isHeld: boolean
}

/** A session taken over: from here on only this writer can commit it. */
export interface Claim {
  readonly session: HeldSession
  readonly generation: string
  readonly begun: Begun
  readonly state: SessionState
}

/** The unfinished uploads in a bucket. The state of each is an object that no listing shows. */
export class Sessions implements UploadRemover {
  readonly held: HeldSessions
  readonly #api: Api
  readonly #names: Names
  readonly #storage: string

  constructor(api: Api, names: Names) {
    this.#api = api
    this.#names = names
    const { endpoint, bucket } = api.settings
    this.#storage = `gcs ${endpoint ?? ''} ${bucket} ${names.root}`
    this.held = new HeldSessions(this.#storage)
  }

  /** A session of its own for a new writer. Nothing is stored yet. */
  begin(path: string): HeldSession {
    return this.held.hold(path, this.#names.session(path, newSessionId(this.#storage)))
  }

  /** The sessions of the path, and of all beneath it unless `only` says otherwise. */
  async *find(
    path: string,
    { only = false, signal }: { only?: boolean; signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<FoundSession> {
    const prefix = this.#names.sessions(path)
    const request = { prefix, path, signal, delimiter: only ? ('/' as const) : undefined }
    for await (const { objects, now } of pages(this.#api, request)) {
      for (const object of objects) {
        const session = this.#parse(object, now)
        if (session === undefined) continue
        const beneath = path === '/' || session.path.startsWith(`${path}/`)
        if (session.path === path || (!only && beneath)) yield session
      }
    }
  }

  endHeld(path: string): Promise<number> {
    return this.held.removeBeneath(path)
  }

  /** Removes those of the path and of all beneath it, whoever has them. */
  removeBeneath(path: string, signal: AbortSignal | undefined): Promise<Removal> {
    const found = this.find(path, { signal })
    return eachCollecting(found, { concurrency: DISCARDS, signal }, (session) =>
      this.discard(session, { signal, anyGeneration: true }),
    )
  }

  #parse(object: ObjectResource, now: Date): FoundSession | undefined {
    const { name: key, generation = '', metadata, updated } = object
    const id = this.#names.parseSession(key)?.id
    const path = metadata[PATH]
    if (id === undefined || path === undefined) return undefined
    const owner = metadata[OWNER] ?? ''
    // Of one that a writer has, the size is what it was when the writer began.
    const known = owner === '' ? parseSize(metadata[SIZE]) : undefined
    const size = known === undefined ? {} : { size: known }
    const isHeld = this.#isHeld(key, owner, now.getTime() - updated.getTime())
    return {
      ...{ path, id, key, generation, owner, isHeld },
      startedAt: begunAt(id, metadata, updated),
      ...size,
    }
  }

  #isHeld(key: string, owner: string, age: number): boolean {
    if (this.held.has(key)) return true
    // One of this process that is not held was dropped by its writer.
    return owner !== '' && liveness(owner) === 'unknown' && age < LEASE_MS
  }

  /** Takes over the newest session of the path that nobody holds; undefined where there is none. */
  async claimNewest(
    path: string,
    target: string,
    signal: AbortSignal | undefined,
  ): Promise<Claim | undefined> {
    for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
      const found: FoundSession[] = []
      for await (const one of this.find(path, { only: true, signal })) found.push(one)
      found.sort(newestFirst)
      const claim = await this.#claimFirst(found, target, signal)
      if (claim !== 'beaten') return claim
    }
    throw new UploadNotFoundError('other writers keep taking over this upload', { path })
  }

  async #claimFirst(
    found: readonly FoundSession[],
    target: string,
    signal: AbortSignal | undefined,
  ): Promise<Claim | 'beaten' | undefined> {
    for (const one of found) {
      if (one.isHeld || this.held.has(one.key)) continue
      // Held before it is claimed: of two calls at once, the other one does not try.
      const session = this.held.hold(one.path, one.key)
      let claim: Claim | 'beaten' | undefined
      try {
        claim = await this.#claim(session, one, target, signal)
      } finally {
        if (typeof claim !== 'object') session.release()
      }
      if (claim !== undefined) return claim
    }
    return undefined
  }

  /** Puts this process' name on the state, provided that nobody has changed it since it was listed. */
  async #claim(
    session: HeldSession,
    found: FoundSession,
    target: string,
    signal: AbortSignal | undefined,
  ): Promise<Claim | 'beaten' | undefined> {
    const { path } = found
    const state = await this.#read(found, signal)
    if (state === undefined) return 'beaten'
    const begun: Begun = { here: performance.now(), there: found.startedAt.getTime() }
    let generation: string
    try {
      const options = { signal, idle: false, marks: new Set<string>(), begun }
      generation = await writeState(this.#api, found, state, options)
    } catch (error) {
      if (isStorageError(error, 'UPLOAD_NOT_FOUND')) return 'beaten'
      throw error
    }
    // What was closed says exactly how far it is; after a crash only the service knows.
    const current =
      found.owner === '' ? state : await this.#ask(state, { path, signal, key: target })
    if (current !== undefined) return { session, generation, begun, state: current }
    await deleteObject(this.#api, found.key, { path, signal, ifGenerationMatch: generation })
    return undefined
  }

  /** The state as the service has it now; undefined where its upload is over. */
  async #ask(
    state: SessionState,
    options: CallOptions & { key: string },
  ): Promise<SessionState | undefined> {
    if (state.uri === undefined) return state
    const upload = new ResumableUpload(this.#api, state.uri)
    try {
      const { stored } = await upload.status(undefined, options)
      return stored === undefined ? undefined : advanced(state, stored)
    } catch (error) {
      if (isStorageError(error, 'UPLOAD_NOT_FOUND')) return undefined
      throw error
    }
  }

  async #read(found: FoundSession, signal: AbortSignal | undefined) {
    try {
      const content = await readGeneration(this.#api, found, signal)
      return decodeState(content, found.path)
    } catch (error) {
      if (isMissing(error) || isConditionFailure(error)) return undefined
      throw error
    }
  }

  /**
   * Removes a session with all it has stored, and says whether it did: unless somebody has changed it
   * since, or `anyGeneration`, whoever has it.
   */
  async discard(
    found: FoundSession,
    {
      signal,
      anyGeneration = false,
    }: { signal?: AbortSignal | undefined; anyGeneration?: boolean },
  ): Promise<boolean> {
    const { key, path, generation } = found
    const state = await this.#read(found, signal).catch((error: unknown) => {
      // One that cannot be read must be removable all the same.
      if (isStorageError(error, 'CONTENT')) return undefined
      throw error
    })
    signal?.throwIfAborted()
    const ifGenerationMatch = anyGeneration ? undefined : generation
    const outcome = await deleteObject(this.#api, key, { path, signal, ifGenerationMatch })
    if (outcome === 'changed') return false
    const uri = state?.uri
    if (uri !== undefined) await new ResumableUpload(this.#api, uri).cancel({ path, signal })
    return true
  }
}

function newestFirst(a: FoundSession, b: FoundSession): number {
  const apart = b.startedAt.getTime() - a.startedAt.getTime()
  return apart === 0 ? (a.id < b.id ? 1 : -1) : apart
}

/** What is left of the tail, and what is known of the checksum, once the service has more bytes. */
function advanced(state: SessionState, stored: number): SessionState {
  const { uri, tail, crc } = state
  const count = stored - state.stored
  if (count === 0) return state
  if (count < 0 || count > tail.length)
    return { uri, stored, crc: undefined, tail: tail.subarray(0, 0) }
  const known = crc === undefined ? undefined : crc32c(tail.subarray(0, count), crc)
  return { uri, stored, crc: known, tail: tail.subarray(count) }
}
