import { compareKeys, type DriverWalkOptions, type FileInfo } from '@stowage/core/driver'
import {
  type ListRequest as KeyRequest,
  type Names,
  PageGuard,
  parseSize,
  type RequestContext,
} from '@stowage/driver-kit'
import type { Api } from './api.ts'
import { isObject } from './errors.ts'
import { modTimeOf } from './mod-time.ts'
import { FIELDS, isOriginalSession, type ObjectResource, objectOf } from './objects.ts'
import type { Document } from './request.ts'

/** A page of a listing. */
export interface Page {
  readonly objects: readonly ObjectResource[]
  /** Common prefixes, each with its final slash. */
  readonly prefixes: readonly string[]
  /** Another page follows. */
  readonly more: boolean
  readonly token: string | undefined
  /** The service's clock, or where it tells no time this machine's. */
  readonly now: Date
}

export interface ListRequest {
  readonly prefix: string
  /** The caller's path, for errors. */
  readonly path: string
  readonly signal?: AbortSignal | undefined
  /** Direct children instead of everything beneath. */
  readonly delimiter?: '/' | undefined
  /** Only names from here on, this one included. */
  readonly startOffset?: string | undefined
  readonly pageSize?: number | undefined
}

/** The pages of a listing, each fetched when it is asked for. They come in the byte order of names. */
export async function* pages(api: Api, request: ListRequest): AsyncGenerator<Page> {
  const { path, signal, startOffset: start, pageSize: limit, ...rest } = request
  const guard = new PageGuard({ operation: 'objects.list', path, prefix: request.prefix })
  let token: string | undefined
  do {
    const page = await listPage(api, { ...rest, start, limit, token }, { path, signal })
    token = guard.next(page.more, page.token)
    yield page
  } while (token !== undefined)
}

/** One page of a listing. */
export async function listPage(
  api: Api,
  { prefix, delimiter, start, limit, token }: KeyRequest,
  { path, signal }: RequestContext,
): Promise<Page> {
  const guard = new PageGuard({ operation: 'objects.list', path, prefix })
  const url = api.url('/storage/v1', undefined, {
    ...{ prefix: prefix || undefined, delimiter, startOffset: start, pageToken: token },
    // A marker (`dir/`) is told from a directory with files only if it is listed itself.
    includeTrailingDelimiter: delimiter && 'true',
    maxResults: limit ?? api.settings.pageSize,
    fields: `nextPageToken,prefixes,items(${FIELDS})`,
  })
  const operation = 'objects.list'
  const { document, header } = await api.document({ method: 'GET', url, operation, path, signal })
  const now = Date.parse(header('date') ?? '')
  return { ...checkedPage(document, guard), now: new Date(Number.isNaN(now) ? Date.now() : now) }
}

/** @throws DriverError where the page holds what it cannot. */
function checkedPage(document: Document['document'], guard: PageGuard): Omit<Page, 'now'> {
  const { items = [], prefixes = [], nextPageToken } = document
  const objects = (Array.isArray(items) ? items : [items]).map((item: unknown) => {
    const { name, size } = (isObject(item) ? item : {}) as { name?: unknown; size?: unknown }
    const object = objectOf(item)
    guard.entry(name, object?.size ?? parseSize(size) ?? Number.NaN)
    // A time that is none.
    return object ?? guard.entry(undefined)
  })
  const names: unknown[] = Array.isArray(prefixes) ? prefixes : [prefixes]
  for (const name of names) guard.entry(name)
  const more = nextPageToken !== undefined && nextPageToken !== ''
  const token = nextPageToken as string | undefined
  return { objects: objects as ObjectResource[], prefixes: names as string[], more, token }
}

/** Whether a caller may see this object: it is a file of theirs. */
function isFile(names: Names, object: ObjectResource): boolean {
  return names.path(object.name) !== undefined && !isOriginalSession(object.contentType)
}

/** Whether any file is beneath the directory. */
export async function hasFiles(
  api: Api,
  names: Names,
  path: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  // Two: one may be the directory's own marker.
  const request = { prefix, path, signal, pageSize: 2 }
  for await (const _ of files(api, names, request, {})) return true
  return false
}

/** The keys, as base has them, of the direct children in byte order. */
export async function* listKeys(
  api: Api,
  names: Names,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const request = { prefix: names.prefix(path), path, signal, delimiter: '/' } as const
  let last = ''
  let held: string[] = []
  for await (const page of pages(api, request)) {
    const keys = held.concat(await directoryKeys(api, names, { path, signal, page }))
    const files = page.objects.filter((object) => isFile(names, object))
    for (const { name } of files) keys.push(names.path(name) as string)
    keys.sort(compareKeys)
    // Some servers count objects only, and give directories beyond the last one again.
    const end = page.more ? files.at(-1) : undefined
    const until = end && (names.path(end.name) as string)
    const due = until === undefined ? keys.length : keys.lastIndexOf(until) + 1
    held = keys.splice(due)
    for (const key of keys) {
      if (compareKeys(key, last) > 0) yield key
      last = key
    }
  }
}

interface DirectoryRequest {
  readonly path: string
  readonly signal: AbortSignal | undefined
  readonly page: Page
}

async function directoryKeys(
  api: Api,
  names: Names,
  { path, signal, page: { objects, prefixes } }: DirectoryRequest,
): Promise<string[]> {
  const markers = new Set(objects.map(({ name }) => name).filter((name) => name.endsWith('/')))
  const keys: string[] = []
  for (const prefix of prefixes) {
    const key = names.directory(prefix)
    if (key === undefined) continue
    // With a marker, only a look inside tells whether there is more than the marker.
    if (markers.has(prefix) && !(await hasFiles(api, names, path, prefix, signal))) continue
    keys.push(key)
  }
  return keys
}

/** The files beneath a directory in byte order, by a flat listing. */
export async function* walkFiles(
  api: Api,
  names: Names,
  path: string,
  options: DriverWalkOptions,
): AsyncGenerator<FileInfo> {
  const { startAfter, signal } = options
  const prefix = names.prefix(path)
  const from = startAfter === undefined ? undefined : names.root + startAfter.slice(1)
  const startOffset = from !== undefined && compareKeys(from, prefix) < 0 ? undefined : from
  for await (const object of files(api, names, { prefix, path, signal, startOffset }, options)) {
    yield fileOf(names, object)
  }
}

/** All files that a listing has. What is the driver's own, and what the caller skips, is jumped over. */
async function* files(
  api: Api,
  names: Names,
  request: ListRequest,
  wish: { readonly skip?: string | undefined },
): AsyncGenerator<ObjectResource> {
  for (let { startOffset } = request; ; ) {
    let jump: string | undefined
    for await (const { objects, more } of pages(api, { ...request, startOffset })) {
      for (const object of objects) if (isFile(names, object)) yield object
      // What was fetched was there already; further pages of what nobody wants are not.
      const last = objects.at(-1)?.name
      const unwanted = [names.reserved, wish.skip && names.root + wish.skip.slice(1)]
      const skip = unwanted.find((key) => key && last?.startsWith(key))
      // `0` comes right after `/`: the first name that is not in the directory.
      const after = skip && `${skip.slice(0, -1)}0`
      // A server that does not begin there is not asked twice to.
      if (more && after && (startOffset === undefined || compareKeys(after, startOffset) > 0)) {
        jump = after
        break
      }
    }
    if (jump === undefined) return
    startOffset = jump
  }
}

function fileOf(names: Names, object: ObjectResource): FileInfo {
  const { name, size } = object
  return { path: names.path(name) as string, size, modTime: modTimeOf(object), isDir: false }
}
