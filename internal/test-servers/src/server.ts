// What every kind of server has in common: it starts late, once, and is stopped once.

export type Kind = 's3' | 'azurite' | 'gcs' | 'registry'

/** What a client needs to know; plain data, because it travels to other processes as JSON. */
export interface Facts {
  readonly endpoint: string
}

/** What starting a server gives. */
export interface Started<F extends Facts> {
  readonly facts: F
  /** The ids of its processes. */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

export interface Blueprint<F extends Facts> {
  readonly kind: Kind
  readonly name: string
  readonly version: string
  readonly quirks?: readonly string[]
  /** Starts it; asked once, by the first `start`. */
  begin(): Promise<Started<F>>
  /** Runs already and belongs to somebody else: another process of this test run, or the user. */
  readonly shared?: F
}

/** A server that may not have been started yet. */
export class TestServer<F extends Facts = Facts> implements AsyncDisposable {
  readonly kind: Kind
  readonly name: string
  readonly version: string
  readonly #blueprint: Blueprint<F>
  #starting: Promise<Started<F>> | undefined
  #started: Started<F> | undefined

  constructor(blueprint: Blueprint<F>) {
    this.kind = blueprint.kind
    this.name = blueprint.name
    this.version = blueprint.version
    this.#blueprint = blueprint
    const { shared } = blueprint
    if (shared) this.#started = { facts: shared, pids: [], stop: async () => {} }
  }

  /** True if this process neither starts nor stops it. */
  get shared(): boolean {
    return this.#blueprint.shared !== undefined
  }

  /** Starts the server unless it runs, and waits until it answers. */
  async start(): Promise<this> {
    if (this.#started) return this
    this.#starting ??= begin(this.#blueprint)
    try {
      this.#started = await this.#starting
    } catch (error) {
      this.#starting = undefined // the next start may have more luck
      throw error
    }
    return this
  }

  /** Everything about the running server as plain data. */
  get facts(): F {
    if (!this.#started) {
      throw new Error(`${this.name} has not been started: await server.start() first`)
    }
    return this.#started.facts
  }

  /** The URL where it listens. */
  get endpoint(): string {
    return this.facts.endpoint
  }

  /** The ids of its processes; none if it is shared. */
  get pids(): readonly number[] {
    return this.#started?.pids ?? []
  }

  /** Stops the server and removes its data; a shared server is left alone. */
  async stop(): Promise<void> {
    if (this.shared) return
    await this.#starting?.catch(() => {})
    const started = this.#started
    this.#started = undefined
    this.#starting = undefined
    await started?.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** Starts it and notes for the report how that went. */
async function begin<F extends Facts>(blueprint: Blueprint<F>): Promise<Started<F>> {
  const { kind, name, version } = blueprint
  const since = performance.now()
  try {
    const started = await blueprint.begin()
    const seconds = (performance.now() - since) / 1000
    note({ kind, name, version, state: 'ran', detail: `ready after ${seconds.toFixed(1)} s` })
    return started
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    note({ kind, name, version, state: 'failed', detail: reason })
    throw error
  }
}

/** How one server fared; see `reportServers`. */
export interface Note {
  readonly kind: Kind
  readonly name: string
  readonly version?: string
  readonly state: 'ran' | 'external' | 'missing' | 'failed' | 'idle'
  readonly detail: string
}

const notes = new Map<string, Note>()

/** Remembers how a server fared; the latest word counts. */
export function note(entry: Note): void {
  notes.set(`${entry.kind} ${entry.name}`, entry)
}

/** All that was noted in this process. */
export function allNotes(): readonly Note[] {
  return [...notes.values()]
}
