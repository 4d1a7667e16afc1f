import type { Driver, StorageDriver, Walk } from '@stowage/core/driver'
import { change, changeWriter, turn } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

type Method =
  | 'getContent'
  | 'putContent'
  | 'reader'
  | 'writer'
  | 'stat'
  | 'list'
  | 'walk'
  | 'move'
  | 'delete'
  | 'redirectURL'
  | 'purgeUploads'

/** Each method with the number of its arguments before the options. */
const METHODS: Record<Method, number> = {
  getContent: 1,
  putContent: 2,
  reader: 1,
  writer: 1,
  stat: 1,
  list: 1,
  walk: 1,
  move: 2,
  delete: 1,
  redirectURL: 1,
  purgeUploads: 1,
}

type Call = (...rest: unknown[]) => unknown

/** The driver whose method is called with other options. */
function changeOptions(
  driver: StorageDriver,
  method: Method,
  make: (options: { signal?: AbortSignal | undefined }) => object,
): StorageDriver {
  const call = (driver[method] as Call).bind(driver)
  const members = {
    [method]: (...rest: unknown[]) => {
      const at = METHODS[method]
      return call(...rest.slice(0, at), make({ ...(rest[at] as object | undefined) }))
    },
  }
  return change(driver, members as Partial<StorageDriver>)
}

/** A bare driver that takes its time, and looks at no signal meanwhile. */
function slow(method: 'putContent' | 'move' | 'delete'): (bare: Driver) => Driver {
  return (bare) => {
    const call = (bare[method] as Call).bind(bare)
    const members = {
      async [method](...rest: unknown[]) {
        for (let i = 0; i < 4; i++) await turn()
        await call(...rest)
      },
    }
    return change(bare, members as Partial<Driver>)
  }
}

