import { isBeneath } from '@stowage/core'

interface Entry {
  readonly path: string
  readonly key: string
  removed: boolean
  /** Requests under way that store something of it. */
  readonly requests: Set<Promise<unknown>>
}

/** A session that a writer of this process works on. */
export interface HeldSession {
  readonly path: string
  /** The key of its state. */
  readonly key: string
  /** Whether a delete of the path has ended it: the writer is to fail. */
  readonly removed: boolean
  /** Notes a request that stores something: a delete waits for it, and removes that too. */
  track<T>(request: Promise<T>): Promise<T>
  /** Hands the session back. */
  release(): void
}

/** The sessions held by writers of this process, by bucket and root: instances share them. */
const all = new Map<string, Set<Entry>>()

/** Hands back the sessions of writers that were dropped without an end. */
const abandoned = new FinalizationRegistry<() => void>((release) => release())

/**
 * Which sessions a writer of this process holds: `append` does not take one away from its writer,
 * purging leaves it alone, and a delete ends it even if nothing of it has been stored yet.
 */
export class HeldSessions {
  readonly #storage: string

  constructor(storage: string) {
    this.#storage = storage
  }

  get #mine(): Set<Entry> {
    return all.get(this.#storage) ?? new Set()
  }

  hold(path: string, key: string): HeldSession {
    const entry: Entry = { path, key, removed: false, requests: new Set() }
    all.set(this.#storage, this.#mine.add(entry))
    const release = (): void => this.#drop(entry)
    const session: HeldSession = {
      ...{ path, key, release },
      track: (request) => {
        const over = (): void => void entry.requests.delete(request)
        entry.requests.add(request)
        request.then(over, over)
        return request
      },
      get removed() {
        return entry.removed
      },
    }
    abandoned.register(session, release)
    return session
  }

  #drop(entry: Entry): void {
    const mine = this.#mine
    if (mine.delete(entry) && mine.size === 0) all.delete(this.#storage)
  }

  has(key: string): boolean {
    for (const entry of this.#mine) if (entry.key === key && !entry.removed) return true
    return false
  }

  /** Ends the sessions of the path and beneath it, waits for what is under way, and counts them. */
  async removeBeneath(path: string): Promise<number> {
    const ended: Entry[] = []
    for (const entry of this.#mine) {
      if (entry.removed || (entry.path !== path && !isBeneath(entry.path, path))) continue
      entry.removed = true
      ended.push(entry)
    }
    await Promise.allSettled(ended.flatMap(({ requests }) => [...requests]))
    return ended.length
  }
}
