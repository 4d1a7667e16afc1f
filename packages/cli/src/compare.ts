import { createHash } from 'node:crypto'
import { compareKeys, type FileInfo, isStorageError, type StorageDriver } from '@stowage/core'
import { foldOf } from '@stowage/core/transfer'
import type { Endpoint } from './endpoints.ts'
import { filesBeneath, filesBeneathIfAny, relative, within } from './entries.ts'
import { Spellings } from './spellings.ts'

/** A name that is on one side or on both. */
export interface Pair {
  /** Relative to both ends. */
  readonly name: string
  readonly left: FileInfo | undefined
  readonly right: FileInfo | undefined
  /** A name of the left that came before, and that the right takes for the same file. */
  readonly twin?: string | undefined
}

/**
 * Both trees side by side, by name. Memory does not grow with them, as both walks have one order, unless the right
 * takes several spellings for one name: see {@link counterpart}.
 */
export async function* pairs(
  left: Endpoint,
  right: Endpoint,
  signal: AbortSignal,
  onUnreadable: (error: unknown, end: Endpoint) => void,
): AsyncGenerator<Pair> {
  const lefts = filesBeneath(left, signal, (error) => onUnreadable(error, left))
  // The destination of a sync need not be there.
  const rights = filesBeneathIfAny(right, signal, (error) => onUnreadable(error, right))
  const spellings = new Spellings(right.storage)
  const alone = new Set<string>()
  const rest: FileInfo[] = []
  try {
    let a = (await lefts.next()).value as FileInfo | undefined
    let b = (await rights.next()).value as FileInfo | undefined
    while (a !== undefined || b !== undefined) {
      const names = [a && relative(left, a.path), b && relative(right, b.path)] as const
      const order = compareNames(...names)
      const name = (order <= 0 ? names[0] : names[1]) as string
      if (order > 0 && spellings.fold !== undefined) rest.push(b as FileInfo)
      else {
        const twin = order <= 0 ? spellings.take(name) : undefined
        if (order < 0 && spellings.fold !== undefined && twin === undefined) alone.add(name)
        yield { name, left: order <= 0 ? a : undefined, right: order >= 0 ? b : undefined, twin }
      }
      if (order <= 0) a = (await lefts.next()).value as FileInfo | undefined
      if (order >= 0) b = (await rights.next()).value as FileInfo | undefined
    }
    for (const info of rest) {
      const name = relative(right, info.path)
      const twin = spellings.of(name)
      if (twin === undefined || !alone.has(twin)) {
        yield { name, left: undefined, right: info, twin }
      }
    }
  } finally {
    await lefts.return(undefined)
    await rights.return(undefined)
  }
}

/** The right side of a pair, which may have another spelling where the storage takes the two for one. */
export async function counterpart(
  { name, right }: Pair,
  to: Endpoint,
  signal: AbortSignal,
): Promise<FileInfo | undefined> {
  if (right !== undefined || foldOf(to.storage) === undefined) return right
  try {
    const info = await to.storage.stat(within(to, name), { signal })
    return info.isDir ? undefined : info
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND') || isStorageError(error, 'INVALID_PATH')) return
    throw error
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
