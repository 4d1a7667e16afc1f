import { Limiter } from '../limiter.ts'
import { parameter, parseParameters } from '../parameters.ts'
import type {
  FileInfo,
  FileWriter,
  OperationOptions,
  StorageDriver,
  Walk,
} from '../storage-driver.ts'
import { forwardingDriver } from './forwarding-driver.ts'

/** Options of the middleware `regulator`, which bounds how many operations run at a time. */
export interface RegulatorOptions {
  /** Operations that may run at a time. */
  maxConcurrency: number
}

const schema = { maxConcurrency: parameter.integer({ min: 1 }, { required: true }) }

/**
 * Bounds how many operations of a driver run at a time. Every call that returns a promise holds a slot
 * while it runs; `reader` and `writer` only until they are open; each call of a writer, and each step
 * of a list or walk, holds one of its own. So no slot is held while a caller is awaited, and a
 * copy within one driver gets through with a single slot. Streams of open readers are not counted.
 *
 * Waiting calls run in order of arrival. An aborted signal ends the wait at once.
 */
export function regulator(inner: StorageDriver, options: object): StorageDriver {
  const { maxConcurrency } = parseParameters('regulator', schema, options)
  const limiter = new Limiter(maxConcurrency)
  const run = <T>(given: OperationOptions | undefined, fn: () => Promise<T>): Promise<T> =>
    limiter.run(fn, given?.signal)
  return forwardingDriver(inner, {
    getContent: (path, given) => run(given, () => inner.getContent(path, given)),
    putContent: (path, content, given) => run(given, () => inner.putContent(path, content, given)),
    reader: (path, given) => run(given, () => inner.reader(path, given)),
    writer: async (path, given) => {
      const writer = await run(given, () => inner.writer(path, given))
      return new RegulatedWriter(writer, limiter, given?.signal)
    },
    stat: (path, given) => run(given, () => inner.stat(path, given)),
    list: (path, given) => regulated(inner.list(path, given), limiter, given?.signal),
    walk: (path, given) => {
      const walk = inner.walk(path, given)
      const steps = regulated<FileInfo>(walk, limiter, given?.signal)
      return Object.assign(steps, { skipDir: () => walk.skipDir() }) satisfies Walk
    },
    move: (from, to, given) => run(given, () => inner.move(from, to, given)),
    delete: (path, given) => run(given, () => inner.delete(path, given)),
    redirectURL: (path, given) => run(given, () => inner.redirectURL(path, given)),
    purgeUploads: (path, given) => run(given, () => inner.purgeUploads(path, given)),
  })
}

/** Each step in a slot. To stop needs none: it only frees what the driver holds. */
function regulated<T>(
  source: AsyncIterable<T>,
  limiter: Limiter,
  signal: AbortSignal | undefined,
): AsyncIterable<T> {
  const open = (): AsyncIterator<T> => {
    const iterator = source[Symbol.asyncIterator]()
    return {
      next: () => limiter.run(() => iterator.next(), signal),
      return: async () => {
        await iterator.return?.()
        return { done: true, value: undefined }
      },
    }
  }
  return { [Symbol.asyncIterator]: open }
}

class RegulatedWriter implements FileWriter {
  readonly #inner: FileWriter
  readonly #limiter: Limiter
  readonly #signal: AbortSignal | undefined

  constructor(inner: FileWriter, limiter: Limiter, signal: AbortSignal | undefined) {
    this.#inner = inner
    this.#limiter = limiter
    this.#signal = signal
  }

  get path(): string {
    return this.#inner.path
  }

  get size(): number {
    return this.#inner.size
  }

  write(chunk: Uint8Array): Promise<number> {
    return this.#limiter.run(() => this.#inner.write(chunk), this.#signal)
  }

  // An aborted signal must not keep a writer from being cleaned up: these two wait without it.
  close(): Promise<void> {
    return this.#limiter.run(() => this.#inner.close())
  }

  cancel(): Promise<void> {
    return this.#limiter.run(() => this.#inner.cancel())
  }

  commit(): Promise<void> {
    return this.#limiter.run(() => this.#inner.commit(), this.#signal)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
