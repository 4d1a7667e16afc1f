import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import {
  compareKeys,
  DriverError,
  type DriverWalkOptions,
  directoryKey,
  type FileInfo,
} from '@stowage/core/driver'
import {
  type ListRequest as KeyRequest,
  type ListPage,
  PageGuard,
  type RequestContext,
} from '@stowage/driver-kit'
import type { Store } from './store.ts'

export interface ListRequest {
  readonly prefix: string
  /** The caller's path, for errors. */
  readonly path: string
  readonly delimiter?: '/' | undefined
  readonly startAfter?: string | undefined
  /** Of the first page; if that does not tell enough, the next ones are whole. */
  readonly maxKeys?: number | undefined
  readonly signal?: AbortSignal | undefined
}

interface Page extends Contents {
  /** Another page follows. */
  readonly truncated: boolean
}

/** Sorts after every character that a key can start a component with. */
const LAST = '\u{10FFFF}'

/** Pages of a listing as they come, each with one request, names decoded. */
export async function* pages(store: Store, request: ListRequest): AsyncGenerator<Page> {
  const { prefix, path, delimiter, startAfter, maxKeys, signal } = request
  const guard = new PageGuard({ operation: 'ListObjectsV2', path, prefix })
  let token: string | undefined
  do {
    const first = token === undefined && { start: startAfter || undefined, limit: maxKeys }
    const page = await listPage(store, { prefix, delimiter, token, ...first }, { path, signal })
    token = guard.next(page.more, page.token)
    yield { ...page, truncated: page.more }
  } while (token !== undefined)
}

/** One page of a listing, names decoded. */
export async function listPage(
  store: Store,
  request: KeyRequest,
  context: RequestContext,
): Promise<ListPage> {
  const { prefix, delimiter, start, token, limit } = request
  const reply: ListObjectsV2CommandOutput = await store.call(
    'ListObjectsV2',
    {
      Prefix: prefix,
      EncodingType: 'url',
      ...(delimiter && { Delimiter: delimiter }),
      // A token goes on from its page; some stores take StartAfter as a restart.
      ...(token ? { ContinuationToken: token } : start && { StartAfter: start }),
      ...(limit && { MaxKeys: limit }),
    },
    context,
  )
  const encoded = reply.EncodingType === 'url'
  const found = contents(reply, encoded ? decodeKey : (key) => key)
  check(found, request, context)
  return {
    ...(encoded ? found : await real(store, context, found)),
    more: reply.IsTruncated ?? false,
    token: reply.NextContinuationToken,
  }
}

/** @throws DriverError where an entry is none that was asked for. */
function check(
  { objects, prefixes }: Contents,
  { delimiter, prefix }: KeyRequest,
  { path }: RequestContext,
): void {
  // Files beneath them are then in no page.
  if (delimiter === undefined && prefixes.length > 0)
    throw new DriverError('ListObjectsV2: the listing has directories and was to have files only', {
      path,
    })
  const guard = new PageGuard({ operation: 'ListObjectsV2', path, prefix })
  for (const { key, size } of objects) guard.entry(key, size)
  for (const key of prefixes) guard.entry(key)
}

type Contents = Pick<ListPage, 'objects' | 'prefixes'>

function contents(reply: ListObjectsV2CommandOutput, decode: (key: string) => string): Contents {
  return {
    objects: (reply.Contents ?? []).map(({ Key = '', Size = Number.NaN, LastModified, ETag }) => {
      return {
        key: decode(Key),
        size: Size,
        modTime: LastModified ?? new Date(0),
        revision: ETag,
      }
    }),
    prefixes: (reply.CommonPrefixes ?? []).map(({ Prefix = '' }) => decode(Prefix)),
  }
}

/** What stores write into XML for a character that it cannot hold. */
const REPLACEMENT = '\ufffd'

/** Without keys that are listed under another name: stores that do not encode them replace characters. */
async function real(store: Store, context: RequestContext, found: Contents): Promise<Contents> {
  const { objects, prefixes } = found
  if (![...objects.map(({ key }) => key), ...prefixes].some((key) => key.includes(REPLACEMENT)))
    return found
  const isThere = async (key: string): Promise<boolean> => {
    if (!key.includes(REPLACEMENT)) return true
    const input = { Prefix: key, MaxKeys: 1 }
    const { Contents } = await store.call('ListObjectsV2', input, context)
    return (Contents ?? []).length > 0
  }
  const keep = async <T>(all: readonly T[], key: (one: T) => string): Promise<T[]> => {
    const there = await Promise.all(all.map((one) => isThere(key(one))))
    return all.filter((_, index) => there[index])
  }
  return {
    objects: await keep(objects, ({ key }) => key),
    prefixes: await keep(prefixes, (key) => key),
  }
}

