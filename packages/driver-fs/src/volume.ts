import { statfs } from 'node:fs'
import { dirname } from 'node:path'
import { errno, type FileSystem, unless } from './file-system.ts'
import { POSIX, usualVolume, type Volume } from './names.ts'
import type { VolumeParameters } from './parameters.ts'
import type { Root } from './root.ts'
import { makeProbe } from './volume-probe.ts'

/** Types of `statfs` on Linux whose volumes fold both case and normal forms, or (most of them) neither. */
const PLAIN: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // btrfs
  0xf2f52010, // F2FS
  0xca451a4e, // bcachefs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x794c7630, // overlayfs
])

/** Plain volumes that were looked at, by device, inode and birth: that never changes while entries are there. */
const known = new Map<string, Partial<Volume>>()
const MOST_KNOWN = 256

/** Entries that are read to find one whose spelling can be changed. */
const ENTRIES = 64

/** What was found out, and whether a root that is made later may show more. */
export interface Sight {
  readonly volume: Volume
  /** A file system of this machine: what it knows of an open file is in memory. */
  readonly isLocal: boolean
  readonly isFinal: boolean
}

/**
 * Finds out what the root's volume does with names, or that of the nearest directory above where the root is
 * missing: by other spellings of entries that are there, then by directories of its own in staging, which it removes.
 */
export async function lookAtVolume(root: Root, platform: NodeJS.Platform): Promise<Sight> {
  const told = given(root.settings)
  if (Object.keys(told).length === 3) {
    return { volume: { ...usualVolume(platform), ...told }, isLocal: false, isFinal: true }
  }
  const real = await root.find().catch(() => undefined)
  const key = (real !== undefined && root.identity) || ''
  const before = known.get(key)
  const place = before ? undefined : await placeOf(root, platform, real)
  const seen = before ?? (await look(root, place as Place))
  const isPlain = place?.isPlain ?? true
  if (key !== '' && isPlain && seen.caseSensitive !== undefined && known.size < MOST_KNOWN) {
    known.set(key, seen)
  }
  const volume = { ...assumed(platform, isPlain, seen), ...seen, ...told }
  return { volume, isLocal: isPlain, isFinal: isPlain || real !== undefined }
}

/** What nothing has shown: where it cannot be told, two spellings count as one. */
function assumed(platform: NodeJS.Platform, isPlain: boolean, seen: Partial<Volume>): Volume {
  if (platform !== 'linux') return usualVolume(platform)
  if (isPlain) return { ...POSIX, normalizationSensitive: seen.caseSensitive !== false }
  return { ...POSIX, caseSensitive: false, normalizationSensitive: false }
}

/** What the caller says of the volume; it is not looked for. */
function given(settings: VolumeParameters): Partial<Volume> {
  const { caseSensitive, normalizationSensitive, nameUnit } = settings
  return {
    ...(caseSensitive !== undefined && { caseSensitive }),
    ...(normalizationSensitive !== undefined && { normalizationSensitive }),
    ...(nameUnit !== undefined && { nameUnit }),
  }
}

interface Place {
  /** The root, or the nearest directory above that is there. */
  readonly at: string
  /** The root, where it is there. */
  readonly real: string | undefined
  readonly isPlain: boolean
}

async function look(root: Root, { at, real, isPlain }: Place): Promise<Partial<Volume>> {
  const seen = await peek(root.system, at, isPlain)
  // On other volumes, names that cannot be are to be refused before anything is stored.
  if (real === undefined || (isPlain && seen.caseSensitive !== undefined)) return seen
  return { ...seen, ...(await makeProbe(root, real)) }
}

async function placeOf(
  root: Root,
  platform: NodeJS.Platform,
  real: string | undefined,
): Promise<Place> {
  const at = real ?? (await nearest(root.system, root.configured))
  const isPlain = platform === 'linux' && PLAIN.has(await typeOf(at))
  return { at, real, isPlain }
}

function typeOf(path: string): Promise<number> {
  return new Promise((resolve) => {
    statfs(path || '/', (error, stats) => resolve(error ? 0 : stats.type))
  })
}

/** The nearest directory above that is there, without links. */
async function nearest(system: FileSystem, path: string): Promise<string> {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const real = await system.realpath(at).catch(() => undefined)
    if (real !== undefined) return real
  }
  return path.slice(0, path.indexOf('/') + 1)
}

/** Looks at entries that are there, under another spelling. What no entry shows is left out. */
async function peek(
  system: FileSystem,
  directory: string,
  isPlain: boolean,
): Promise<Partial<Volume>> {
  const at = directory || '/'
  const names = await firstNames(system, at).catch(() => [])
  const [caseSensitive, normalizationSensitive, nameUnit] = await Promise.all([
    isApart(system, at, names, otherCase),
    isApart(system, at, names, otherForm),
    isPlain ? undefined : unitOf(system, at),
  ])
  return given({ caseSensitive, normalizationSensitive, nameUnit })
}

async function firstNames(system: FileSystem, at: string): Promise<string[]> {
  const directory = await system.opendir(at)
  try {
    const names: string[] = []
    while (names.length < ENTRIES) {
      const entry = await directory.read()
      if (entry === null) break
      if (!entry.name.includes('\ufffd')) names.push(entry.name)
    }
    return names
  } finally {
    await directory.close()
  }
}

/** Whether another spelling of an entry is another entry; undefined where no entry has one. */
async function isApart(
  system: FileSystem,
  at: string,
  names: readonly string[],
  respell: (name: string) => string,
): Promise<boolean | undefined> {
  // The longest: short names that differ in case only may both be there.
  const [name] = names.filter((one) => respell(one) !== one).sort((a, b) => b.length - a.length)
  if (name === undefined) return undefined
  const other = respell(name)
  try {
    const [one, two] = await Promise.all([
      system.lstat(`${at}/${name}`),
      unless(system.lstat(`${at}/${other}`), 'ENOENT'),
    ])
    if (two === undefined) {
      // Unless both went meanwhile.
      await system.lstat(`${at}/${name}`)
      return true
    }
    if (one.ino === two.ino && one.nlink < 2) return false
    return (await system.readdir(at, 'utf8')).some((entry) => entry.name === other)
  } catch {
    return undefined
  }
}

/** Letters of ASCII in the other case: every volume that folds case folds these. */
function otherCase(name: string): string {
  return name.replace(/[a-z]/gi, (letter) => {
    const upper = letter.toUpperCase()
    return upper === letter ? letter.toLowerCase() : upper
  })
}

function otherForm(name: string): string {
  const decomposed = name.normalize('NFD')
  return decomposed === name ? name.normalize('NFC') : decomposed
}

/** A volume that counts bytes knows without a search that nothing of this name can be there. */
async function unitOf(system: FileSystem, at: string): Promise<'bytes' | 'utf16' | undefined> {
  try {
    await system.lstat(`${at}/${'é'.repeat(255)}`)
    return 'utf16'
  } catch (error) {
    if (errno(error) === 'ENAMETOOLONG') return 'bytes'
    return errno(error) === 'ENOENT' ? 'utf16' : undefined
  }
}
