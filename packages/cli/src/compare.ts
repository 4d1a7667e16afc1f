import { createHash } from 'node:crypto'
import { compareKeys, type FileInfo, type StorageDriver } from '@stowage/core'
import type { End } from './ends.ts'
import { filesBeneath, filesBeneathIfAny, relative } from './entries.ts'

/** A name that is on one side or on both. */
export interface Pair {
  /** Relative to both ends. */
  readonly name: string
  readonly left: FileInfo | undefined
  readonly right: FileInfo | undefined
}

/** Both trees side by side, by name. Memory does not grow with them: both walks have one order. */
export async function* pairs(
  left: End,
  right: End,
  signal: AbortSignal,
  onUnreadable: (error: unknown, end: End) => void,
): AsyncGenerator<Pair> {
  const lefts = filesBeneath(left, signal, (error) => onUnreadable(error, left))
  // The destination of a sync need not be there.
  const rights = filesBeneathIfAny(right, signal, (error) => onUnreadable(error, right))
  try {
    let a = (await lefts.next()).value as FileInfo | undefined
    let b = (await rights.next()).value as FileInfo | undefined
    while (a !== undefined || b !== undefined) {
      const names = [a && relative(left, a.path), b && relative(right, b.path)] as const
      const order = compareNames(...names)
      const name = (order <= 0 ? names[0] : names[1]) as string
      yield { name, left: order <= 0 ? a : undefined, right: order >= 0 ? b : undefined }
      if (order <= 0) a = (await lefts.next()).value as FileInfo | undefined
      if (order >= 0) b = (await rights.next()).value as FileInfo | undefined
    }
  } finally {
    await lefts.return(undefined)
    await rights.return(undefined)
  }
}

/** What has ended sorts last. */
function compareNames(a: string | undefined, b: string | undefined): number {
  if (a === undefined) return 1
  return b === undefined ? -1 : compareKeys(a, b)
}

/** SHA-256 of a file in hexadecimal. */
export async function checksum(
  storage: StorageDriver,
  path: string,
  signal: AbortSignal,
  onBytes: (count: number) => void = () => {},
): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of await storage.reader(path, { signal })) {
    hash.update(chunk)
    onBytes(chunk.length)
  }
  return hash.digest('hex')
}
