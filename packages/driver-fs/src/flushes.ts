import { constants } from 'node:fs'
import { type FileSystem, unless } from './file-system.ts'

const DIRECTORY = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0)

/** What a file system says that has no fsync of directories. Windows has none and says EPERM. */
const NO_SYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']
if (process.platform === 'win32') NO_SYNC.push('EPERM')

/** Whether the directory was there. */
type Flush = Promise<boolean>

interface Sync {
  readonly running: Flush
  next?: Flush
}

/** Flushes of the names in directories, shared by those who wait for the same one. */
export class Flushes {
  readonly #system: FileSystem
  readonly #syncs = new Map<string, Sync>()

  constructor(system: FileSystem) {
    this.#system = system
  }

  /** Callers that come while one flush is under way share the next one: it began after all of them. */
  once(directory: string): Flush {
    const current = this.#syncs.get(directory)
    if (current === undefined) return this.#begin(directory, this.#flush(directory))
    // After a failed flush the kernel may report success for what it has dropped: its error stays.
    current.next ??= current.running.then(() => this.#begin(directory, this.#flush(directory)))
    return current.next
  }

  #begin(directory: string, running: Flush): Flush {
    const sync: Sync = { running }
    this.#syncs.set(directory, sync)
    const end = (): void => {
      if (this.#syncs.get(directory) === sync) this.#syncs.delete(directory)
    }
    running.then(end, end)
    return running
  }

  async #flush(directory: string): Flush {
    // Gone: so is what was renamed into it, by somebody's delete.
    const fd = await unless(this.#system.open(directory, DIRECTORY), 'ENOENT')
    if (fd === undefined) return false
    try {
      await unless(this.#system.fsync(fd), ...NO_SYNC)
    } finally {
      await this.#system.close(fd)
    }
    return true
  }
}
