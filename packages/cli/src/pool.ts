/**
 * Runs the function for every item, at most `concurrency` at a time, and takes the next item only when
 * there is room. After an error or an abort no further item is begun; those under way are waited for.
 * @throws the first error, of the items or of the function; the signal's reason.
 */
export async function forEach<T>(
  items: AsyncIterable<T> | Iterable<T>,
  concurrency: number,
  run: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const running = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  const fail = (error: unknown): void => {
    failure ??= { error }
  }
  try {
    for await (const item of items) {
      if (failure || signal?.aborted) break
      const task: Promise<void> = run(item)
        .catch(fail)
        .finally(() => running.delete(task))
      running.add(task)
      if (running.size >= concurrency) await Promise.race(running)
      if (failure) break
    }
  } catch (error) {
    fail(error)
  }
  await Promise.all(running)
  if (failure) throw failure.error
  signal?.throwIfAborted()
}
