import type { FileInfo, StorageDriver } from '@stowage/core'
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
  const steps = await Promise.all([from, to].map(({ storage }) => timeStepOf(storage)))
  const step = Math.max(...steps)
  if (isSameTime(left.modTime, right.modTime, step)) return true
  const [a, b] = await Promise.all([
    from.storage.stat(left.path, { signal }),
    to.storage.stat(right.path, { signal }),
  ])
  return a.size === b.size && isSameTime(a.modTime, b.modTime, step)
}

const timeSteps = new WeakMap<StorageDriver, Promise<number>>()

/** Milliseconds between two times that the storage can keep, asked for once. */
function timeStepOf(storage: StorageDriver): Promise<number> {
  let step = timeSteps.get(storage)
  if (step === undefined) {
    step = (async () => (await storage.locate?.('/'))?.timeStep ?? 1)()
    timeSteps.set(storage, step)
  }
  return step
}

/** Programs that hold times as floating-point numbers give one that is a little less. */
const ROUNDING_MS = 1

/**
 * Compares at the coarser of two resolutions. A storage tells its own by `step`. Else a time without milliseconds is
 * taken for one of a backend that keeps whole seconds, an even one perhaps for one of FAT.
 */
function isSameTime(a: Date, b: Date, step: number): boolean {
  const [x, y] = [a.getTime(), b.getTime()]
  if (Math.abs(x - y) < step) return true
  const [coarse, fine] = x % 1000 === 0 ? [x, y] : [y, x]
  if (coarse % 1000 !== 0 || fine % 1000 === 0) return Math.abs(x - y) <= ROUNDING_MS
  return Math.abs(coarse - fine) < (coarse % 2000 === 0 ? 2000 : 1000)
}
