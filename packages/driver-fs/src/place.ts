import { basename, dirname } from 'node:path'
import type { StoragePlace } from '@stowage/core'
import { ABSENT, type FileSystem, unless } from './file-system.ts'

/**
 * The place of a directory of this machine and of all above it, by device and inode: two spellings, links,
 * bind mounts and names that the volume takes for one have the same. What is not there yet is told by its name
 * in the nearest directory that is.
 */
export async function placeOf(
  system: FileSystem,
  root: string,
  path: string,
): Promise<StoragePlace> {
  const missing: string[] = []
  let at = root + (path === '/' ? '' : path)
  let real = await unless(system.realpath(at), ...ABSENT)
  for (; real === undefined; real = await unless(system.realpath(at), ...ABSENT)) {
    missing.push(basename(at))
    at = dirname(at)
  }
  const names: string[] = []
  for (let directory = real; ; directory = dirname(directory)) {
    const { dev, ino } = await system.lstat(directory)
    names.push(`fs:${dev}:${ino}`)
    if (directory === dirname(directory)) break
  }
  for (const name of missing.reverse()) names.unshift(`${names[0]}/${name}`)
  return { rootExists: (await unless(system.realpath(root), ...ABSENT)) !== undefined, names }
}
