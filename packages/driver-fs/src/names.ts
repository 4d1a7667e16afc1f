import { compareKeys, InvalidPathError } from '@stowage/core'

/** Holds what is not visible, at the root and wherever another file system begins beneath it. */
export const RESERVED = '.stowage'

/** Longest component in bytes: NAME_MAX of every common file system. */
const LONGEST_NAME = 255

/** Names Windows gives to devices, whatever their extension, and characters it has no room for. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i
const WINDOWS_CHARACTERS = /[<>:"|?*\\]/

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const BEYOND_ASCII = /[^\u0000-\u007f]/

/** What names a platform's usual file system keeps apart; a single volume may differ. */
export interface NameRules {
  readonly caseSensitive: boolean
  readonly unicodePaths: boolean
  readonly windows: boolean
}

export function nameRules(platform: NodeJS.Platform): NameRules {
  const windows = platform === 'win32'
  const apple = platform === 'darwin'
  // HFS+ and APFS take the normal forms of a name for one; NTFS and those of Linux do not.
  return { caseSensitive: !windows && !apple, unicodePaths: !apple, windows }
}

/** @throws InvalidPathError where the file system cannot hold a component of the path. */
export function checkNames(path: string, rules: NameRules): void {
  for (const name of path.split('/')) {
    const problem = nameProblem(name, rules)
    if (problem !== undefined) throw new InvalidPathError(path, { detail: problem })
  }
}

function nameProblem(name: string, rules: NameRules): string | undefined {
  if (isReserved(name, rules)) return `the name ${RESERVED} is kept for unfinished uploads`
  if (name.length * 3 > LONGEST_NAME && Buffer.byteLength(name) > LONGEST_NAME)
    return `a component has at most ${LONGEST_NAME} bytes of UTF-8 here`
  if (!rules.unicodePaths && BEYOND_ASCII.test(name))
    return 'this file system changes names beyond ASCII'
  if (!rules.windows) return undefined
  if (WINDOWS_CHARACTERS.test(name)) return 'Windows has no <>:"|?*\\ in names'
  if (/[. ]$/.test(name)) return 'Windows drops a final dot or space'
  return WINDOWS_DEVICE.test(name) ? 'Windows keeps this name for a device' : undefined
}

export function isReserved(name: string, { caseSensitive }: NameRules): boolean {
  return name === RESERVED || (!caseSensitive && name.toLowerCase() === RESERVED)
}

/** A path of Windows as it is written here. */
export function withSlashes(path: string, { windows }: NameRules): string {
  return windows ? path.replaceAll('\\', '/') : path
}

/** Whether the system's own spelling of a path is that path: no symbolic link is on its way. */
export function isSamePath(real: string, path: string, rules: NameRules): boolean {
  if (real === path) return true
  const plain = (text: string): string => {
    const slashes = withSlashes(text, rules)
    return rules.caseSensitive ? slashes : slashes.normalize('NFC').toLowerCase()
  }
  return plain(real) === plain(path)
}

const SURROGATE = /[\ud800-\udfff]/

/** Sorts keys by the bytes of their UTF-8, in place. */
export function sortKeys(keys: string[]): string[] {
  // biome-ignore lint/suspicious/useArraySortCompare: the engine's own order, by far the quicker one, differs only where there are surrogates
  return keys.some((key) => SURROGATE.test(key)) ? keys.sort(compareKeys) : keys.sort()
}
