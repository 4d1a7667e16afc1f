import { Limiter, PathNotFoundError } from '@stowage/core/driver'
import { refuseConflict } from './conflicts.ts'
import { copyObject, type Source } from './copier.ts'
import { isMissing } from './errors.ts'
import { head } from './head.ts'
import { isHidden, pages } from './lister.ts'
import { deleteKeys } from './remover.ts'
import type { Store } from './store.ts'

/** Files of a directory that are copied at a time. */
const COPIES = 16

interface Move {
  readonly source: string
  readonly destination: string
  readonly signal: AbortSignal | undefined
}

/**
 * Moves an object, or where there is none, all objects beneath the path. Sources go once everything
 * is copied and compared.
 * @throws PathNotFoundError where nothing is at the source.
 */
export async function move(store: Store, request: Move): Promise<void> {
  const { source, destination, signal } = request
  const key = store.names.key(source)
  const target = store.names.key(destination)
  const where = { path: source, signal }
  try {
    const found = await head(store, key, where)
    await refuseConflict(store, destination, signal)
    await copyObject(
      store,
      { key, size: found.ContentLength, etag: found.ETag, head: found },
      target,
      where,
    )
  } catch (error) {
    if (!isMissing(error)) throw error
    await moveDirectory(store, request)
    return
  }
  signal?.throwIfAborted()
  await deleteKeys(store, [key], where)
}

async function moveDirectory(store: Store, { source, destination, signal }: Move): Promise<void> {
  const from = store.names.prefix(source)
  const to = store.names.prefix(destination)
  const sources = await objectsBeneath(store, source, signal)
  if (sources.length === 0) throw new PathNotFoundError(source)
  await refuseConflict(store, destination, signal, 'directory')
  const names = new Map(sources.map((object) => [to + object.key.slice(from.length), object]))
  if (!store.settings.profile.fileAndDirectory) {
    await removeOld(store, destination, signal, conflictsWith(names))
  }
  await copyAll(store, names, signal)
  if (names.size === 0) throw new PathNotFoundError(source)
  // What was at the destination and is not of the source makes room: a move replaces.
  await removeOld(store, destination, signal, (key) => !names.has(key))
  signal?.throwIfAborted()
  await deleteKeys(
    store,
    [...names.values()].map(({ key }) => key),
    { path: source, signal },
  )
}

async function removeOld(
  store: Store,
  destination: string,
  signal: AbortSignal | undefined,
  isOld: (key: string) => boolean,
): Promise<void> {
  const there = await objectsBeneath(store, destination, signal)
  const old = there.map(({ key }) => key).filter(isOld)
  signal?.throwIfAborted()
  await deleteKeys(store, old, { path: destination, signal })
}

/** Whether a file there is in the way of one of the new ones: a parent of it, or beneath it. */
function conflictsWith(names: ReadonlyMap<string, Source>): (key: string) => boolean {
  const parents = new Set([...names.keys()].flatMap(parentsOf))
  return (key) => parents.has(key) || parentsOf(key).some((parent) => names.has(parent))
}

function parentsOf(key: string): string[] {
  const parents: string[] = []
  for (let cut = key.indexOf('/'); cut >= 0; cut = key.indexOf('/', cut + 1)) {
    parents.push(key.slice(0, cut))
  }
  return parents
}

/**
 * Copies every object to its new key, some at a time. What vanishes meanwhile is passed by and no longer
 * among the names; any other failure stops the rest.
 */
async function copyAll(
  store: Store,
  names: Map<string, Source>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const limiter = new Limiter(COPIES)
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal?.aborted) onAbort()
    const copies = [...names].map(([target, object]) =>
      limiter
        .run(() => {
          const where = { path: store.names.pathOf(object.key), signal: stop.signal }
          return copyObject(store, object, target, where)
        }, stop.signal)
        .catch((error: unknown) => {
          if (isMissing(error)) names.delete(target)
          else stop.abort(error)
        }),
    )
    await Promise.all(copies)
    if (stop.signal.aborted) throw stop.signal.reason
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

async function objectsBeneath(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Source[]> {
  const found: Source[] = []
  for await (const { objects } of pages(store, {
    prefix: store.names.prefix(path),
    path,
    signal,
  })) {
    found.push(...objects.filter(({ key }) => !isHidden(store, key)))
  }
  return found
}
