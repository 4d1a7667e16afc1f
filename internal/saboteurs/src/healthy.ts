import {
  baseName,
  type Capabilities,
  type Driver,
  type DriverWriter,
  InvalidPathError,
  joinPath,
  parentOf,
  RevisionChangedError,
  type StorageDriver,
  toStorageDriver,
} from '@stowage/core/driver'
import { InMemoryDriver } from '@stowage/driver-inmemory'
import { change, changePaths, streamOf } from './delegate.ts'
import { urlOf } from './redirect.ts'
import type { Baseline, Saboteur } from './saboteur.ts'

/** A component of a name may have so many bytes where `longNames` is not declared. */
const LONGEST_NAME = 255

/** Storages of one process by id: several instances share one, as processes share a real backend. */
export class Storages {
  readonly #shared = new Map<string, Driver>()
  readonly #saboteur: Partial<Saboteur>
  readonly #baseline: Baseline

  /** @param saboteur breaks every storage; left out, they are healthy. */
  constructor(saboteur: Partial<Saboteur> = {}, baseline: Baseline = saboteur.on ?? 'full') {
    this.#saboteur = saboteur
    this.#baseline = baseline
  }

  open(id: string): StorageDriver {
    const { storage, instance, finished, names } = this.#saboteur
    const name = names?.(id) ?? id
    const made = (): Driver => {
      const healthy = BASELINES[this.#baseline](name)
      return storage?.(healthy) ?? healthy
    }
    // What is not persistent is gone with its instance: each one is empty.
    const shared = (this.#baseline === 'bare' ? undefined : this.#shared.get(name)) ?? made()
    this.#shared.set(name, shared)
    const one = oneInstance(shared)
    const bare = instance?.(one) ?? one
    const driver = toStorageDriver(bare)
    return finished?.(driver, bare) ?? driver
  }

  remove(id: string): void {
    this.#shared.delete(this.#saboteur.names?.(id) ?? id)
  }
}

/** A process's view of the storage: when it ends, its writers leave idle uploads behind. */
function oneInstance(shared: Driver): Driver {
  const open = new Set<DriverWriter>()
  return change(shared, {
    async writer(path, options) {
      const writer = await shared.writer(path, options)
      open.add(writer)
      const end = async (run: () => Promise<void>): Promise<void> => {
        await run()
        open.delete(writer)
      }
      return change(writer, {
        close: () => end(() => writer.close()),
        cancel: () => end(() => writer.cancel()),
        commit: () => end(() => writer.commit()),
      })
    },
    async close() {
      for (const writer of open) await writer.close()
      open.clear()
    },
  })
}

const BASELINES: Record<Baseline, (storage: string) => Driver> = {
  full: (storage) => declaring(new InMemoryDriver(), redirecting(storage)),
  keys: () => lateReads(declaring(new InMemoryDriver({ fileAndDirectory: true }), PLAIN)),
  bare: () => refusing(declaring(new InMemoryDriver(), NONE)),
}

const PLAIN: Partial<Driver> & { flags: Partial<Capabilities> } = {
  flags: { persistent: true, snapshotReads: false, atomicMove: false },
}
const NONE: typeof PLAIN = {
  flags: {
    append: false,
    purgeUploads: false,
    longNames: false,
    unicodePaths: false,
    caseSensitive: false,
    normalizationSensitive: false,
    snapshotReads: false,
    atomicMove: false,
    modTimes: false,
  },
}

function redirecting(storage: string): typeof PLAIN {
  return {
    flags: { persistent: true, redirectURL: true },
    redirectURL: async (path, { method, expiresIn }) => urlOf({ storage, path, method, expiresIn }),
  }
}

function declaring(bare: Driver, { flags, ...members }: typeof PLAIN): Driver {
  return change(bare, { ...members, capabilities: { ...bare.capabilities, ...flags } })
}

/** Looks before each chunk, and notices that the file is another one by then. */
function lateReads(bare: Driver): Driver {
  return change(bare, {
    async reader(path, options) {
      const source = await bare.reader(path, options)
      const revision = async (): Promise<number | undefined> =>
        bare.stat(path, {}).then(
          ({ modTime, size }) => modTime.getTime() * 1e6 + size,
          () => undefined,
        )
      const before = await revision()
      return streamOf(
        (async function* () {
          for await (const chunk of source) {
            if ((await revision()) !== before) throw new RevisionChangedError('replaced', { path })
            yield chunk as Uint8Array
          }
        })(),
      )
    },
  })
}

/** Names beyond ASCII and long ones are refused before anything happens; case is kept and ignored. */
function refusing(bare: Driver): Driver {
  const spellings = new Map<string, string>([['/', '/']])
  const spelling = (path: string): string => {
    const known = spellings.get(path.toLowerCase())
    if (known !== undefined) return known
    const name = joinPath(spelling(parentOf(path)), baseName(path))
    spellings.set(path.toLowerCase(), name)
    return name
  }
  const nameOf = (path: string): string => {
    const long = path.split('/').some((name) => name.length > LONGEST_NAME)
    if (!long && !/[^ -~]/.test(path)) return spelling(path)
    throw new InvalidPathError(path, { detail: 'the backend cannot hold this name' })
  }
  return change(changePaths(bare, nameOf), {
    async move(source, destination, options) {
      const [from, to] = [nameOf(source), nameOf(destination)]
      if (to.startsWith(`${from}/`)) {
        throw new InvalidPathError(destination, { detail: `it is beneath ${source}` })
      }
      // Another spelling of the same name: it is where it is to be.
      if (from === to) await bare.stat(from, options)
      else await bare.move(from, to, options)
    },
  })
}
