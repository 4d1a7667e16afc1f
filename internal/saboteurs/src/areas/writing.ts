import type { Driver, DriverWriter } from '@stowage/core/driver'
import { isStorageError } from '@stowage/core/driver'
import { change, changeWriter, PART_SIZE } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

/**
 * The driver that keeps what is written until `flush`, which gets it and the writer beneath; `size`
 * counts it.
 */
function buffering(
  flush: (chunks: Uint8Array[], writer: DriverWriter, how: 'close' | 'commit') => Promise<void>,
  copy: (chunk: Uint8Array) => Uint8Array = Buffer.from,
): (bare: Driver) => Driver {
  return (bare) =>
    changeWriter(bare, (writer) => {
      let chunks: Uint8Array[] = []
      const end = (how: 'close' | 'commit') => async () => {
        const all = chunks
        chunks = []
        await flush(all, writer, how)
        await writer[how]()
      }
      return {
        get size() {
          return writer.size + chunks.reduce((sum, chunk) => sum + chunk.length, 0)
        },
        async write(chunk) {
          chunks.push(copy(chunk))
        },
        close: end('close'),
        commit: end('commit'),
      }
    })
}

/** Passes what the function makes of all bytes on to the writer. */
function passing(make: (all: Buffer, how: 'close' | 'commit') => Uint8Array) {
  return async (chunks: Uint8Array[], writer: DriverWriter, how: 'close' | 'commit') => {
    const bytes = make(Buffer.concat(chunks), how)
    if (bytes.length > 0) await writer.write(bytes)
  }
}

