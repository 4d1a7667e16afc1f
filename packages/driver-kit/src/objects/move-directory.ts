import { isStorageError, PathNotFoundError } from '@stowage/core/driver'
import { eachUntilFailure } from '../each-until-failure.ts'
import type { ObjectInfo, TreeBackend } from './backend.ts'
import { isFolder, objectsBeneath } from './beneath.ts'
import type { Conflicts } from './conflicts.ts'
import { copyAndCompare } from './copy.ts'
import { deleteFolders, type Remover, throwErrors } from './remover.ts'

/** Files that are copied at a time. */
const COPIES = 16

export interface DirectoryMove {
  readonly backend: TreeBackend
  readonly conflicts: Conflicts
  readonly remover: Remover
  readonly source: string
  readonly destination: string
  /** Key of a folder's marker that has the name of the source itself. */
  readonly marker: string | undefined
  readonly signal: AbortSignal | undefined
}

/**
 * Moves all objects beneath the source. What is at the destination and is not of the source goes once everything is
 * copied, then the sources do. Markers of folders are not copied: they go from both. What others delete meanwhile is
 * passed by.
 * @throws PathNotFoundError where no file is beneath the source; InvalidPathError, before anything is touched, where a
 *   name is too long at the destination.
 */
export async function moveDirectory(move: DirectoryMove): Promise<void> {
  const { backend, conflicts, remover, source, destination, signal } = move
  const { names } = backend
  const from = names.prefix(source)
  const to = names.prefix(destination)
  const context = { path: source, signal }
  const folders = move.marker === undefined ? [] : [move.marker]
  const copies = new Map<string, ObjectInfo>()
  let hasFile = false
  for await (const object of objectsBeneath(backend, source, context)) {
    // Unfinished uploads stay where they are.
    if (object.marker === 'upload') continue
    if (isFolder(object)) folders.push(object.key)
    else copies.set(to + object.key.slice(from.length), object)
    hasFile ||= names.path(object.key) !== undefined && object.marker === undefined
  }
  if (!hasFile) throw new PathNotFoundError(source)
  for (const key of copies.keys()) names.checkLength(key)
  const there = { path: destination, signal }
  await conflicts.refuse(destination, there, 'directory')
  if (!backend.capabilities.fileAndDirectory) await removeOld(move, inTheWayOf(copies))
  await copyAll(move, copies)
  if (copies.size === 0) throw new PathNotFoundError(source)
  const parents = parentsOfAll(copies.keys())
  // A folder without a final slash stays where it has files: services with real folders would refuse to remove it.
  const isFolderInUse = ({ key, marker }: ObjectInfo): boolean =>
    marker === 'folder' && parents.has(key)
  await removeOld(move, (object) => !copies.has(object.key) && !isFolderInUse(object))
  signal?.throwIfAborted()
  conflicts.directories.clear()
  const { errors } = await remover.delete(copies.values(), context)
  throwErrors([...errors, ...(await deleteFolders(remover, folders, context))])
}

/**
 * Copies every object to its new key, some at a time. What vanishes meanwhile is no longer among them afterwards; any
 * other failure stops the rest.
 */
async function copyAll(
  { backend, signal }: DirectoryMove,
  copies: Map<string, ObjectInfo>,
): Promise<void> {
  await eachUntilFailure(
    [...copies],
    { concurrency: COPIES, signal },
    async ([key, object], stop) => {
      const context = { path: backend.names.pathOf(object.key), signal: stop }
      try {
        await copyAndCompare(backend, object, key, context)
      } catch (error) {
        if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
        copies.delete(key)
      }
    },
  )
}

/** Deletes what was at the destination: a move replaces. */
async function removeOld(
  { backend, conflicts, remover, destination, signal }: DirectoryMove,
  isOld: (object: ObjectInfo) => boolean,
): Promise<void> {
  const context = { path: destination, signal }
  const files: { key: string }[] = []
  const folders: string[] = []
  for await (const object of objectsBeneath(backend, destination, context)) {
    if (object.marker === 'upload' || !isOld(object)) continue
    if (isFolder(object)) folders.push(object.key)
    else files.push({ key: object.key })
  }
  signal?.throwIfAborted()
  conflicts.directories.clear()
  const { errors } = await remover.delete(files, context)
  throwErrors([...errors, ...(await deleteFolders(remover, folders, context))])
}

/** Whether a file there is in the way of one of the new ones: a parent of it, or beneath it. */
function inTheWayOf(copies: ReadonlyMap<string, unknown>): (object: ObjectInfo) => boolean {
  const parents = parentsOfAll(copies.keys())
  return ({ key }) => parents.has(key) || parentsOf(key).some((parent) => copies.has(parent))
}

function parentsOfAll(keys: Iterable<string>): ReadonlySet<string> {
  return new Set([...keys].flatMap(parentsOf))
}

function parentsOf(key: string): string[] {
  const parents: string[] = []
  for (let cut = key.indexOf('/'); cut >= 0; cut = key.indexOf('/', cut + 1)) {
    parents.push(key.slice(0, cut))
  }
  return parents
}
