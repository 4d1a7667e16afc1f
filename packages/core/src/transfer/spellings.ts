import type { StorageDriver } from '../storage-driver.ts'

/** The one form of all spellings that a storage takes for one path. */
export type Fold = (path: string) => string

/**
 * Tells which paths are one file on a storage that takes several spellings for one name: their folded forms are equal.
 * @returns undefined where every spelling is a path of its own.
 */
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
