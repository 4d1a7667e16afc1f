import { InvalidPathError, parentOf } from '@stowage/core'
import { isMissing } from './errors.ts'
import { head } from './head.ts'
import { hasFiles } from './lister.ts'
import type { Store } from './store.ts'

/**
 * Where files and directories exclude each other: looks whether a file (or with `kind` a directory) can
 * take its place at the path. Elsewhere it makes no request. Of such stores some refuse what does not fit,
 * but only once all is sent; others take it, and then hide one of the two.
 * @throws InvalidPathError where a file and a directory would meet.
 */
export async function refuseConflict(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
  kind: 'file' | 'directory' = 'file',
): Promise<void> {
  if (store.settings.profile.fileAndDirectory) return
  if (kind === 'directory' && (await isFile(store, path, signal))) {
    throw new InvalidPathError(path, { detail: 'a directory cannot replace a file' })
  }
  const parents: string[] = []
  for (let parent = parentOf(path); parent !== '/'; parent = parentOf(parent)) parents.push(parent)
  const [directory, ...found] = await Promise.all([
    kind === 'file' && hasFiles(store, path, signal),
    ...parents.map((parent) => isFile(store, parent, signal)),
  ])
  if (directory) throw new InvalidPathError(path, { detail: 'a directory is there' })
  const file = parents[found.indexOf(true)]
  if (file !== undefined) throw new InvalidPathError(path, { detail: `${file} is a file` })
}

async function isFile(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await head(store, store.key(path), { path, signal })
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
