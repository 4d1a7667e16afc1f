import {
  isStorageError,
  type StorageDriver,
  type StorageErrors,
  UnsupportedMethodError,
} from '@stowage/core'
import type { Context } from './context.ts'
import { forEach } from './pool.ts'

/**
 * Removes single files, in parallel. `delete` takes all beneath a path along, so where a file can have
 * descendants, one that still has some after the others are gone is left and reported.
 * @returns how many were removed.
 */
export async function removeFiles(
  { concurrency, signal }: Context,
  storage: StorageDriver,
  paths: readonly string[],
  onFailure: (error: unknown, path: string) => void,
): Promise<number> {
  const withDescendants: string[] = []
  let removed = 0
  const remove = async (path: string): Promise<void> => {
    try {
      await storage.delete(path, { signal })
      removed++
    } catch (error) {
      if (signal.aborted) throw error
      if (!isStorageError(error, 'PATH_NOT_FOUND')) onFailure(error, path)
    }
  }
  await forEach(
    paths,
    concurrency,
    async (path) => {
      if (await hasDescendants(storage, path, signal)) withDescendants.push(path)
      else await remove(path)
    },
    signal,
  )
  // The deepest first: one may have been the other's only descendant.
  for (const path of withDescendants.sort((a, b) => b.length - a.length)) {
    if (!(await hasDescendants(storage, path, signal))) await remove(path)
    else onFailure(blocked(storage, path), path)
  }
  return removed
}

async function hasDescendants(
  storage: StorageDriver,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (!storage.capabilities.fileAndDirectory) return false
  try {
    for await (const _ of storage.list(path, { signal })) return true
    return false
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND')) return false
    throw error
  }
}

function blocked(storage: StorageDriver, path: string): Error {
  return new UnsupportedMethodError({
    driver: storage.name,
    path,
    detail: `${path} is kept: files that are to stay are beneath it`,
  })
}

/** The errors in a collection, each by itself. */
export function each(error: unknown): readonly unknown[] {
  return isStorageError(error, 'MULTIPLE') ? (error as unknown as StorageErrors).errors : [error]
}
