import type { Driver } from './driver-types.ts'
import { isStorageError } from './errors.ts'

/** How often a file is read that is replaced during each read. */
const ATTEMPTS = 10

/** The content of one revision: a read that a replacement has ended starts again. */
export async function wholeContent(
  driver: Driver,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await driver.getContent(path, { signal })
    } catch (error) {
      if (attempt >= ATTEMPTS || !isStorageError(error, 'REVISION_CHANGED')) throw error
      signal?.throwIfAborted()
    }
  }
}
