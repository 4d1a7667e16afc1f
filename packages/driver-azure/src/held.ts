import { isBeneath } from '@stowage/core'

interface Entry {
  readonly path: string
  readonly name: string
  removed: boolean
  /** Requests under way that store something of it. */
  readonly requests: Set<Promise<unknown>>
}

/** A session that a writer of this process works on. */
export interface HeldSession {
  readonly path: string
  /** The name of its blob. */
  readonly name: string
  /** Whether a delete of the path has ended it: the writer is to fail. */
  readonly removed: boolean
  /** Notes a request that stores something: a delete waits for it, and removes that too. */
  track(request: Promise<unknown>): void
  /** Hands the session back. */
  release(): void
}

/** The sessions held by writers of this process, by container and root: instances share them. */
const all = new Map<string, Set<Entry>>()

/** Hands back the sessions of writers that were dropped without an end. */
const abandoned = new FinalizationRegistry<() => void>((release) => release())

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

  get #mine(): Set<Entry> {
    return all.get(this.#key) ?? new Set()
  }

  hold(path: string, name: string): HeldSession {
    const record: Entry = { path, name, removed: false, requests: new Set() }
    all.set(this.#key, this.#mine.add(record))
    const release = (): void => this.#drop(record)
    const session = {
      ...{ path, name, release },
      track: (request: Promise<unknown>): void => {
        const over = (): void => void record.requests.delete(request)
        record.requests.add(request)
        request.then(over, over)
      },
      get removed() {
        return record.removed
      },
    }
    abandoned.register(session, release)
    return session
  }

  #drop(record: Entry): void {
    const mine = this.#mine
    if (mine.delete(record) && mine.size === 0) all.delete(this.#key)
  }

  has(name: string): boolean {
    for (const record of this.#mine) if (record.name === name && !record.removed) return true
    return false
  }

  /** Ends the sessions of the path and beneath it, waits for what is under way, and counts them. */
  async removeBeneath(path: string): Promise<number> {
    const ended: Entry[] = []
    for (const record of this.#mine) {
      if (record.removed || (record.path !== path && !isBeneath(record.path, path))) continue
      record.removed = true
      ended.push(record)
    }
    await Promise.allSettled(ended.flatMap(({ requests }) => [...requests]))
    return ended.length
  }
}
