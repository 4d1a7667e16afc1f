import { eachLimit } from '@stowage/core/driver'

/**
 * Runs for every item, at most so many at once. The first failure, or an abort, aborts the signal that the others
 * have; it is thrown once all have ended.
 */
export async function eachUntilFailure<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal | undefined },
  run: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal?.aborted) onAbort()
    await eachLimit(items, concurrency, async (item) => {
      stop.signal.throwIfAborted()
      await run(item, stop.signal).catch((error: unknown) => {
        stop.abort(error)
        throw error
      })
    })
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
