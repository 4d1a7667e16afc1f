import { compareKeys, type DriverWalkOptions, type FileInfo } from '@stowage/core/driver'
import { ByteOrder } from './byte-order.ts'
import { allChildren } from './child-pages.ts'
import { flatPages } from './flat-pages.ts'
import type { ListBackend } from './pages.ts'

/** The files beneath a directory in byte order, by pages. */
export async function* walkPages(
  backend: ListBackend,
  path: string,
  options: DriverWalkOptions,
): AsyncGenerator<readonly FileInfo[]> {
  const { listing } = backend
  if (listing.order === 'none') {
    yield await gathered(backend, path, options)
  } else if (listing.order === 'tree') {
    yield* walkTree(backend, path, options)
  } else {
    const order = new ByteOrder<FileInfo>(listing, path)
    const flat = flatPages(backend, path, options, { onJump: () => order.restart() })
    for await (const { files } of flat) yield order.page(files)
    yield order.rest()
  }
}

/** Directory by directory: of siblings, `a/` comes before `a-b` in such a store, and after it here. */
async function* walkTree(
  backend: ListBackend,
  path: string,
  options: DriverWalkOptions,
): AsyncGenerator<readonly FileInfo[]> {
  const { startAfter, signal } = options
  let files: FileInfo[] = []
  for (const { path: key, file } of await allChildren(backend, path, signal)) {
    if (file) {
      files.push(file)
      continue
    }
    if (files.length > 0) yield files
    files = []
    const isBefore =
      startAfter !== undefined && compareKeys(key, startAfter) < 0 && !startAfter.startsWith(key)
    const isSkipped = options.skip !== undefined && key.startsWith(options.skip)
    if (!isBefore && !isSkipped) yield* walkTree(backend, key.slice(0, -1), options)
  }
  yield files
}

async function gathered(
  backend: ListBackend,
  path: string,
  options: DriverWalkOptions,
): Promise<FileInfo[]> {
  const all = new Map<string, FileInfo>()
  for await (const { files } of flatPages(backend, path, options)) {
    for (const file of files) all.set(file.path, file)
  }
  return [...all.values()].sort((a, b) => compareKeys(a.path, b.path))
}
