import type { Dirent } from 'node:fs'
import { errno, type FileSystem, unless } from './file-system.ts'

/** What a removal did. */
export interface Removal {
  /** Entries that are gone now, directories not counted. */
  files: number
  /** Why something is still there. */
  readonly errors: { readonly path: string; readonly error: unknown }[]
}

/** The removal of what is not there. */
export const NOTHING: Removal = { files: 0, errors: [] }

/** Unlinks under way at a time. */
const PARALLEL = 16
/** How often a directory is read again in which something new turned up. */
const ROUNDS = 3

/** Names as their bytes, one character each: what is no valid UTF-8 has to go too. */
const raw = (path: string): Buffer => Buffer.from(path, 'latin1')

const problem = (path: string, error: unknown): Removal['errors'][number] => ({
  path: raw(path).toString(),
  error,
})

/**
 * Removes a file, a symbolic link (never what it leads to) or a directory with all that is in it. Goes
 * on after an error. What others put there meanwhile may stay.
 */
export async function removeAll(system: FileSystem, path: string): Promise<Removal> {
  const removal: Removal = { files: 0, errors: [] }
  const bytes = Buffer.from(path).toString('latin1')
  const stats = await unless(system.lstat(path), 'ENOENT', 'ENOTDIR')
  if (stats?.isDirectory()) await removeDirectory(system, bytes, removal)
  else if (stats) await removeFile(system, bytes, removal)
  return removal
}

async function removeDirectory(system: FileSystem, path: string, removal: Removal): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const before = removal.errors.length
    try {
      const entries = await system.readdir(raw(path), 'latin1')
      await removeFiles(system, path, entries, removal)
      for (const entry of entries) {
        if (entry.isDirectory()) await removeDirectory(system, `${path}/${entry.name}`, removal)
      }
      if (removal.errors.length > before) return
      return await system.rmdir(raw(path))
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errno(error) ?? '')) return
      if (['ENOTEMPTY', 'EEXIST'].includes(errno(error) ?? '')) continue
      removal.errors.push(problem(path, error))
      return
    }
  }
}

async function removeFiles(
  system: FileSystem,
  path: string,
  entries: readonly Dirent[],
  removal: Removal,
): Promise<void> {
  const files = entries.filter((entry) => !entry.isDirectory()).values()
  const work = async (): Promise<void> => {
    for (const { name } of files) await removeFile(system, `${path}/${name}`, removal)
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
}

async function removeFile(system: FileSystem, path: string, removal: Removal): Promise<void> {
  try {
    await system.unlink(raw(path))
    removal.files++
  } catch (error) {
    if (errno(error) !== 'ENOENT') removal.errors.push(problem(path, error))
  }
}
