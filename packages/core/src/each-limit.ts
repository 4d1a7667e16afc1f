/**
 * Runs for every item, at most so many at once. After a failure, of an item or of the source of items, no
 * further one is begun; it is thrown once all that was begun has ended.
 */
export async function eachLimit<T>(
  items: Iterable<T> | AsyncIterable<T>,
  concurrency: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  try {
    for await (const item of items) {
      if (failure) break
      const task: Promise<void> = run(item)
        .catch((error: unknown) => {
          failure ??= { error }
        })
        .finally(() => running.delete(task))
      running.add(task)
      if (running.size >= concurrency) await Promise.race(running)
    }
  } finally {
    // Nothing goes on behind the caller's back, even where the items end with an error.
    await Promise.all(running)
  }
  if (failure) throw failure.error
}
