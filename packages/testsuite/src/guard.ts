import type { Readable } from 'node:stream'
import type { FileWriter, ReaderOptions, StorageDriver, WriterOptions } from '@stowage/core'

/** A driver of which the suite remembers what it has opened, and the end of all that. */
export interface Guarded {
  readonly driver: StorageDriver
  /** Whether a case has closed it. */
  readonly closed: boolean
  /** Ends every stream and writer. It never rejects. */
  release(): Promise<void>
}

/**
 * The driver, but for this: a stream that fails when its case no longer looks does not bring the process
 * down, and what a failed case has left open can be ended.
 */
export function guarded(driver: StorageDriver): Guarded {
  const streams = new Set<Readable>()
  const writers = new Set<FileWriter>()
  let closed = false
  const close = (): Promise<void> => {
    closed = true
    return driver.close()
  }
  const overrides = {
    close,
    [Symbol.asyncDispose]: close,
    reader: async (path: string, options?: ReaderOptions): Promise<Readable> => {
      const stream = await driver.reader(path, options)
      streams.add(stream)
      const forget = (): void => void streams.delete(stream)
      stream.on('error', forget).once('close', forget)
      return stream
    },
    writer: async (path: string, options?: WriterOptions): Promise<FileWriter> => {
      const writer = await driver.writer(path, options)
      writers.add(writer)
      return writer
    },
  }
  // Not a proxy of the driver: one of a frozen object must not give anything else.
  const proxy = new Proxy({} as StorageDriver, {
    get(_, name) {
      if (Object.hasOwn(overrides, name)) return overrides[name as keyof typeof overrides]
      const value: unknown = Reflect.get(driver, name)
      return typeof value === 'function' ? value.bind(driver) : value
    },
  })
  const release = async (): Promise<void> => {
    for (const stream of streams) stream.destroy()
    await Promise.allSettled([...writers].map((writer) => writer.close()))
  }
  return {
    driver: proxy,
    get closed() {
      return closed
    },
    release,
  }
}
