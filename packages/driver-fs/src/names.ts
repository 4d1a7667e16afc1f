import { compareKeys, InvalidPathError } from '@stowage/core/driver'

/** Holds what is not visible, at the root and wherever another file system begins beneath it. */
export const RESERVED = '.stowage'

/** Longest component, in bytes or in UTF-16 units: NAME_MAX of every common file system. */
const LONGEST_NAME = 255

/** Windows has no room for them in a name; nor do FAT, exFAT and some mounts of NTFS. */
export const WINDOWS_RESERVED = '<>:"|?*\\'
/** Names that Windows gives to devices, whatever their extension. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const BEYOND_ASCII = /[^\u0000-\u007f]/

/**
 * {@link RESERVED} as some volume or other takes it: without regard to case, without final dots and blanks, and
 * under the short name that Windows makes of it.
 */
const RESERVED_SPELLING = /^(?:\.stowage[. ]*|stowag~\d+)$/i
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu

/** What FUSE and NFS name a file that was removed while it was open. */
const REMOVED_WHILE_OPEN = /^\.(?:fuse_hidden[0-9a-f]{16}|nfs[0-9a-f]{24})$/

/** What a volume does with names. Where nothing could be seen, two spellings count as one name. */
export interface Volume {
  /** `A` and `a` are two names. */
  readonly caseSensitive: boolean
  /** The composed and the decomposed form of a letter are two names. */
  readonly normalizationSensitive: boolean
  /** What a name has 255 of: bytes of UTF-8, or UTF-16 units. */
  readonly nameUnit: 'bytes' | 'utf16'
  /** Characters that no name can have. */
  readonly reserved: string
  /** A name cannot end in a dot or a blank. */
  readonly trimsNames: boolean
  /** Windows keeps some names for devices. */
  readonly deviceNames: boolean
  /** Milliseconds between two times that a file can have; left out where it is one at most, or not known. */
  readonly timeStep?: number
}

export const POSIX: Volume = {
  caseSensitive: true,
  normalizationSensitive: true,
  nameUnit: 'bytes',
  reserved: '',
  trimsNames: false,
  deviceNames: false,
}

/** What names are like on a platform's usual volume. */
export function usualVolume(platform: NodeJS.Platform): Volume {
  // HFS+ and APFS take the normal forms of a name for one; NTFS does not.
  if (platform === 'darwin') {
    return { ...POSIX, caseSensitive: false, normalizationSensitive: false }
  }
  if (platform !== 'win32') return POSIX
  return {
    ...{ caseSensitive: false, normalizationSensitive: true, nameUnit: 'utf16' },
    ...{ reserved: WINDOWS_RESERVED, trimsNames: true, deviceNames: true },
  }
}

/** What names the platform and the root's volume keep apart and can hold. */
export class NameRules {
  readonly windows: boolean
  volume: Volume

  constructor(platform: NodeJS.Platform) {
    this.windows = platform === 'win32'
    this.volume = usualVolume(platform)
  }
}

/** @throws InvalidPathError where the file system cannot hold a component of the path. */
export function checkNames(path: string, { volume }: NameRules): void {
  for (const name of path.split('/')) {
    const problem = nameProblem(name, volume)
    if (problem !== undefined) throw new InvalidPathError(path, { detail: problem })
  }
}

function nameProblem(name: string, volume: Volume): string | undefined {
  if (isReserved(name)) return `the name ${RESERVED} is kept for unfinished uploads`
  if (isTooLong(name, volume)) {
    const unit = volume.nameUnit === 'bytes' ? 'bytes of UTF-8' : 'UTF-16 units'
    return `a component has at most ${LONGEST_NAME} ${unit} on this volume`
  }
  for (const character of volume.reserved) {
    if (name.includes(character)) {
      return `this volume has no ${[...volume.reserved].join(' ')} in names`
    }
  }
  if (volume.trimsNames && /[. ]$/.test(name))
    return 'this volume has no name that ends in a dot or blank'
  if (volume.deviceNames && WINDOWS_DEVICE.test(name)) return 'Windows keeps this name for a device'
  return undefined
}

function isTooLong(name: string, { nameUnit }: Volume): boolean {
  if (nameUnit === 'utf16') return name.length > LONGEST_NAME
  return name.length * 3 > LONGEST_NAME && Buffer.byteLength(name) > LONGEST_NAME
}

/**
 * Whether some volume takes the name for {@link RESERVED}. The root's own is not asked: other volumes may be mounted
 * beneath it.
 */
export function isReserved(name: string): boolean {
  if (name === RESERVED || RESERVED_SPELLING.test(name)) return true
  if (!BEYOND_ASCII.test(name)) return false
  const plain = name.normalize('NFKC').replace(INVISIBLE, '').toUpperCase()
  return RESERVED_SPELLING.test(plain)
}

/** Whether the name is that of staging, or of a file that is gone for all but who has it open. */
export function isHidden(name: string): boolean {
  return isReserved(name) || REMOVED_WHILE_OPEN.test(name)
}

/** A name or path in the one form that all spellings have which the volume takes for one. */
export function oneSpelling(
  text: string,
  {
    caseSensitive,
    normalizationSensitive,
  }: Pick<Volume, 'caseSensitive' | 'normalizationSensitive'>,
): string {
  const form = normalizationSensitive ? text : text.normalize('NFC')
  return caseSensitive ? form : form.toUpperCase().toLowerCase()
}

/** A path of Windows as it is written here. */
export function withSlashes(path: string, { windows }: NameRules): string {
  return windows ? path.replaceAll('\\', '/') : path
}

/** Whether the system's own spelling of a path is that path: no symbolic link is on its way. */
export function isSamePath(real: string, path: string, rules: NameRules): boolean {
  if (real === path) return true
  const plain = (text: string): string => oneSpelling(withSlashes(text, rules), rules.volume)
  return plain(real) === plain(path)
}

const SURROGATE = /[\ud800-\udfff]/

/** Sorts keys by the bytes of their UTF-8, in place. */
export function sortKeys(keys: string[]): string[] {
  // biome-ignore lint/suspicious/useArraySortCompare: the engine's own order, by far the quicker one, differs only where there are surrogates
  return keys.some((key) => SURROGATE.test(key)) ? keys.sort(compareKeys) : keys.sort()
}
