import {
  compareKeys,
  type DriverCallOptions,
  directoryKey,
  type FileInfo,
} from '@stowage/core/driver'
import type { ListPage } from './backend.ts'
import { ByteOrder } from './byte-order.ts'
import { filesOf, flatPages, hasFiles } from './flat-pages.ts'
import { type ListBackend, listPages } from './pages.ts'

/** A direct child of a directory. */
interface Child {
  /** As a driver lists it: of a directory with a final slash. */
  readonly path: string
  readonly file?: FileInfo
  /** Only a look inside tells whether a directory has files. */
  readonly isDoubtful?: boolean
}

/** Directories that are looked into at a time, ahead of the caller. */
const LOOKS = 32

/** A flat page is worth its request where it shows a child for so many keys. */
const KEYS_PER_CHILD = 10

/** The direct children of a directory in byte order, by pages. A directory without a file in it is none. */
export async function* childPages(
  backend: ListBackend,
  path: string,
  { signal }: DriverCallOptions,
): AsyncGenerator<readonly string[]> {
  const { order, hidesMarkers = false } = backend.listing
  if (order === 'none' || order === 'tree') {
    yield* existing(backend, await allChildren(backend, path, signal), signal)
  } else if (hidesMarkers) {
    yield* flatChildren(backend, path, signal)
  } else {
    yield* delimitedChildren(backend, path, '', signal)
  }
}

/**
 * By a flat listing, which shows what is a marker. Where it shows few children a page, a listing by delimiter goes on,
 * and each further directory is looked into.
 */
async function* flatChildren(
  backend: ListBackend,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly string[]> {
  const order = new ByteOrder<FileInfo>(backend.listing, path)
  const from = directoryKey(path).length
  let last = ''
  const childrenOf = (files: readonly FileInfo[]): string[] => {
    const children: string[] = []
    for (const file of files) {
      const end = file.path.indexOf('/', from)
      const child = end < 0 ? file.path : file.path.slice(0, end + 1)
      if (child === last) continue
      last = child
      children.push(child)
    }
    return children
  }
  const flat = flatPages(backend, path, { signal }, { onJump: () => order.restart() })
  for await (const { files, count, more } of flat) {
    const children = childrenOf(order.page(files))
    yield children
    if (more && children.length * KEYS_PER_CHILD < count) {
      yield* delimitedChildren(backend, path, last, signal)
      return
    }
  }
  yield childrenOf(order.rest())
}

/** Those after `last`. It begins at the start: not all stores take a directory to start after. */
async function* delimitedChildren(
  backend: ListBackend,
  path: string,
  last: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly string[]> {
  const order = new ByteOrder<Child>(backend.listing, path)
  for await (const page of delimitedPages(backend, path, signal)) {
    const due = order.page(page).filter((child) => compareKeys(child.path, last) > 0)
    yield* existing(backend, due, signal)
  }
  const rest = order.rest().filter((child) => compareKeys(child.path, last) > 0)
  yield* existing(backend, rest, signal)
}

/** Pages of children, each sorted: services give files and directories apart. */
async function* delimitedPages(
  backend: ListBackend,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Child[]> {
  const compare = backend.listing.order === 'utf16' ? compareUnits : compareKeys
  const request = { prefix: backend.names.prefix(path), delimiter: '/' } as const
  const markers = new Set<string>()
  let held: Child[] = []
  for await (const page of listPages(backend, request, { path, signal })) {
    const files = filesOf(backend.names, page.objects)
    for (const { key } of page.objects) if (key.endsWith('/')) markers.add(key)
    const all = [
      ...held,
      ...files.map((file) => ({ path: file.path, file })),
      ...directoriesOf(backend, page, markers),
    ].sort((a, b) => compare(a.path, b.path))
    // Some services count files only, and give directories beyond the last file once more.
    const last = page.more ? files.at(-1)?.path : undefined
    const end = last === undefined ? all.length : all.findLastIndex((one) => one.path === last) + 1
    held = all.splice(end)
    yield all
  }
}

function directoriesOf(
  { names, listing }: ListBackend,
  { prefixes }: ListPage,
  markers: ReadonlySet<string>,
): Child[] {
  const children: Child[] = []
  for (const prefix of prefixes) {
    const path = names.directory(prefix)
    const isDoubtful = listing.hidesMarkers === true || markers.has(prefix)
    if (path !== undefined) children.push({ path, isDoubtful })
  }
  return children
}

function compareUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** All children at once, in byte order, for stores that list in another one. */
export async function allChildren(
  backend: ListBackend,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Child[]> {
  const all = new Map<string, Child>()
  for await (const page of delimitedPages(backend, path, signal)) {
    for (const child of page) all.set(child.path, child)
  }
  return [...all.values()].sort((a, b) => compareKeys(a.path, b.path))
}

/** The children that are files, or directories with files in them. */
async function* existing(
  backend: ListBackend,
  children: readonly Child[],
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly string[]> {
  if (!children.some(({ isDoubtful }) => isDoubtful)) {
    yield children.map(({ path }) => path)
    return
  }
  const stop = new AbortController()
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const looks: Promise<boolean>[] = []
  const look = async ({ path, isDoubtful }: Child): Promise<boolean> =>
    !isDoubtful || hasFiles(backend, path.slice(0, -1), either)
  try {
    for (const [index, child] of children.entries()) {
      while (looks.length < Math.min(index + LOOKS, children.length)) {
        const begun = look(children[looks.length] as Child)
        // The caller hears of a failure when it comes to that child.
        begun.catch(() => {})
        looks.push(begun)
      }
      if (await looks[index]) yield [child.path]
    }
  } finally {
    stop.abort()
    await Promise.allSettled(looks)
  }
}
