import { InvalidPathError, parentOf } from '@stowage/core'
import { head } from './copier.ts'
import { isMissing } from './errors.ts'
import { hasFiles } from './lister.ts'
import type { Store } from './store.ts'

/**
 * On a store that holds `a` beside `a/b` but then hides one of them, and does not refuse it either: looks
 * before a file is made. Elsewhere it does nothing, and makes no request.
 * @throws InvalidPathError where a file is to take a directory's place, or to lie beneath a file.
 */
export async function refuseConflict(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { fileAndDirectory, refusesConflicts } = store.settings.profile
  if (fileAndDirectory || refusesConflicts) return
  const parents: string[] = []
  for (let parent = parentOf(path); parent !== '/'; parent = parentOf(parent)) parents.push(parent)
  const [directory, ...found] = await Promise.all([
    hasFiles(store, path, signal),
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
