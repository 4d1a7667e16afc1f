import {
  type DriverCallOptions,
  eachLimit,
  PathNotFoundError,
  StorageErrors,
} from '@stowage/core/driver'
import type { Names } from '@stowage/driver-kit'
import type { Api } from './api.ts'
import { allObjects } from './listing.ts'
import { deleteObject } from './objects.ts'
import type { Sessions } from './sessions.ts'

/** Requests at a time that remove or copy the objects of one call. */
export const PARALLEL = 16

/** An object that is to go, in that generation where one is given. */
export interface Doomed {
  readonly name: string
  readonly generation?: string | undefined
}

/**
 * Removes objects, several at a time, and says which could not be removed. What is gone already, or was
 * replaced since it was listed, is fine.
 */
export async function removeObjects(
  api: Api,
  names: Names,
  objects: Iterable<Doomed> | AsyncIterable<Doomed>,
  signal: AbortSignal | undefined,
): Promise<{ readonly count: number; readonly errors: Error[] }> {
  const errors: Error[] = []
  let count = 0
  await eachLimit(objects, PARALLEL, async ({ name, generation }) => {
    signal?.throwIfAborted()
    count++
    const path = names.pathOf(name)
    try {
      await deleteObject(api, name, { path, signal, ifGenerationMatch: generation })
    } catch (error) {
      signal?.throwIfAborted()
      errors.push(error as Error)
    }
  })
  return { count, errors }
}

/**
 * Removes the path, all beneath it and the unfinished uploads of both.
 * @throws PathNotFoundError where nothing was.
 * @throws StorageErrors that name what could not be removed.
 */
export async function removeTree(
  api: Api,
  names: Names,
  sessions: Sessions,
  path: string,
  { signal }: DriverCallOptions,
): Promise<void> {
  const key = names.key(path)
  const held = await sessions.held.removeBeneath(path)
  signal?.throwIfAborted()
  const settled = await Promise.allSettled([
    removeItself(api, key, path, signal),
    removeObjects(api, names, allObjects(api, { prefix: `${key}/`, path, signal }), signal),
    removeSessions(sessions, path, signal),
  ])
  let count = held
  const errors: Error[] = []
  for (const result of settled) {
    // What is wrong with the whole call is one error, not a list.
    if (result.status === 'rejected') throw result.reason
    count += result.value.count
    errors.push(...result.value.errors)
  }
  if (errors.length > 0) throw new StorageErrors(errors)
  if (count === 0) throw new PathNotFoundError(path)
}

async function removeItself(
  api: Api,
  key: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ count: number; errors: Error[] }> {
  try {
    const outcome = await deleteObject(api, key, { path, signal })
    return { count: outcome === 'removed' ? 1 : 0, errors: [] }
  } catch (error) {
    if ((error as { code?: string }).code !== 'PERMISSION_DENIED') throw error
    return { count: 0, errors: [error as Error] }
  }
}

async function removeSessions(
  sessions: Sessions,
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ count: number; errors: Error[] }> {
  const errors: Error[] = []
  let count = 0
  await eachLimit(sessions.find(path, { signal }), PARALLEL, async (found) => {
    signal?.throwIfAborted()
    count++
    await sessions.discard(found, { signal, anyGeneration: true }).catch((error: unknown) => {
      signal?.throwIfAborted()
      errors.push(error as Error)
    })
  })
  return { count, errors }
}
