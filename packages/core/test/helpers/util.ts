/** Bytes that tell where they are: a shifted or repeated piece is seen. */
export function bytes(length: number, seed = 1): Buffer {
  const result = Buffer.alloc(length)
  for (let i = 0; i < length; i++) result[i] = (i * 31 + (i >> 8) * 7 + seed * 101) & 0xff
  return result
}

/** The rejection of a promise; a promise that is fulfilled fails the test. */
export async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const result = await promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  )
  if ('error' in result) return result.error
  throw new Error(`fulfilled with ${String(result.value)}`)
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of source) all.push(item)
  return all
}

export async function content(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await collect(source))
}

/** Something that a test lets go on when it wants. */
export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

/** Lets everything that is ready run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Listeners on a signal that are still there, counted by wrapping it. */
export function countListeners(signal: AbortSignal): () => number {
  let count = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  const live = new Set<unknown>()
  signal.addEventListener = (type: string, listener: never, options: never) => {
    live.add(listener)
    count = live.size
    add(type, listener, options)
  }
  signal.removeEventListener = (type: string, listener: never, options: never) => {
    live.delete(listener)
    count = live.size
    remove(type, listener, options)
  }
  return () => count
}
