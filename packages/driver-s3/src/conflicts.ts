import { setTimeout as wait } from 'node:timers/promises'
import { InvalidPathError, isStorageError, parentOf, UnavailableError } from '@stowage/core/driver'
import { answerOf, isMissing } from './errors.ts'
import { head } from './head.ts'
import { hasFiles, pages } from './lister.ts'
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
  if (!store.settings.profile.fileAndDirectory) await look(store, path, signal, kind)
}

async function look(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
  kind: 'file' | 'directory',
): Promise<void> {
  if (kind === 'directory' && (await isFile(store, path, signal))) {
    throw new InvalidPathError(path, { detail: 'a directory cannot replace a file' })
  }
  const parents: string[] = []
  for (let parent = parentOf(path); parent !== '/'; parent = parentOf(parent)) {
    if (!store.directories.has(parent)) parents.push(parent)
  }
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
    await head(store, store.names.key(path), { path, signal })
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** Codes of stores on a file system for a file in the place of a directory, or the other way round. */
const IN_THE_WAY =
  /^(?:ExistingObjectIsDirectory|ObjectParentIsFile|XMinioParentIsObject|XMinioObjectExistsAsDirectory)$/

const SHORTEST_WAIT_MS = 20

/**
 * Runs what makes a file, and runs it again where a store on a file system says that a file or a directory is in the way
 * although there is none: it is just removing it.
 * @throws InvalidPathError where there is one, UnavailableError where the store does not stop to say so.
 */
export async function whileInTheWay<T>(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
  run: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await run()
      store.directories.addParents(path)
      return result
    } catch (error) {
      store.directories.clear()
      if (!isStorageError(error, 'INVALID_PATH') || !IN_THE_WAY.test(answerOf(error).name))
        throw error
      await look(store, path, signal, 'file')
      if (await hasMarker(store, path, signal)) throw error
      if (attempt > store.settings.maxAttempts) {
        const message = 'the store says that a directory is there, and lists none: try again'
        throw new UnavailableError(message, { path, cause: error })
      }
      const pause = SHORTEST_WAIT_MS * 2 ** attempt * (0.5 + Math.random())
      await wait(pause, undefined, signal ? { signal } : {})
    }
  }
}

/** Whether another tool keeps an empty directory there. */
async function hasMarker(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const request = { prefix: store.names.prefix(path), path, maxKeys: 1, signal }
  for await (const { objects } of pages(store, request)) if (objects.length > 0) return true
  return false
}
