import { isBeneath } from '@stowage/core'

/** A session that a writer of this process works on. */
export interface HeldSession {
  readonly path: string
  /** The name of its blob. */
  readonly name: string
  /** Set by a delete of the path: the writer is to fail. */
  removed: boolean
}

/** The sessions held by writers of this process, by container and root: instances share them. */
const all = new Map<string, Set<HeldSession>>()

/**
 * What the service cannot tell: which sessions a living writer holds. Within the process we know, so
 * `append` does not take one away from its writer, purging leaves it alone, and a delete ends it even
 * if nothing of it has been stored yet.
 */
export class HeldSessions {
  readonly #key: string

  constructor(key: string) {
    this.#key = key
  }

  get #mine(): Set<HeldSession> {
    return all.get(this.#key) ?? new Set()
  }

  hold(path: string, name: string): HeldSession {
    const session = { path, name, removed: false }
    all.set(this.#key, this.#mine.add(session))
    return session
  }

  release(session: HeldSession): void {
    const mine = this.#mine
    if (mine.delete(session) && mine.size === 0) all.delete(this.#key)
  }

  has(name: string): boolean {
    for (const session of this.#mine) if (session.name === name && !session.removed) return true
    return false
  }

  /** Ends the sessions of the path and beneath it, and counts them. */
  removeBeneath(path: string): number {
    let count = 0
    for (const session of this.#mine) {
      if (session.removed || (session.path !== path && !isBeneath(session.path, path))) continue
      session.removed = true
      count++
    }
    return count
  }
}
