import type { ObjectBackend, ObjectInfo, RequestContext } from './backend.ts'
import { listPages } from './pages.ts'

type Reader = Pick<ObjectBackend, 'names' | 'list' | 'head' | 'listing'>

/** What the service says of an object, or undefined where there is none. */
export async function headIfThere(
  backend: Pick<ObjectBackend, 'head'>,
  key: string,
  context: RequestContext,
): Promise<ObjectInfo | undefined> {
  try {
    return await backend.head(key, context)
  } catch (error) {
    if ((error as { code?: string }).code !== 'PATH_NOT_FOUND') throw error
    return undefined
  }
}

/** Whether the object stands for a folder: empty with a final `/` in its key, or what the service marks so. */
export function isFolder({ key, size, marker }: ObjectInfo): boolean {
  return marker === 'folder' || (key.endsWith('/') && size === 0)
}

/** Every object beneath a directory, those that no caller sees too. */
export async function* objectsBeneath(
  backend: Reader,
  path: string,
  context: RequestContext,
  start?: string,
): AsyncGenerator<ObjectInfo> {
  const request = { prefix: backend.names.prefix(path), start }
  for await (const { objects } of listPages(backend, request, context)) yield* objects
}

/**
 * The object of a path and all beneath it. The first page of what begins with the key tells of both in one request,
 * unless siblings (`a-b` beside `a/`) fill it.
 */
export async function* objectsFrom(
  backend: Reader,
  path: string,
  context: RequestContext,
): AsyncGenerator<ObjectInfo> {
  const key = backend.names.key(path)
  const prefix = backend.names.prefix(path)
  let last: string | undefined
  if (backend.listing.order === 'none') {
    // Nobody knows on which page it is, and such stores want a prefix that ends in `/`.
    const itself = await headIfThere(backend, key, context)
    if (itself) yield itself
  } else {
    for await (const { objects, more } of listPages(backend, { prefix: key }, context)) {
      for (const object of objects) {
        if (object.key !== key && !object.key.startsWith(prefix)) continue
        yield object
        if (object.key !== key) last = object.key
      }
      if (!more) return
      break
    }
  }
  const start = backend.listing.start === 'none' ? undefined : last
  yield* objectsBeneath(backend, path, context, start)
}
