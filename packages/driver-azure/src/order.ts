import { compareKeys } from '@stowage/core/driver'

const FIRST_HIGH = 0xd800

/** Index of the first code unit from which on UTF-16 and UTF-8 may order names differently, or -1. */
export function firstHigh(name: string): number {
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) >= FIRST_HIGH) return i
  return -1
}

/**
 * Brings a listing into byte order, whether the server lists in the order of bytes or of UTF-16 code
 * units. The two differ only between names that share a start and go on with characters from U+D800 on
 * (emoji, say, and U+E000 to U+FFFF): those are held back, one such start at a time, and sorted.
 */
export async function* inByteOrder<T>(
  entries: AsyncIterable<T>,
  key: (entry: T) => string,
): AsyncGenerator<T> {
  let start: string | undefined
  let held: T[] = []
  for await (const entry of entries) {
    const name = key(entry)
    if (start !== undefined) {
      if (name.startsWith(start)) {
        held.push(entry)
        continue
      }
      yield* sorted(held, key)
      held = []
      start = undefined
    }
    const high = firstHigh(name)
    if (high < 0) {
      yield entry
      continue
    }
    start = name.slice(0, high)
    held.push(entry)
  }
  yield* sorted(held, key)
}

function sorted<T>(entries: T[], key: (entry: T) => string): T[] {
  return entries.sort((a, b) => compareKeys(key(a), key(b)))
}
