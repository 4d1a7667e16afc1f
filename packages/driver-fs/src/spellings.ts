import { ABSENT, type FileSystem, unless } from './file-system.ts'
import { oneSpelling } from './names.ts'

/** Every volume that takes some spellings for one name takes at most these for one. */
const FOLDING = { caseSensitive: false, normalizationSensitive: false }

/**
 * What two paths are to each other on a volume that takes some spellings for one name: `same`, `beneath` where one is
 * a directory above the other, or `apart`.
 */
export async function relationOf(
  system: FileSystem,
  root: string,
  one: string,
  two: string,
): Promise<'same' | 'beneath' | 'apart'> {
  const names = one.split('/')
  const others = two.split('/')
  const common = Math.min(names.length, others.length)
  for (let depth = 1; depth < common; depth++) {
    const directory = root + names.slice(0, depth).join('/')
    const isOne = await isOneEntry(system, directory, names[depth] ?? '', others[depth] ?? '')
    if (!isOne) return 'apart'
  }
  return names.length === others.length ? 'same' : 'beneath'
}

async function isOneEntry(
  system: FileSystem,
  directory: string,
  name: string,
  other: string,
): Promise<boolean> {
  if (name === other) return true
  if (oneSpelling(name, FOLDING) !== oneSpelling(other, FOLDING)) return false
  const [here, there] = await Promise.all(
    [name, other].map((one) => unless(system.lstat(`${directory}/${one}`), ...ABSENT)),
  )
  if (here === undefined || there === undefined) return false
  // Not every file system tells by the inode: those of FUSE number the names that they were asked for.
  const listed = (await system.readdir(directory, 'utf8')).map((entry) => entry.name)
  return !(listed.includes(name) && listed.includes(other))
}
