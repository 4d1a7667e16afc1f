import {
  type DriverCallOptions,
  eachLimit,
  PathNotFoundError,
  RevisionChangedError,
  StorageErrors,
} from '@stowage/core/driver'
import { type Names, PageGuard } from '@stowage/driver-kit'
import type { Api } from './api.ts'
import { isConditionFailure, isMissing } from './errors.ts'
import { allObjects } from './listing.ts'
import {
  deleteObject,
  getObject,
  isOriginalSession,
  mustBeChanged,
  type ObjectResource,
} from './objects.ts'
import { type Doomed, PARALLEL, removeObjects } from './remove.ts'
import type { Document } from './request.ts'

interface Copy {
  readonly source: string
  readonly destination: string
  /** Of the source: it alone is copied. */
  readonly generation: string | undefined
  /** The caller's path of the source, for errors. */
  readonly path: string
  readonly signal: AbortSignal | undefined
}

/**
 * Copies one generation of an object within the service, which may take it several requests. Content
 * type and metadata come along.
 */
async function rewrite(api: Api, copy: Copy): Promise<void> {
  const { source, destination, generation, path, signal } = copy
  const { bucket } = api.settings
  const to = `/rewriteTo/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(destination)}`
  const guard = new PageGuard({ operation: 'objects.rewrite', path })
  let rewriteToken: string | undefined
  do {
    signal?.throwIfAborted()
    const query = {
      ...{ ifSourceGenerationMatch: generation, rewriteToken },
      fields: 'done,rewriteToken,totalBytesRewritten,objectSize',
    }
    const request = {
      method: 'POST',
      ...{ operation: 'objects.rewrite', path, signal, keyed: true },
      url: api.url('/storage/v1', source, query).replace(/\?/, `${to}?`),
      ...{ headers: { 'content-type': 'application/json' }, body: '' },
    } as const
    const { document } = await api.document(request).catch(async (error: unknown) => {
      if (!isConditionFailure(error)) throw error
      await mustBeChanged(api, { key: source, generation, cause: error }, { path, signal })
      throw error
    })
    rewriteToken = nextStep(document, guard)
  } while (rewriteToken !== undefined)
}

/** Only what the service calls done is done: the source goes afterwards. Its token may stay while bytes advance. */
function nextStep(document: Document['document'], guard: PageGuard): string | undefined {
  const { done, rewriteToken: token, totalBytesRewritten: bytes } = document
  const isDone = done === true
  const state = typeof token === 'string' && token !== '' ? `${token} ${bytes}` : undefined
  guard.next(!isDone, state)
  return isDone ? undefined : (token as string)
}

/** Moves a file, or where there is none a directory. The source goes once the destination is whole. */
export async function move(
  api: Api,
  names: Names,
  paths: { readonly source: string; readonly destination: string },
  { signal }: DriverCallOptions,
): Promise<void> {
  const { source: path } = paths
  const source = names.key(path)
  const destination = names.key(paths.destination)
  let found: ObjectResource | undefined
  try {
    found = await getObject(api, source, { path, signal })
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  if (found === undefined || isOriginalSession(found.contentType)) {
    return moveDirectory(api, names, { ...paths, signal })
  }
  const { generation } = found
  await rewrite(api, { source, destination, generation, path, signal })
  signal?.throwIfAborted()
  const outcome = await deleteObject(api, source, { path, signal, ifGenerationMatch: generation })
  if (outcome === 'changed') {
    throw new RevisionChangedError('the file was replaced while it was moved: it stays', { path })
  }
}

interface DirectoryMove {
  readonly source: string
  readonly destination: string
  readonly signal: AbortSignal | undefined
}

/** Copies all files, which are listed before, then removes what else was at the destination, then the source. */
async function moveDirectory(api: Api, names: Names, where: DirectoryMove): Promise<void> {
  const { source: path, destination, signal } = where
  const from = names.prefix(path)
  const to = names.prefix(destination)
  const target = (name: string): string => to + name.slice(from.length)
  const moved: Doomed[] = []
  for await (const { name, generation, contentType } of allObjects(api, {
    ...{ prefix: from, path, signal },
  })) {
    // Unfinished uploads of the original stay where they are.
    if (!isOriginalSession(contentType)) moved.push({ name, generation })
  }
  const files = moved.filter(({ name }) => !name.endsWith('/'))
  if (files.length === 0) throw new PathNotFoundError(path)
  // Before anything is touched: the new names may be too long for the service.
  for (const { name } of files) names.key(`/${target(name).slice(names.root.length)}`)
  const vanished = new Set<string>()
  await eachLimit(files, PARALLEL, async ({ name, generation }) => {
    const copy = { source: name, destination: target(name), generation, path, signal }
    // What others delete meanwhile is passed by.
    await rewrite(api, copy).catch((error: unknown) => {
      if (!isMissing(error)) throw error
      vanished.add(name)
    })
  })
  if (vanished.size === files.length) throw new PathNotFoundError(path)
  const left = moved.filter(({ name }) => !vanished.has(name))
  const kept = new Set(left.map(({ name }) => target(name)))
  const others = async function* (): AsyncGenerator<Doomed> {
    for await (const object of allObjects(api, { prefix: to, path: destination, signal })) {
      if (!kept.has(object.name) && !isOriginalSession(object.contentType)) yield object
    }
  }
  signal?.throwIfAborted()
  const replaced = await removeObjects(api, names, others(), signal)
  if (replaced.errors.length > 0) throw new StorageErrors(replaced.errors)
  const { errors } = await removeObjects(api, names, left, signal)
  if (errors.length > 0) throw new StorageErrors(errors)
}
