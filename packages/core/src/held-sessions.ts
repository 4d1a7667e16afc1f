import { isBeneath } from './paths.ts'
import { processMap } from './process-map.ts'

interface Entry {
  readonly path: string
  key: string
  removed: boolean
  /** Requests under way that store something of it. */
  readonly requests: Set<Promise<unknown>>
}

/** A session of unfinished writing that a writer of this process works on. */
export interface HeldSession {
  readonly path: string
  /** What the driver calls it: the key of its state, say. */
  readonly key: string
  /** Whether a delete of the path has ended it: the writer is to fail. */
  readonly removed: boolean
  /** Notes a request that stores something: a delete waits for it, and removes that too. */
  track<T>(request: Promise<T>): Promise<T>
  /** Gives it another key, where the service says late what that is: within a request that is tracked. */
  rename(key: string): void
  /** Hands the session back. */
  release(): void
}

/** The sessions held by writers of this process, by storage: instances share them, and copies of core do. */
const all: Map<string, Set<Entry>> = processMap('@stowage/core/held-sessions')

/** Hands back the sessions of writers that were dropped without an end. */
const abandoned = new FinalizationRegistry<() => void>((release) => release())

/**
 * For drivers: which sessions of a storage a writer of this process holds, where the service cannot tell.
 * `append` does not take one away from its writer, purging leaves it alone, and a delete ends it even
 * if nothing of it has been stored yet. A writer that is dropped without an end hands its session back.
 */
export class HeldSessions {
  readonly #storage: string

  /**
   * @param storage names driver, service and root: instances that give the same text share their sessions.
   */
  constructor(storage: string) {
    this.#storage = storage
  }

  get #mine(): Set<Entry> {
    return all.get(this.#storage) ?? new Set()
  }

  /** Takes a session, new or found, for a writer. A new one may get its key when it begins. */
  hold(path: string, key = ''): HeldSession {
    const entry: Entry = { path, key, removed: false, requests: new Set() }
    all.set(this.#storage, this.#mine.add(entry))
    const release = (): void => this.#drop(entry)
    const session: HeldSession = {
      path,
      release,
      get key() {
        return entry.key
      },
      rename: (to) => {
        entry.key = to
      },
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

  /** Whether a writer holds the session, and no delete has ended it. */
  has(key: string): boolean {
    for (const entry of this.#mine) if (entry.key === key && !entry.removed) return true
    return false
  }

  /**
   * Waits for the requests under way of the path and beneath it: then {@link has} knows by its key
   * every session that a list of the service's, made before, may show.
   */
  async settled(path: string): Promise<void> {
    await over(this.#beneath(path))
  }

  /** Ends the sessions of the path and beneath it, waits for what is under way, and counts them. */
  async removeBeneath(path: string): Promise<number> {
    const ended = this.#beneath(path)
    for (const entry of ended) entry.removed = true
    await over(ended)
    return ended.length
  }

  #beneath(path: string): Entry[] {
    return [...this.#mine].filter(
      (entry) => !entry.removed && (entry.path === path || isBeneath(entry.path, path)),
    )
  }
}

async function over(entries: readonly Entry[]): Promise<void> {
  await Promise.allSettled(entries.flatMap(({ requests }) => [...requests]))
}
