import { directoryKey, type FileInfo } from '@stowage/core/driver'
import type { ChunkStore, StoredFile } from './store.ts'

/** Files asked for at a time. */
const PAGE = 256

/** No valid path has a character before this one: with it appended, a bound excludes the path itself. */
const NEXT = '\u0001'

/** The first key that is not beneath the directory: `0` comes right after `/`. */
function endOf(directory: string): string {
  return `${directory.slice(0, -1)}0`
}

export function fileInfo({ path, size, modTime }: StoredFile): FileInfo {
  return { path, size, modTime: new Date(modTime), isDir: false }
}

export async function hasFilesBeneath(
  store: ChunkStore,
  path: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const directory = directoryKey(path)
  return (await store.range(directory, endOf(directory), 1, signal)).length > 0
}

/** The keys of the direct children, in order. It jumps over what lies deeper. */
export async function* children(
  store: ChunkStore,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const directory = directoryKey(path)
  const end = endOf(directory)
  for (let from = directory; ; ) {
    const page = await store.range(from, end, PAGE, signal)
    let listed: string | undefined
    for (const file of page) {
      if (listed !== undefined && file.path.startsWith(listed)) continue
      const cut = file.path.indexOf('/', directory.length)
      const child = cut < 0 ? file.path : file.path.slice(0, cut + 1)
      listed = cut < 0 ? undefined : child
      from = cut < 0 ? file.path + NEXT : endOf(child)
      yield child
    }
    if (page.length < PAGE) return
  }
}

/** The files beneath the path, in order. A directory in `options.skip` is jumped over. */
export async function* filesBeneath(
  store: ChunkStore,
  path: string,
  options: {
    readonly startAfter?: string | undefined
    readonly skip: string | undefined
    readonly signal?: AbortSignal | undefined
  },
): AsyncGenerator<FileInfo> {
  const directory = directoryKey(path)
  const end = endOf(directory)
  const { startAfter, signal } = options
  let from = startAfter?.startsWith(directory) ? startAfter + NEXT : directory
  for (;;) {
    const page = await store.range(from, end, PAGE, signal)
    for (const file of page) {
      const { skip } = options
      const isSkipped = skip !== undefined && file.path.startsWith(skip)
      from = isSkipped ? endOf(skip) : file.path + NEXT
      if (!isSkipped) yield fileInfo(file)
    }
    if (page.length < PAGE) return
  }
}
