import type { StorageDriver } from '@stowage/core'
import { type Fold, foldOf } from '@stowage/core/transfer'
import { CliError } from './errors.ts'
import { EXIT } from './exit-codes.ts'

/** Paths that go to one storage: which of them it takes for one. Costs nothing where it keeps all apart. */
export class Spellings {
  /** Undefined where the storage keeps all spellings apart. */
  readonly fold: Fold | undefined
  readonly #first = new Map<string, string>()

  constructor(storage: StorageDriver) {
    this.fold = foldOf(storage)
  }

  /** Notes a path. @returns an earlier one that is the same file under another spelling. */
  take(path: string): string | undefined {
    if (this.fold === undefined) return undefined
    const folded = this.fold(path)
    const first = this.#first.get(folded)
    if (first === undefined) this.#first.set(folded, path)
    return first === path ? undefined : first
  }

  /** An earlier path that is the same file, whatever its spelling. */
  of(path: string): string | undefined {
    return this.fold && this.#first.get(this.fold(path))
  }
}

/** What becomes of the second of two sources that would be one file. */
export function sameFile(destination: string, first: string): CliError {
  return new CliError(
    'SAME_FILE',
    EXIT.partial,
    `${destination} is the same file as ${first} on that storage, which has another source: not copied`,
    'rename one of the two',
  )
}