/** Undoes `EncodingType=url`, in which a space may be a plus sign. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', '%20'))
  } catch {
    throw new DriverError('ListObjectsV2: the listing has a key that is not encoded for URLs')
  }
}

/**
 * Whether no caller sees the key: a placeholder (`dir/`), with which other tools keep empty directories,
 * one of the driver's own, or any other that no path can name.
 */
export function isHidden(store: Store, key: string): boolean {
  return store.names.path(key) === undefined
}

/** The objects beneath a directory that a caller may see, and whether there is one at all. */
export async function hasFiles(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  // Two: one may be the directory's own placeholder.
  const request = { prefix: store.names.prefix(path), path, maxKeys: 2, signal }
  for await (const { objects } of pages(store, request)) {
    if (objects.some(({ key }) => !isHidden(store, key))) return true
  }
  return false
}

/** The files beneath a directory in byte order. What the caller skips is jumped over. */
export function files(
  store: Store,
  path: string,
  options: DriverWalkOptions,
): AsyncIterable<FileInfo> {
  const prefix = store.names.prefix(path)
  const after = startKey(store, path, options.startAfter)
  if (after === undefined) return nothing()
  const source = flat(store, { prefix, path, startAfter: after, signal: options.signal }, () => {
    return options.skip === undefined ? undefined : skipped(store, options.skip)
  })
  return sorted(store, source, (file) => file.path)
}

async function* nothing(): AsyncGenerator<never> {}

function skipped(store: Store, directory: string): string {
  return store.names.prefix(directory.replace(/\/$/, ''))
}

/** The key after which a walk begins: '' for the start, undefined where nothing can come. */
function startKey(store: Store, path: string, startAfter: string | undefined): string | undefined {
  const from = directoryKey(path)
  if (startAfter === undefined || compareKeys(startAfter, from) <= 0) return ''
  if (!startAfter.startsWith(from)) return undefined
  return store.names.root + startAfter.slice(1)
}

/**
 * The files of a flat listing. `skip` is asked after each: where it names a prefix that the rest of
 * the page lies in, the listing goes on behind it instead of reading it page by page.
 */
async function* flat(
  store: Store,
  request: ListRequest,
  skip: () => string | undefined,
): AsyncGenerator<FileInfo> {
  let startAfter = request.startAfter
  const { reserved: reservedPrefix } = store.names
  const isNext = orderCheck(store, request.path)
  for (;;) {
    let jump: string | undefined
    for await (const { objects } of pages(store, { ...request, startAfter })) {
      const last = objects.at(-1)?.key ?? ''
      for (const { key, size, modTime } of objects) {
        const over = key.startsWith(reservedPrefix) ? reservedPrefix : skip()
        if (over !== undefined && key.startsWith(over)) {
          // Once behind it, the same prefix is not jumped again.
          if (last.startsWith(over) && startAfter !== over + LAST) jump = over + LAST
          if (jump !== undefined) break
          continue
        }
        const file = store.names.path(key)
        if (file !== undefined && isNext(file)) yield { path: file, size, modTime, isDir: false }
      }
      if (jump !== undefined) break
    }
    if (jump === undefined) return
    startAfter = jump
  }
}

/**
 * Says of each key whether it is a further one, or the one before once more.
 * @throws DriverError where a store that should list in order does not: a wrong order would be worse.
 */
export function orderCheck(store: Store, path: string): (key: string) => boolean {
  if (store.settings.unorderedListing) return () => true
  let previous: string | undefined
  return (key) => {
    if (previous !== undefined && compareKeys(previous, key) > 0) {
      throw new DriverError('the store lists in no order: set unorderedListing', { path })
    }
    const isFurther = key !== previous
    previous = key
    return isFurther
  }
}

/** The items as they come, from a store that lists in no order gathered and sorted. */
export function sorted<T>(
  store: Store,
  source: AsyncIterable<T>,
  keyOf: (item: T) => string,
): AsyncIterable<T> {
  return store.settings.unorderedListing ? gathered(source, keyOf) : source
}

async function* gathered<T>(
  source: AsyncIterable<T>,
  keyOf: (item: T) => string,
): AsyncGenerator<T> {
  const all: T[] = []
  for await (const item of source) all.push(item)
  yield* all.sort((a, b) => compareKeys(keyOf(a), keyOf(b)))
}
