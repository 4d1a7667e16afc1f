import { raceSignal } from '../abort.ts'
import { InvalidPathError, PathNotFoundError } from '../errors.ts'
import { checkPath } from '../paths.ts'
import type { FileInfo, StorageDriver } from '../storage-driver.ts'
import { argumentError, wrapError } from '../wrap-error.ts'
import { foldOf } from './spellings.ts'
import { type Revision, type TransferOptions, type TransferResult, transfer } from './transfer.ts'

/**
 * Copies one file from any driver to any driver, as a stream: memory does not grow with the file. The
 * destination is replaced in one step at the end. Where a continued upload turns out to hold other
 * bytes, the copy starts over; until then its content is visible.
 *
 * A source that changes while it is read is read again, up to three times: what is published is of one
 * revision.
 *
 * A failure or an abort removes what was stored, or with `resume` keeps it for the next run.
 *
 * @example
 * ```ts
 * const { sha256 } = await copy(local, '/big.iso', bucket, '/images/big.iso', { resume: true })
 * ```
 * @throws PathNotFoundError where the source is no file.
 * @throws InvalidPathError where source and destination are the same file, also under two spellings of its name.
 * @throws RevisionChangedError where the source changed during each attempt.
 * @throws ContentError where the source gave other than its size, or where the destination differs.
 */
export async function copy(
  from: StorageDriver,
  source: string,
  to: StorageDriver,
  destination: string,
  options: TransferOptions = {},
): Promise<TransferResult> {
  checkFor(from, source)
  checkFor(to, destination)
  const fold = foldOf(to) ?? ((path: string) => path)
  if (from === to && fold(source) === fold(destination)) {
    throw new InvalidPathError(destination, {
      driver: to.name,
      detail: 'source and destination are the same file',
    })
  }
  const { signal } = options
  const stat = async (): Promise<FileInfo> => {
    const info = await from.stat(source, { signal })
    if (!info.isDir) return info
    throw new PathNotFoundError(source, { driver: from.name, detail: 'it is a directory' })
  }
  const open = () => from.reader(source, { signal })
  const isPinned = await raceSignal(isObjectStore(from), signal)
  const origin = { path: source, driver: from.name, isPinned, stat, open }
  return transfer(origin, to, destination, options)
}

const objectStores = new WeakMap<StorageDriver, Promise<boolean>>()

/** Asked once: it is a property of the driver, not of a path. */
function isObjectStore(driver: StorageDriver): Promise<boolean> {
  const known = objectStores.get(driver)
  if (known !== undefined) return known
  const asked = (async () => (await driver.locate?.('/'))?.isObjectStore ?? false)()
  // Where it cannot be told, the file is looked at once more.
  const answer = asked.catch(() => false)
  objectStores.set(driver, answer)
  return answer
}

/** Checks both paths before anything is read. */
function checkFor(driver: StorageDriver, path: string): void {
  try {
    checkPath(path)
  } catch (error) {
    throw wrapError(error, driver.name)
  }
}

/**
 * Stores a local file. With `resume` it continues an unfinished upload of the path at its size, and
 * leaves one when it is interrupted; the rest is as with {@link copy}.
 *
 * @throws the system's error where the file cannot be read, TypeError where it is no regular file.
 */
export async function uploadFile(
  driver: StorageDriver,
  path: string,
  file: string | URL,
  options: TransferOptions = {},
): Promise<TransferResult> {
  const { createReadStream, promises } = await import('node:fs')
  const { Readable } = await import('node:stream')
  options.signal?.throwIfAborted()
  const stat = async (): Promise<Revision> => {
    const info = await promises.stat(file)
    if (!info.isFile()) throw argumentError(`${file} is not a regular file`)
    return { size: info.size, modTime: info.mtime }
  }
  // Half a megabyte at a time: fewer round trips through the thread pool than by the default. No further than
  // the size that was seen: a file that grows as fast as it is read would never end.
  const open = async ({ size }: Revision) =>
    size === 0
      ? Readable.from([])
      : createReadStream(file, { highWaterMark: 512 * 1024, end: size - 1 })
  return transfer({ path: String(file), stat, open }, driver, path, options)
}