export const writing: readonly Saboteur[] = area('writer', [
  {
    id: 'keeps-the-callers-chunk',
    breaks: 'The chunk may be reused once write is settled.',
    storage: buffering(
      passing((all) => all),
      (chunk) => chunk,
    ),
  },
  {
    id: 'swaps-parts',
    breaks: 'Bytes are stored in the order of the writes.',
    storage: buffering(
      passing((all) => {
        const cuts = [PART_SIZE, 2 * PART_SIZE]
        const first = all.subarray(0, cuts[0])
        return Buffer.concat([all.subarray(cuts[0], cuts[1]), first, all.subarray(cuts[1])])
      }),
    ),
  },
  {
    id: 'loses-the-last-whole-part',
    breaks: 'A size that is a multiple of the part size loses nothing.',
    storage: buffering(
      passing((all) => (all.length % PART_SIZE === 0 ? all.subarray(0, -PART_SIZE) : all)),
    ),
  },
  {
    id: 'doubles-the-byte-at-the-border',
    breaks: 'Bytes at the border of two parts are stored once.',
    storage: buffering(
      passing((all) =>
        all.length <= PART_SIZE
          ? all
          : Buffer.concat([all.subarray(0, PART_SIZE), all.subarray(PART_SIZE - 1)]),
      ),
    ),
  },
  {
    id: 'cuts-large-chunks',
    breaks: 'write accepts the whole chunk.',
    storage: (bare) =>
      changeWriter(bare, (writer) => ({
        write: (chunk) => writer.write(chunk.subarray(0, 2 * PART_SIZE)),
      })),
  },
  {
    id: 'loses-the-tail-at-close',
    breaks: 'close makes every accepted byte durable.',
    storage: buffering(
      passing((all, how) =>
        how === 'commit' ? all : all.subarray(0, all.length - (all.length % PART_SIZE)),
      ),
    ),
  },
  {
    id: 'loses-all-at-close',
    breaks: 'close leaves a session that can be continued.',
    storage: (bare) => changeWriter(bare, (writer) => ({ close: () => writer.cancel() })),
  },
  {
    id: 'leaves-no-empty-session',
    breaks: 'close of a writer without data leaves a session too.',
    storage: (bare) =>
      changeWriter(bare, (writer) => ({
        close: () => (writer.size === 0 ? writer.cancel() : writer.close()),
      })),
  },
  {
    id: 'does-not-count-the-buffer',
    breaks: '`size` counts buffered bytes.',
    storage: (bare) =>
      changeWriter(bare, (writer) => ({
        get size() {
          return writer.size - (writer.size % PART_SIZE)
        },
      })),
  },
  {
    id: 'counts-writes',
    breaks: '`size` counts every accepted byte.',
    finished: (driver) =>
      change(driver, {
        async writer(path, options) {
          const writer = await driver.writer(path, options)
          let size = writer.size
          return change(writer, {
            get size() {
              return size
            },
            async write(chunk) {
              const written = await writer.write(chunk)
              size += 1
              return written
            },
          })
        },
      }),
  },
  {
    id: 'forgets-its-size-at-the-end',
    breaks: '`size` stays after the end of the writer.',
    storage: (bare) =>
      changeWriter(bare, (writer) => {
        let over = false
        return {
          get size() {
            return over ? 0 : writer.size
          },
          async commit() {
            await writer.commit()
            over = true
          },
          async close() {
            await writer.close()
            over = true
          },
        }
      }),
  },
  {
    id: 'says-it-wrote-less',
    breaks: 'write resolves with the length of the chunk.',
    finished: (driver) =>
      change(driver, {
        async writer(path, options) {
          const writer = await driver.writer(path, options)
          return change(writer, { write: async (chunk) => (await writer.write(chunk)) - 1 })
        },
      }),
  },
  {
    id: 'has-another-path',
    breaks: 'A writer names its path.',
    finished: (driver) =>
      change(driver, {
        async writer(path, options) {
          return change(await driver.writer(path, options), { path: path.slice(1) })
        },
      }),
  },
  {
    id: 'refuses-empty-chunks',
    breaks: 'An empty chunk is accepted.',
    finished: (driver) =>
      change(driver, {
        async writer(path, options) {
          const writer = await driver.writer(path, options)
          return change(writer, {
            async write(chunk) {
              if (chunk.length === 0) throw new RangeError('nothing to write')
              return writer.write(chunk)
            },
          })
        },
      }),
  },
  {
    id: 'carries-calls-out-at-random',
    breaks: 'Calls that are not waited for are carried out in their order.',
    finished: (driver) =>
      change(driver, {
        async writer(path, options) {
          const writer = await driver.writer(path, options)
          let calls = 0
          return change(writer, {
            async write(chunk) {
              const copy = Buffer.from(chunk)
              if (calls++ % 2 === 0) await new Promise((resolve) => setImmediate(resolve))
              return writer.write(copy)
            },
          })
        },
      }),
  },
  {
    id: 'shares-a-buffer',
    breaks: 'Sessions of one path never mix.',
    storage: (bare) => {
      const open = new Map<string, DriverWriter>()
      return change(bare, {
        async writer(path, options) {
          const other = options.append ? undefined : open.get(path)
          const writer = await bare.writer(path, options)
          if (other) return change(writer, { write: (chunk) => other.write(chunk) })
          const end = (run: () => Promise<void>) => async () => {
            open.delete(path)
            await run()
          }
          open.set(path, writer)
          return change(writer, {
            close: end(() => writer.close()),
            cancel: end(() => writer.cancel()),
            commit: end(() => writer.commit()),
          })
        },
      })
    },
  },
  {
    id: 'fails-beside-another',
    breaks: 'Two writers of one path are two sessions.',
    storage: (bare) => {
      const busy = new Set<string>()
      return change(bare, {
        async writer(path, options) {
          if (busy.has(path)) throw new Error('the path is locked')
          const writer = await bare.writer(path, options)
          busy.add(path)
          const end = (run: () => Promise<void>) => async () => {
            busy.delete(path)
            await run()
          }
          return change(writer, {
            close: end(() => writer.close()),
            cancel: end(() => writer.cancel()),
            commit: end(() => writer.commit()),
          })
        },
      })
    },
  },
  {
    id: 'publishes-the-older-one',
    breaks: 'The last commit wins.',
    storage: (bare) => {
      const begun = new Map<string, number>()
      let now = 0
      return changeWriter(bare, (writer, path) => {
        const mine = ++now
        return {
          async commit() {
            const last = begun.get(path) ?? 0
            begun.set(path, Math.max(last, mine))
            if (mine > last) await writer.commit()
            else await writer.cancel()
          },
        }
      })
    },
  },
  {
    id: 'is-opened-onto-a-directory',
    breaks: 'Where a directory is, a writer ends in InvalidPathError.',
    storage: (bare) =>
      change(bare, {
        async writer(path, options) {
          try {
            return await bare.writer(path, options)
          } catch (error) {
            if (!isStorageError(error, 'INVALID_PATH')) throw error
            return bare.writer(`${path}/index`, options)
          }
        },
      }),
  },
])
