import { basename, dirname, join } from 'node:path'
import type { StoragePlace } from '@stowage/core/driver'
import { ABSENT, type FileSystem, unless } from './file-system.ts'
import { oneSpelling, type Volume } from './names.ts'

/**
 * The place of a directory of this machine and of all above it, by device and inode: two spellings, links,
 * bind mounts and names that the volume takes for one have the same. What is not there yet is told by its name
 * in the nearest directory that is.
 */
export async function placeOf(
  system: FileSystem,
  root: string,
  path: string,
  volume: Volume,
): Promise<StoragePlace> {
  const missing: string[] = []
  let at = root + (path === '/' ? '' : path)
  let real = await unless(system.realpath(at), ...ABSENT)
  for (; real === undefined; real = await unless(system.realpath(at), ...ABSENT)) {
    missing.push(basename(at))
    at = dirname(at)
  }
  const names: string[] = []
  const chain = [real]
  for (let top = real; top !== dirname(top); top = dirname(top)) chain.unshift(dirname(top))
  let directory = ''
  for (const one of chain) {
    directory = await asListed(system, join(directory, basename(one) || one), volume)
    const { dev, ino } = await system.lstat(directory)
    names.unshift(`fs:${dev}:${ino}`)
  }
  for (const name of missing.reverse()) names.unshift(`${names[0]}/${oneSpelling(name, volume)}`)
  const rootExists = (await unless(system.realpath(root), ...ABSENT)) !== undefined
  return { rootExists, names, timeStep: volume.timeStep }
}

/** In the spelling that its directory has of it: volumes of FUSE number the spellings that they were asked for. */
async function asListed(system: FileSystem, file: string, volume: Volume): Promise<string> {
  const [above, name] = [dirname(file), basename(file)]
  if ((volume.caseSensitive && volume.normalizationSensitive) || above === file) return file
  // What may not be listed keeps the spelling that it has.
  const entries = await system.readdir(above, 'utf8').catch(() => [])
  const listed = entries.map((entry) => entry.name)
  const isIt = (one: string): boolean => oneSpelling(one, volume) === oneSpelling(name, volume)
  if (listed.includes(name)) return file
  return join(above, listed.find(isIt) ?? name)
}
