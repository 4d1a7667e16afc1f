import { compareKeys } from '@stowage/core/driver'
import { hasFiles, isHidden, type ListRequest, orderCheck, pages, sorted } from './lister.ts'
import type { Store } from './store.ts'

/** Directories that are looked into at a time, ahead of the caller. */
const LOOKS = 32

/** A flat page is worth its request where it shows a child for so many keys. */
const KEYS_PER_CHILD = 10

/**
 * The keys of a directory's children, as paths, in byte order. A directory that holds nothing but other tools'
 * placeholders is none, which only a look at the files beneath tells. A flat listing sees them; where it
 * shows few children a page, a listing by delimiter goes on, and each further directory is looked into.
 */
export function children(
  store: Store,
  path: string,
  signal: AbortSignal | undefined,
): AsyncIterable<string> {
  const request = { prefix: store.names.prefix(path), path, signal }
  // In no order it cannot be told where a flat listing has left off.
  const keys = store.settings.unorderedListing
    ? byDelimiter(store, request, '')
    : childKeys(store, request)
  return sorted(store, keys, (key) => key)
}

async function* childKeys(store: Store, request: ListRequest): AsyncGenerator<string> {
  const isNext = orderCheck(store, request.path)
  let last = ''
  for await (const { objects, truncated } of pages(store, request)) {
    let shown = 0
    for (const { key } of objects) {
      if (isHidden(store, key)) continue
      const child = childOf(key, request.prefix)
      if (!isNext(child)) continue
      last = child
      shown++
      yield store.names.pathOf(child)
    }
    if (truncated && shown * KEYS_PER_CHILD < objects.length) {
      yield* byDelimiter(store, request, last)
      return
    }
  }
}

/** The key, or of one further down, that of the directory which is the child. */
function childOf(key: string, prefix: string): string {
  const end = key.indexOf('/', prefix.length)
  return end < 0 ? key : key.slice(0, end + 1)
}

/** Those after `last`. It begins from the start: not all stores take a directory to start after. */
async function* byDelimiter(
  store: Store,
  request: ListRequest,
  last: string,
): AsyncGenerator<string> {
  const isNext = orderCheck(store, request.path)
  for await (const { objects, prefixes } of pages(store, { ...request, delimiter: '/' })) {
    const keys = objects.map(({ key }) => key).filter((key) => !isHidden(store, key))
    const directories = prefixes.filter((key) => !isHidden(store, key.slice(0, -1)))
    // The service gives the two apart; each page is a piece of one sorted listing of both.
    const page = [...keys, ...directories].sort(compareKeys)
    const due = page.filter((key) => isNext(key) && compareKeys(key, last) > 0)
    for await (const key of existing(store, due, request.signal)) yield store.names.pathOf(key)
  }
}

/** Those that are files, or directories with files in them. */
async function* existing(
  store: Store,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const stop = new AbortController()
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const looks: Promise<boolean>[] = []
  const look = async (key: string): Promise<boolean> =>
    !key.endsWith('/') || hasFiles(store, store.names.pathOf(key.slice(0, -1)), either)
  try {
    for (const [index, key] of keys.entries()) {
      while (looks.length < Math.min(index + LOOKS, keys.length)) {
        const begun = look(keys[looks.length] as string)
        // Who comes to it hears of the failure.
        begun.catch(() => {})
        looks.push(begun)
      }
      if (await looks[index]) yield key
    }
  } finally {
    stop.abort()
    await Promise.allSettled(looks)
  }
}
