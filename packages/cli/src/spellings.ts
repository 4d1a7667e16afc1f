import type { StorageDriver } from '@stowage/core'
import { CliError } from './errors.ts'
import { EXIT } from './exit-codes.ts'

/** The one form of all spellings that a storage takes for one path. */
export type Fold = (path: string) => string

/** @returns undefined where every spelling is a path of its own. */
export function foldOf({ capabilities }: StorageDriver): Fold | undefined {
  const { caseSensitive, normalizationSensitive } = capabilities
  if (caseSensitive && normalizationSensitive) return undefined
  return (path) => {
    const composed = normalizationSensitive ? path : path.normalize('NFC')
    return caseSensitive ? composed : foldCase(composed)
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const ASCII = /^[\u0000-\u007f]*$/

/** As volumes do: one character for one, so that `ß` is not `ss`. */
function foldCase(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  let folded = ''
  for (const character of text) {
    const upper = single(character.toUpperCase(), character)
    // The dotless i has no other case here, or it were the i with a dot.
    folded += character === 'ı' ? character : single(upper.toLowerCase(), upper)
  }
  return folded
}

function single(changed: string, character: string): string {
  return [...changed].length === 1 ? changed : character
}

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
