import { type DriverWriter, isBeneath, UploadNotFoundError } from '@stowage/core/driver'

/** An upload that is not committed. One writer at a time holds it. */
export interface Session {
  readonly path: string
  readonly startedAt: Date
  chunks: Uint8Array[]
  size: number
  held: boolean
}

/** All unfinished uploads, oldest first. */
export class Sessions {
  readonly #all = new Set<Session>()

  begin(path: string): Session {
    const session = { path, startedAt: new Date(), chunks: [], size: 0, held: true }
    this.#all.add(session)
    return session
  }

  /** Hands out the newest session of the path that no writer holds. */
  claimNewest(path: string): Session | undefined {
    const newest = [...this.#all].findLast((session) => session.path === path && !session.held)
    if (newest) newest.held = true
    return newest
  }

  /** @throws UploadNotFoundError where a delete or purge has removed it. */
  mustExist(session: Session): void {
    if (this.#all.has(session)) return
    throw new UploadNotFoundError('the upload was removed by a delete', { path: session.path })
  }

  end(session: Session): void {
    this.#all.delete(session)
  }

  /** The sessions at and beneath the path that no writer holds. */
  idleBeneath(path: string): Session[] {
    return this.#beneath(path).filter(({ held }) => !held)
  }

  /** Removes the sessions at and beneath the path, held ones too, and counts them. */
  removeBeneath(path: string): number {
    const gone = this.#beneath(path)
    for (const session of gone) this.end(session)
    return gone.length
  }

  #beneath(path: string): Session[] {
    return [...this.#all].filter(
      (session) => session.path === path || isBeneath(session.path, path),
    )
  }
}

export class InMemoryWriter implements DriverWriter {
  readonly #sessions: Sessions
  readonly #session: Session
  readonly #publish: (content: Uint8Array) => void

  constructor(sessions: Sessions, session: Session, publish: (content: Uint8Array) => void) {
    this.#sessions = sessions
    this.#session = session
    this.#publish = publish
  }

  get size(): number {
    return this.#session.size
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#sessions.mustExist(this.#session)
    this.#session.chunks.push(Buffer.from(chunk))
    this.#session.size += chunk.length
  }

  async close(): Promise<void> {
    this.#session.held = false
  }

  async cancel(): Promise<void> {
    this.#sessions.end(this.#session)
  }

  async commit(): Promise<void> {
    this.#sessions.mustExist(this.#session)
    this.#publish(Buffer.concat(this.#session.chunks))
    this.#sessions.end(this.#session)
  }
}
