import type { BlobItem } from '@azure/storage-blob'
import type { BareWalkOptions, FileInfo } from '@stowage/core'
import type { Opened } from './client.ts'
import { translate } from './errors.ts'
import { isFolder } from './markers.ts'
import type { Names } from './names.ts'
import { firstHigh, inByteOrder } from './order.ts'

export interface Page {
  readonly blobs: readonly BlobItem[]
  /** Only of a listing by hierarchy; each ends in `/`. */
  readonly prefixes: readonly string[]
  /** Whether another page follows. */
  readonly more: boolean
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

/** The pages of a listing, each fetched when it is asked for. */
export async function* pages(
  { container, pageSize: usual }: Opened,
  path: string,
  { prefix, signal, startFrom, hierarchy, uncommitted, pageSize = usual }: Query,
): AsyncGenerator<Page> {
  const options = {
    ...(prefix !== '' && { prefix }),
    ...(startFrom !== undefined && startFrom !== '' && { startFrom }),
    ...(signal && { abortSignal: signal }),
    includeMetadata: true,
    includeUncommitedBlobs: uncommitted ?? false,
  }
  const settings = { maxPageSize: pageSize }
  try {
    if (hierarchy) {
      const found = container.listBlobsByHierarchy('/', options).byPage(settings)
      for await (const { segment, continuationToken } of found) {
        const prefixes = (segment.blobPrefixes ?? []).map(({ name }) => name)
        yield { blobs: segment.blobItems, prefixes, more: !!continuationToken }
      }
    } else {
      const found = container.listBlobsFlat(options).byPage(settings)
      for await (const { segment, continuationToken } of found) {
        yield { blobs: segment.blobItems, prefixes: [], more: !!continuationToken }
      }
    }
  } catch (error) {
    throw translate(error, path)
  }
}

/** Whether any blob is beneath the directory. */
export async function hasDescendants(
  opened: Opened,
  path: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for await (const { blobs } of pages(opened, path, { prefix, signal, pageSize: 1 })) {
    // A page may be empty although another one follows.
    if (blobs.length > 0) return true
  }
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

/**
 * A folder marker without a final `/` is listed among the files, and what is beneath it as a directory,
 * later: the marker's directory takes that place, and comes once.
 */
async function* rawKeys(
  opened: Opened,
  names: Names,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const folders: string[] = []
  const query = { prefix: names.prefix(path), signal, hierarchy: true }
  for await (const { blobs, prefixes } of pages(opened, path, query)) {
    const found = prefixes.map((prefix) => names.directory(prefix))
    for (const { name, metadata, properties } of blobs) {
      const key = names.path(name)
      if (key === undefined) continue
      if (isFolder(metadata, properties.contentLength)) folders.push(`${key}/`)
      else found.push(key)
    }
    const keys = found.filter((key) => key !== undefined).sort(byUnits)
    const last = keys.at(-1)
    if (last !== undefined) {
      const due = folders.filter((folder) => folder <= last)
      folders.splice(0, folders.length, ...folders.filter((folder) => folder > last))
      keys.push(...due)
    }
    yield* keys.sort(byUnits)
  }
  yield* folders.sort(byUnits)
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
  options: BareWalkOptions,
): AsyncGenerator<FileInfo> {
  return inByteOrder(rawFiles(opened, names, path, options), (file) => file.path)
}

async function* rawFiles(
  opened: Opened,
  names: Names,
  path: string,
  options: BareWalkOptions,
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
        const file = fileOf(names, blob)
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

/** The file that a listed blob is, or undefined for staging, markers and names that are no paths. */
function fileOf(names: Names, { name, metadata, properties }: BlobItem): FileInfo | undefined {
  const path = names.path(name)
  const { contentLength: size = 0, lastModified } = properties
  if (path === undefined || isFolder(metadata, size)) return undefined
  return { path, size, modTime: lastModified, isDir: false }
}
