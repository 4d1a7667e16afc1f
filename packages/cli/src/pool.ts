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

/** Files that are looked up before their turn, so that the bar knows early how much there is. */
export const AHEAD = 10_000

/**
 * The items, read ahead of whoever takes them, up to `most` at a time: the reading goes on while the
 * items are worked on. An error of the source comes when the items before it are taken.
 */
export async function* readAhead<T>(
  items: AsyncIterable<T> | Iterable<T>,
  most: number,
  onRead: (item: T) => void,
): AsyncGenerator<T> {
  const queue: T[] = []
  let ended = false
  let change = Promise.withResolvers<void>()
  const signal = (): void => {
    change.resolve()
    change = Promise.withResolvers<void>()
  }
  const read = async (): Promise<void> => {
    for await (const item of items) {
      onRead(item)
      queue.push(item)
      signal()
      while (queue.length >= most && !ended) await change.promise
      if (ended) return
    }
  }
  const reading = read().finally(() => {
    ended = true
    signal()
  })
  // Thrown where the last item is asked for; until then nobody listens.
  reading.catch(() => {})
  try {
    while (!ended || queue.length > 0) {
      if (queue.length === 0) await change.promise
      const next = queue.shift()
      if (next !== undefined) {
        signal()
        yield next
      }
    }
    await reading
  } finally {
    ended = true
    signal()
  }
}
