import type { BlobItem } from '@azure/storage-blob'
import { ConfigError, type DriverWalkOptions, type FileInfo } from '@stowage/core/driver'
import { type ListRequest, type Names, PageGuard, type RequestContext } from '@stowage/driver-kit'
import type { Opened } from './client.ts'
import { listedFile } from './files.ts'
import { firstHigh, inByteOrder } from './order.ts'

export interface Page {
  readonly blobs: readonly BlobItem[]
  /** Only of a listing by hierarchy; each ends in `/`. */
  readonly prefixes: readonly string[]
  /** Whether another page follows. */
  readonly more: boolean
  readonly token: string | undefined
}

interface Query {
  readonly prefix: string
  readonly signal?: AbortSignal | undefined
  /** Only names from here on. */
  readonly startFrom?: string | undefined
  /** Direct children instead of everything beneath. */
  readonly hierarchy?: boolean | undefined
  /** Blobs that were never committed too. */
  readonly uncommitted?: boolean | undefined
  readonly pageSize?: number | undefined
}

/** What the SDK gives for a page. Nothing of it is sure: something else than the service may have answered. */
interface Answer {
  readonly segment?: {
    readonly blobItems?: readonly BlobItem[]
    readonly blobPrefixes?: readonly { readonly name: string }[]
  }
  readonly continuationToken?: string
}

/**
 * The pages of a listing, each fetched when it is asked for.
 * @throws DriverError where a page says "more" and does not lead on, or has a key that was not asked for.
 */
export async function* pages(
  opened: Opened,
  path: string,
  { prefix, signal, startFrom: start, hierarchy, uncommitted: unfinished, pageSize: limit }: Query,
): AsyncGenerator<Page> {
  const guard = new PageGuard({ operation: 'List Blobs', path, prefix })
  const delimiter = hierarchy ? ('/' as const) : undefined
  let token: string | undefined
  do {
    const request = { prefix, delimiter, start, token, limit, unfinished }
    const page = await listPage(opened, request, { path, signal })
    token = guard.next(page.more, page.token)
    yield page
  } while (token !== undefined)
}

/** One page of a listing. A size counts for every page of it, and so does the start. */
export async function listPage(
  { container, pageSize, failures }: Opened,
  { prefix, delimiter, start, token, limit = pageSize, unfinished = false }: ListRequest,
  { path, signal }: RequestContext,
): Promise<Page> {
  const options = {
    ...(prefix !== '' && { prefix }),
    ...(start !== undefined && start !== '' && { startFrom: start }),
    ...(signal && { abortSignal: signal }),
    includeMetadata: true,
    includeUncommitedBlobs: unfinished,
  }
  const settings = { maxPageSize: limit, ...(token && { continuationToken: token }) }
  const guard = new PageGuard({ operation: 'List Blobs', path, prefix })
  try {
    const found: AsyncIterator<Answer> = delimiter
      ? container.listBlobsByHierarchy(delimiter, options).byPage(settings)
      : container.listBlobsFlat(options).byPage(settings)
    return pageFrom((await found.next()).value, guard, unfinished)
  } catch (error) {
    // The SDK's own, where it looks for the parts of a listing in something else.
    if ((error as Error).name !== 'TypeError') throw failures.translate(error, path)
    throw new ConfigError(
      'List Blobs: the answer is no listing of Azure Blob Storage: check serviceURL, and proxies on the way',
    )
  }
}

function pageFrom(answer: Answer, guard: PageGuard, unfinished: boolean): Page {
  const { segment, continuationToken: token } = answer
  if (segment === undefined) throw new TypeError('no segment')
  const { blobItems: blobs = [], blobPrefixes = [] } = segment
  const prefixes = blobPrefixes.map(({ name }) => name)
  const least = unfinished ? 0 : -1
  for (const { name, properties } of blobs) guard.entry(name, properties.contentLength ?? least)
  for (const name of prefixes) guard.entry(name)
  return { blobs, prefixes, more: token !== undefined && token !== '', token }
}

/** Enough for the marker of a folder and one file in it. */
const FIRST_LOOK = 2

/** Whether a file is beneath the directory. Markers of folders and staged uploads are none. */
export async function hasFiles(
  opened: Opened,
  names: Names,
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const prefix = names.prefix(path)
  const hasOne = ({ blobs }: Page): boolean =>
    blobs.some((blob) => listedFile(names, blob) !== undefined)
  for await (const page of pages(opened, path, { prefix, signal, pageSize: FIRST_LOOK })) {
    if (hasOne(page)) return true
    if (!page.more) return false
    break
  }
  for await (const page of pages(opened, path, { prefix, signal })) if (hasOne(page)) return true
  return false
}

/** The keys of the direct children, in byte order. */
export function listKeys(
  opened: Opened,
  names: Names,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  return withoutRepeats(inByteOrder(rawKeys(opened, names, path, signal), (key) => key))
}

/** A folder's marker is no file; what is beneath the folder is listed as a directory anyway. */
async function* rawKeys(
  opened: Opened,
  names: Names,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const query = { prefix: names.prefix(path), signal, hierarchy: true }
  for await (const { blobs, prefixes } of pages(opened, path, query)) {
    const directories = prefixes.map((prefix) => names.directory(prefix))
    const files = blobs.map((blob) => listedFile(names, blob)?.path)
    const keys = [...directories, ...files].filter((key) => key !== undefined)
    yield* keys.sort(byUnits)
  }
}

/** Any one order that servers list in will do here: {@link inByteOrder} mends it. */
function byUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

async function* withoutRepeats(keys: AsyncIterable<string>): AsyncGenerator<string> {
  let previous: string | undefined
  for await (const key of keys) {
    if (key !== previous) yield key
    previous = key
  }
}

/** The files beneath a directory in byte order, by a flat listing. */
export function walkFiles(
  opened: Opened,
  names: Names,
  path: string,
  options: DriverWalkOptions,
): AsyncGenerator<FileInfo> {
  return inByteOrder(rawFiles(opened, names, path, options), (file) => file.path)
}

async function* rawFiles(
  opened: Opened,
  names: Names,
  path: string,
  options: DriverWalkOptions,
): AsyncGenerator<FileInfo> {
  const prefix = names.prefix(path)
  const { startAfter, signal } = options
  let startFrom = startAfter === undefined ? undefined : names.root + startAfter.slice(1)
  if (!startFrom?.startsWith(prefix)) startFrom = undefined
  for (;;) {
    let jump: string | undefined
    const query = { prefix, signal, startFrom: safeStart(startFrom) }
    for await (const { blobs, more } of pages(opened, path, query)) {
      for (const blob of blobs) {
        const file = listedFile(names, blob)
        if (file && !(options.skip && file.path.startsWith(options.skip))) yield file
      }
      // The rest of the page was there already; further pages of a skipped directory are not fetched.
      const skip = options.skip && names.root + options.skip.slice(1)
      if (more && skip && firstHigh(skip) < 0 && blobs.at(-1)?.name.startsWith(skip)) {
        // `0` comes right after `/`: the first name that is not in the directory.
        jump = `${skip.slice(0, -1)}0`
        break
      }
    }
    if (jump === undefined) return
    startFrom = jump
  }
}

/**
 * Where to begin so that nothing after `start` in byte order is missed: servers that list in the order
 * of UTF-16 have names after it that come before it there, if it has a character from U+D800 on.
 */
function safeStart(start: string | undefined): string | undefined {
  const high = start === undefined ? -1 : firstHigh(start)
  return high < 0 ? start : start?.slice(0, high)
}
