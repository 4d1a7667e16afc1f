import {
  compareKeys,
  type DriverWalkOptions,
  directoryKey,
  type FileInfo,
} from '@stowage/core/driver'
import type { ObjectInfo, RequestContext } from './backend.ts'
import { HIGH } from './byte-order.ts'
import type { Names } from './names.ts'
import { type ListBackend, listPages } from './pages.ts'

/** Sorts after every character that a component can begin with. */
const LAST = '\u{10FFFF}'

/** What a page of a flat listing shows to callers. */
export interface FlatPage {
  readonly files: FileInfo[]
  /** Entries of the page, hidden ones too. */
  readonly count: number
  /** Whether another page follows. */
  readonly more: boolean
}

interface FlatRequest {
  /** Entries of the first page. */
  readonly limit?: number | undefined
  /** Called where the listing goes on behind what nobody wants. */
  readonly onJump?: () => void
}

/** The files among the objects, with their paths. */
export function filesOf(names: Names, objects: readonly ObjectInfo[]): FileInfo[] {
  const files: FileInfo[] = []
  for (const { key, size, modTime, marker } of objects) {
    const path = marker === undefined ? names.path(key) : undefined
    if (path !== undefined) files.push({ path, size, modTime, isDir: false })
  }
  return files
}

/**
 * The pages of all files beneath a directory, in the order of the service. Pages that lie in a directory that is
 * skipped, or among the driver's own keys, are not requested.
 */
export async function* flatPages(
  backend: ListBackend,
  path: string,
  options: Partial<DriverWalkOptions>,
  { limit: first, onJump }: FlatRequest = {},
): AsyncGenerator<FlatPage> {
  const { names } = backend
  const context: RequestContext = { path, signal: options.signal }
  const prefix = names.prefix(path)
  let start = firstKey(backend, path, options.startAfter)
  if (start === 'beyond') return
  for (let limit = first; ; limit = undefined) {
    let jump: string | undefined
    const request = { prefix, ...(start && { start }), ...(limit && { limit }) }
    for await (const { objects, more } of listPages(backend, request, context)) {
      yield { files: filesOf(names, objects), count: objects.length, more }
      // By now the caller has seen the page, and may have skipped a directory.
      jump = more ? jumpFrom(backend, objects.at(-1)?.key, options.skip) : undefined
      // Only ever further on: a store may take no notice of a start.
      if (jump !== undefined && start !== undefined && compareKeys(jump, start) <= 0)
        jump = undefined
      if (jump !== undefined) break
    }
    if (jump === undefined) return
    start = jump
    onJump?.()
  }
}

/** Where a listing begins: undefined at the start, `beyond` where everything comes before. */
function firstKey(
  { names, listing }: ListBackend,
  path: string,
  startAfter: string | undefined,
): string | 'beyond' | undefined {
  const from = directoryKey(path)
  if (startAfter === undefined || compareKeys(startAfter, from) <= 0) return undefined
  if (!startAfter.startsWith(from)) return 'beyond'
  if (listing.start === 'none' || listing.order === 'none') return undefined
  const key = names.root + startAfter.slice(1)
  const high = listing.order === 'utf16' ? key.search(HIGH) : -1
  return high < 0 ? key : key.slice(0, high) || undefined
}

/** Where to go on behind the directory that the last key of a page is in, if nobody wants more of it. */
function jumpFrom(
  { names, listing }: ListBackend,
  last = '',
  skip: string | undefined,
): string | undefined {
  if (listing.start === 'none' || listing.order === 'none') return undefined
  const unwanted = [names.reserved, skip && names.root + skip.slice(1)]
  const directory = unwanted.find((key) => key && last.startsWith(key))
  if (!directory || (listing.order === 'utf16' && HIGH.test(directory))) return undefined
  // `0` comes right after `/`.
  return listing.start === 'from' ? `${directory.slice(0, -1)}0` : directory + LAST
}

/** Enough for a directory's own marker and one file in it. */
const FIRST_LOOK = 2

/** Whether a file is beneath the directory. */
export async function hasFiles(
  backend: ListBackend,
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for await (const { files } of flatPages(backend, path, { signal }, { limit: FIRST_LOOK })) {
    if (files.length > 0) return true
  }
  return false
}