export const aborting: readonly Saboteur[] = area('abort', [
  ...(Object.keys(METHODS) as Method[]).map((method) => ({
    id: `is-ignored-by-${method}`,
    breaks: `An aborted signal rejects ${method} with its reason.`,
    finished: (driver: StorageDriver) =>
      changeOptions(driver, method, (options) => ({ ...options, signal: undefined })),
  })),
  {
    id: 'has-another-reason',
    breaks: 'An aborted call rejects with `signal.reason` itself.',
    finished: (driver) =>
      change(driver, {
        stat: (path, options) =>
          driver.stat(path, options).catch((error) => {
            throw options?.signal?.aborted ? new Error('The operation was aborted') : error
          }),
      }),
  },
  {
    id: 'leaves-listeners',
    breaks: 'A call that is over has no listener on the signal.',
    finished: (driver) =>
      change(driver, {
        async getContent(path, options) {
          options?.signal?.addEventListener('abort', () => {})
          return driver.getContent(path, options)
        },
      }),
  },
  {
    id: 'leaves-listeners-of-writers',
    breaks: 'A writer that is over has no listener on the signal.',
    finished: (driver) =>
      change(driver, {
        async writer(path, options) {
          options?.signal?.addEventListener('abort', () => {})
          return driver.writer(path, options)
        },
      }),
  },
  {
    id: 'leaves-listeners-of-readers',
    breaks: 'A stream that is over has no listener on the signal.',
    finished: (driver) =>
      change(driver, {
        async reader(path, options) {
          options?.signal?.addEventListener('abort', () => {})
          return driver.reader(path, options)
        },
      }),
  },
  ...(['putContent', 'move', 'delete'] as const).map((method) => ({
    id: `comes-too-late-for-${method}`,
    breaks: `An aborted ${method} changes nothing afterwards.`,
    storage: slow(method),
  })),
  {
    id: 'leaves-the-session',
    breaks: 'An aborted signal cancels the writer: nothing is left.',
    storage: (bare) =>
      changeWriter(bare, (writer, _, { signal }) => ({
        cancel: () => (signal?.aborted ? writer.close() : writer.cancel()),
      })),
  },
  {
    id: 'commits-the-writer',
    breaks: 'An aborted signal cancels the writer: nothing is published.',
    storage: (bare) =>
      changeWriter(bare, (writer, _, { signal }) => ({
        cancel: () => (signal?.aborted ? writer.commit() : writer.cancel()),
      })),
  },
  {
    id: 'publishes-after-the-clean-up',
    breaks: 'Nothing is published once the clean-up after an abort is over.',
    storage: (bare) =>
      changeWriter(bare, (writer, path, { signal }) => {
        const chunks: Buffer[] = []
        return {
          async write(chunk) {
            chunks.push(Buffer.from(chunk))
            await writer.write(chunk)
          },
          async commit() {
            for (let i = 0; i < 3; i++) await turn()
            if (!signal?.aborted) return writer.commit()
            setTimeout(() => void bare.putContent(path, Buffer.concat(chunks), {}), 5)
            throw signal.reason
          },
        }
      }),
  },
  {
    id: 'keeps-a-part-of-a-closed-session',
    breaks: 'A close that is under way at an abort keeps the whole session or nothing.',
    storage: (bare) =>
      changeWriter(bare, (writer, _, { signal }) => {
        let last = Buffer.alloc(0)
        const flush = async (): Promise<void> => {
          if (last.length > 0) await writer.write(last)
          last = Buffer.alloc(0)
        }
        return {
          get size() {
            return writer.size + last.length
          },
          async write(chunk) {
            await flush()
            last = Buffer.from(chunk)
          },
          async close() {
            for (let i = 0; i < 3; i++) await turn()
            if (!signal?.aborted) await flush()
            await writer.close()
          },
          async commit() {
            await flush()
            await writer.commit()
          },
        }
      }),
  },
  {
    id: 'leaves-the-session-of-a-late-writer',
    breaks: 'A writer that comes after the abort is cancelled.',
    storage: (bare) =>
      change(bare, {
        async writer(path, options) {
          const writer = await bare.writer(path, options)
          for (let i = 0; i < 4; i++) await turn()
          const { signal } = options
          return change(writer, {
            cancel: () => (signal?.aborted ? writer.close() : writer.cancel()),
          })
        },
      }),
  },
  {
    id: 'is-waited-for',
    breaks: 'An aborted signal rejects promptly, whatever the backend does.',
    finished: (driver) =>
      change(driver, {
        async stat(path, options) {
          if (options?.signal === undefined) return driver.stat(path, options)
          const info = await driver.stat(path, {})
          for (let i = 0; i < 20; i++) await turn()
          options.signal.throwIfAborted()
          return info
        },
      }),
  },
  {
    id: 'does-not-end-a-walk',
    breaks: 'An abort ends a walk that is under way.',
    finished: (driver) =>
      change(driver, {
        walk(path, options = {}): Walk {
          options.signal?.throwIfAborted()
          return driver.walk(path, { ...options, signal: undefined })
        },
      }),
  },
  {
    id: 'does-not-end-a-list',
    breaks: 'An abort ends a list that is under way.',
    finished: (driver) =>
      change(driver, {
        async *list(path, options = {}) {
          options.signal?.throwIfAborted()
          yield* driver.list(path, {})
        },
      }),
  },
  {
    id: 'does-not-end-a-stream',
    breaks: 'An abort ends a stream that is under way.',
    finished: (driver) =>
      change(driver, {
        async reader(path, options = {}) {
          options.signal?.throwIfAborted()
          return driver.reader(path, { ...options, signal: undefined })
        },
      }),
  },
  {
    id: 'does-not-end-a-writer',
    breaks: 'An abort ends a writer that is open.',
    finished: (driver) =>
      change(driver, {
        async writer(path, options = {}) {
          options.signal?.throwIfAborted()
          return driver.writer(path, { ...options, signal: undefined })
        },
      }),
  },
])
