import { Readable } from 'node:stream'
import { type Driver, isStorageError } from '@stowage/core/driver'
import { change, changeStream, collect, leak, PART_SIZE, streamOf, turn } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

/** Bytes that a stream hands out at a time. */
const CHUNK = 16 * 1024

/** The driver that opens files with another range. */
function opens(
  range: (
    offset: number,
    length: number | undefined,
  ) => { offset: number; length?: number | undefined },
): (bare: Driver) => Driver {
  return (bare) =>
    change(bare, {
      reader: (path, options) =>
        bare.reader(path, { ...options, ...range(options.offset, options.length) }),
    })
}

/** The driver that gives an empty stream where opening fails with that code. */
function emptyInsteadOf(code: 'INVALID_OFFSET' | 'PATH_NOT_FOUND', directoriesOnly = false) {
  return (bare: Driver): Driver =>
    change(bare, {
      async reader(path, options) {
        try {
          return await bare.reader(path, options)
        } catch (error) {
          if (!isStorageError(error, code)) throw error
          if (directoriesOnly) await bare.stat(path, {})
          return streamOf([])
        }
      },
    })
}

export const reading: readonly Saboteur[] = area('reader', [
  {
    id: 'starts-one-byte-late',
    breaks: 'A stream begins at the offset.',
    storage: opens((offset, length) => ({ offset: offset > 0 ? offset + 1 : 0, length })),
  },
  {
    id: 'ignores-offsets-of-32',
    breaks: 'A stream carries the bytes from the offset on, not others of that number.',
    storage: (bare) =>
      change(bare, {
        async reader(path, options) {
          const { offset } = options
          const right = await collect(await bare.reader(path, options))
          if (offset % 32 !== 0) return streamOf([right])
          return bare.reader(path, { ...options, offset: 0, length: right.length })
        },
      }),
  },
  {
    id: 'ignores-the-length',
    breaks: '`length` ends the stream early.',
    storage: opens((offset) => ({ offset, length: undefined })),
  },
  {
    id: 'takes-the-length-for-the-last-byte',
    breaks: '`length` is a number of bytes.',
    storage: opens((offset, length) => ({ offset, length: length && length + 1 })),
  },
  {
    id: 'takes-length-0-for-all',
    breaks: 'A length of 0 is an empty stream.',
    storage: opens((offset, length) => ({ offset, length: length || undefined })),
  },
  {
    id: 'refuses-a-length-beyond-the-end',
    breaks: '`length` is cut at the end of the file.',
    storage: (bare) =>
      change(bare, {
        async reader(path, options) {
          const { size } = await bare.stat(path, {})
          const end = options.offset + (options.length ?? 0)
          if (options.offset <= size && end > size) throw new Error('range not satisfiable')
          return bare.reader(path, options)
        },
      }),
  },
  {
    id: 'ends-short-without-error',
    breaks: 'A stream delivers every byte or fails.',
    storage: (bare) =>
      changeStream(bare, (bytes) => [bytes.length > PART_SIZE ? bytes.subarray(0, -1) : bytes]),
  },
  {
    id: 'doubles-a-chunk',
    breaks: 'A stream delivers every byte once.',
    storage: (bare) =>
      changeStream(bare, (bytes) =>
        [bytes, bytes.subarray(PART_SIZE, 2 * PART_SIZE)].slice(
          0,
          bytes.length > PART_SIZE ? 2 : 1,
        ),
      ),
  },
  {
    id: 'swaps-parts',
    breaks: 'A stream delivers the bytes in their order.',
    storage: (bare) =>
      changeStream(bare, (bytes) => {
        const cuts = [PART_SIZE, 2 * PART_SIZE]
        return [
          bytes.subarray(cuts[0], cuts[1]),
          bytes.subarray(0, cuts[0]),
          bytes.subarray(cuts[1]),
        ]
      }),
  },
  {
    id: 'is-empty-beyond-the-end',
    breaks: 'An offset beyond the end is InvalidOffsetError.',
    storage: emptyInsteadOf('INVALID_OFFSET'),
  },
  {
    id: 'refuses-the-end',
    breaks: 'An offset equal to the size is an empty stream.',
    storage: (bare) =>
      change(bare, {
        async reader(path, options) {
          const { size } = await bare.stat(path, {})
          const over = size > 0 && options.offset === size ? 1 : 0
          return bare.reader(path, { ...options, offset: options.offset + over })
        },
      }),
  },
  {
    id: 'refuses-empty-files',
    breaks: 'An empty file reads as an empty stream.',
    storage: (bare) =>
      change(bare, {
        async reader(path, options) {
          const { size } = await bare.stat(path, {})
          return bare.reader(path, { ...options, offset: options.offset + (size === 0 ? 1 : 0) })
        },
      }),
  },
  {
    id: 'takes-negative-offsets',
    breaks: 'A negative offset is InvalidOffsetError.',
    finished: (driver) =>
      change(driver, {
        reader: (path, { offset = 0, ...options } = {}) =>
          driver.reader(path, { ...options, offset: Math.max(offset, 0) }),
      }),
  },
  {
    id: 'rounds-offsets',
    breaks: 'An offset that is no safe integer is InvalidOffsetError.',
    finished: (driver) =>
      change(driver, {
        reader: (path, { offset = 0, ...options } = {}) =>
          driver.reader(path, { ...options, offset: Math.trunc(Number(offset)) || 0 }),
      }),
  },
  {
    id: 'reads-a-directory-as-empty',
    breaks: 'Reading a directory is PathNotFoundError.',
    storage: emptyInsteadOf('PATH_NOT_FOUND', true),
  },
  {
    id: 'reads-nothing-as-empty',
    breaks: 'Reading what is missing is PathNotFoundError.',
    storage: emptyInsteadOf('PATH_NOT_FOUND'),
  },
  {
    id: 'gives-content-of-a-directory',
    breaks: 'getContent of a directory is PathNotFoundError.',
    storage: (bare) =>
      change(bare, {
        async getContent(path, options) {
          const { isDir } = await bare.stat(path, {})
          return isDir ? Buffer.alloc(0) : bare.getContent(path, options)
        },
      }),
  },
  {
    id: 'mixes-revisions',
    breaks: 'A stream carries one revision of the file.',
    storage: (bare) =>
      change(bare, {
        async reader(path, options) {
          const bytes = await collect(await bare.reader(path, options))
          return streamOf(
            (async function* () {
              for (let at = 0; at < bytes.length; at += CHUNK) {
                const now = await bare.getContent(path, {}).catch(() => undefined)
                const start = options.offset + at
                const end = Math.min(start + CHUNK, options.offset + bytes.length)
                if (now) yield Buffer.from(now.subarray(start, end))
              }
            })(),
          )
        },
      }),
  },
  {
    id: 'shares-its-position',
    breaks: 'Readers of one file do not disturb each other.',
    storage: (bare) => {
      const positions = new Map<string, { at: number }>()
      return change(bare, {
        async reader(path, options) {
          const bytes = await collect(await bare.reader(path, options))
          const position = positions.get(path) ?? { at: 0 }
          position.at = 0
          positions.set(path, position)
          return streamOf(
            (async function* () {
              while (position.at < bytes.length) {
                const at = position.at
                position.at += CHUNK
                yield bytes.subarray(at, at + CHUNK)
                await turn()
              }
            })(),
          )
        },
      })
    },
  },
  {
    id: 'streams-text',
    breaks: 'A stream carries bytes.',
    finished: (driver) =>
      change(driver, {
        async reader(path, options) {
          return (await driver.reader(path, options)).setEncoding('latin1')
        },
      }),
  },
  {
    id: 'takes-any-length',
    breaks: 'A length is a whole number, 0 or more.',
    finished: (driver) =>
      change(driver, {
        reader(path, options) {
          const { length = 0 } = options ?? {}
          const sound = Number.isSafeInteger(length) && length >= 0
          return driver.reader(path, sound ? options : { ...options, length: undefined })
        },
      }),
  },
  {
    id: 'goes-on-after-destroy',
    breaks: 'Destroying a stream frees what it holds at once.',
    storage: (bare) =>
      change(bare, {
        async reader(path, options) {
          const stream = await bare.reader(path, options)
          // Whoever destroys the stream that is handed out does not reach the one beneath.
          const alive = leak()
          stream.once('end', () => clearInterval(alive))
          return new Readable({ highWaterMark: 1, read: () => void stream.resume() }).wrap(stream)
        },
      }),
  },
])
