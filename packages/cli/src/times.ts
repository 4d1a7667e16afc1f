import type { FileInfo } from '@stowage/core'
import type { Endpoint } from './endpoints.ts'

/** Two files of one name and size. */
interface Files {
  readonly from: Endpoint
  readonly left: FileInfo
  readonly to: Endpoint
  readonly right: FileInfo
}

/**
 * Whether the copy has the time of its source. Where the destination cannot keep times, whether it is not
 * older. A listing may tell the time of the upload in the place of the time that was kept with it: where the
 * two differ, each file is asked for by itself.
 */
export async function haveEqualTimes(
  { from, left, to, right }: Files,
  signal: AbortSignal,
): Promise<boolean> {
  if (!to.storage.capabilities.modTimes) return left.modTime <= right.modTime
  if (isSameTime(left.modTime, right.modTime)) return true
  const [a, b] = await Promise.all([
    from.storage.stat(left.path, { signal }),
    to.storage.stat(right.path, { signal }),
  ])
  return a.size === b.size && isSameTime(a.modTime, b.modTime)
}

/** Programs that hold times as floating-point numbers give one that is a little less. */
const ROUNDING_MS = 1

/**
 * Compares at the coarser of two resolutions. A time without milliseconds is taken for one of a backend that
 * keeps whole seconds, an even one perhaps for one of FAT, which keeps every other second.
 */
function isSameTime(a: Date, b: Date): boolean {
  const [x, y] = [a.getTime(), b.getTime()]
  const [coarse, fine] = x % 1000 === 0 ? [x, y] : [y, x]
  if (coarse % 1000 !== 0 || fine % 1000 === 0) return Math.abs(x - y) <= ROUNDING_MS
  return Math.abs(coarse - fine) < (coarse % 2000 === 0 ? 2000 : 1000)
}
