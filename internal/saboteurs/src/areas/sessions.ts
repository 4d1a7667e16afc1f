import {
  type Driver,
  type DriverWriter,
  isStorageError,
  PathNotFoundError,
  type StorageErrorCode,
  UnsupportedMethodError,
} from '@stowage/core/driver'
import { change, changeWriter, leak, uploads } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

/** The driver that opens something else where `append` fails with that code. */
function insteadOf(
  code: StorageErrorCode,
  open: (bare: Driver, path: string, error: unknown) => Promise<DriverWriter>,
): (bare: Driver) => Driver {
  return (bare) =>
    change(bare, {
      async writer(path, options) {
        try {
          return await bare.writer(path, options)
        } catch (error) {
          if (!options.append || !isStorageError(error, code)) throw error
          return open(bare, path, error)
        }
      },
    })
}

/** The driver that opens continued uploads in another way. */
function resumes(
  open: (bare: Driver, path: string) => Promise<DriverWriter>,
): (bare: Driver) => Driver {
  return (bare) =>
    change(bare, {
      writer: (path, options) => (options.append ? open(bare, path) : bare.writer(path, options)),
    })
}

export const sessions: readonly Saboteur[] = area('resume', [
  {
    id: 'creates-what-is-missing',
    breaks: 'append to nothing is PathNotFoundError.',
    storage: insteadOf('PATH_NOT_FOUND', (bare, path) => bare.writer(path, { append: false })),
  },
  {
    id: 'appends-to-committed-content',
    breaks: 'append to committed content is UnsupportedMethodError.',
    storage: insteadOf('UNSUPPORTED_METHOD', async (bare, path) => {
      const writer = await bare.writer(path, { append: false })
      await writer.write(await bare.getContent(path, {}))
      return writer
    }),
  },
  {
    id: 'starts-anew-on-committed-content',
    breaks: 'append never drops committed content.',
    storage: insteadOf('UNSUPPORTED_METHOD', (bare, path) => bare.writer(path, { append: false })),
  },
  {
    id: 'says-not-found-of-committed-content',
    breaks: 'append to committed content is UnsupportedMethodError, it is not missing.',
    storage: insteadOf('UNSUPPORTED_METHOD', async (_, path) => {
      throw new PathNotFoundError(path)
    }),
  },
  {
    id: 'refuses-empty-files',
    breaks: 'A committed empty file is continued.',
    storage: resumes(async (bare, path) => {
      const info = await bare.stat(path, {}).catch(() => undefined)
      const idle = (await uploads(bare, path)).includes(path)
      if (info?.isDir === false && !idle) throw new UnsupportedMethodError({ path })
      return bare.writer(path, { append: true })
    }),
  },
  {
    id: 'picks-the-oldest',
    breaks: 'append picks the newest session.',
    storage: resumes(async (bare, path) => {
      const count = (await uploads(bare, path)).filter((upload) => upload === path).length
      let writer = await bare.writer(path, { append: true })
      const newer: DriverWriter[] = []
      for (let i = 1; i < count; i++) {
        newer.push(writer)
        writer = await bare.writer(path, { append: true })
      }
      for (const other of newer) await other.close()
      return writer
    }),
  },
  {
    id: 'counts-from-zero',
    breaks: '`size` of a continued upload counts earlier bytes.',
    storage: resumes(async (bare, path) => {
      const writer = await bare.writer(path, { append: true })
      const before = writer.size
      return change(writer, {
        get size() {
          return writer.size - before
        },
      })
    }),
  },
  {
    id: 'drops-earlier-bytes',
    breaks: 'A continued upload keeps what was written before.',
    storage: resumes(async (bare, path) => {
      const writer = await bare.writer(path, { append: true })
      const before = writer.size
      if (before === 0) return writer
      await writer.cancel()
      const fresh = await bare.writer(path, { append: false })
      return change(fresh, {
        get size() {
          return fresh.size + before
        },
      })
    }),
  },
  {
    id: 'needs-a-write',
    breaks: 'A continued upload can be committed as it is.',
    storage: resumes(async (bare, path) => {
      const writer = await bare.writer(path, { append: true })
      const before = writer.size
      return change(writer, {
        async commit() {
          if (writer.size === before && before > 0) throw new Error('no parts')
          await writer.commit()
        },
      })
    }),
  },
  {
    id: 'works-once',
    breaks: 'A session can be continued again and again.',
    storage: resumes(async (bare, path) => {
      const writer = await bare.writer(path, { append: true })
      return change(writer, { close: () => writer.cancel() })
    }),
  },
  {
    id: 'takes-another-paths-session',
    breaks: 'append never takes the session of a path that shares a prefix.',
    storage: insteadOf('PATH_NOT_FOUND', async (bare, path, error) => {
      const other = (await uploads(bare, '/')).find((upload) => upload.startsWith(path))
      if (other === undefined) throw error
      return bare.writer(other, { append: true })
    }),
  },
  {
    id: 'mixes-two-appenders',
    breaks: 'Of two writers that continue one session at most one commits, and bytes never mix.',
    storage: (bare) => {
      const held = new Map<string, DriverWriter>()
      const free = insteadOf('PATH_NOT_FOUND', async (_, path, error) => {
        const other = held.get(path)
        if (other) return change(other, { commit: async () => {} })
        throw error
      })
      const noted = changeWriter(bare, (writer, path, { append }) => {
        if (append) held.set(path, writer)
        const end = (run: () => Promise<void>) => async () => {
          held.delete(path)
          await run()
        }
        return { close: end(() => writer.close()), commit: end(() => writer.commit()) }
      })
      return free(noted)
    },
  },
  {
    id: 'drops-sessions-at-commit',
    breaks: 'A commit leaves other sessions of the path as they are.',
    storage: (bare) =>
      changeWriter(bare, (writer, path) => ({
        async commit() {
          await writer.commit()
          while ((await uploads(bare, path)).includes(path)) {
            await (await bare.writer(path, { append: true })).cancel()
          }
        },
      })),
  },
  {
    id: 'drops-sessions-at-put',
    breaks: 'putContent leaves unfinished uploads as they are.',
    storage: (bare) =>
      change(bare, {
        async putContent(path, content, options) {
          while ((await uploads(bare, path)).includes(path)) {
            await (await bare.writer(path, { append: true })).cancel()
          }
          await bare.putContent(path, content, options)
        },
      }),
  },
  {
    id: 'is-what-a-new-writer-does',
    breaks: 'A writer without append begins a session of its own.',
    storage: (bare) =>
      change(bare, {
        async writer(path, options) {
          const idle = (await uploads(bare, path)).includes(path)
          return bare.writer(path, { ...options, append: options.append || idle })
        },
      }),
  },
  {
    id: 'leaves-the-session-of-a-cancelled-writer',
    breaks: 'cancel removes all that the session stored.',
    storage: (bare) => changeWriter(bare, (writer) => ({ cancel: () => writer.close() })),
  },
  {
    id: 'leaves-the-session-of-a-committed-writer',
    breaks: 'commit leaves no session.',
    storage: (bare) =>
      changeWriter(bare, (writer, path) => ({
        async commit() {
          await writer.commit()
          await (await bare.writer(path, { append: false })).close()
        },
      })),
  },
  {
    id: 'removes-the-empty-file-when-cancelled',
    breaks: 'cancel leaves the committed file that was continued.',
    storage: resumes(async (bare, path) => {
      const writer = await bare.writer(path, { append: true })
      return change(writer, {
        async cancel() {
          await writer.cancel()
          const info = await bare.stat(path, {}).catch(() => undefined)
          if (info?.size === 0 && !info.isDir) await bare.delete(path, {})
        },
      })
    }),
  },
  {
    id: 'holds-on-after-cancel',
    breaks: 'The end of a writer frees what it holds.',
    storage: (bare) =>
      changeWriter(bare, (writer) => {
        const held = leak()
        return {
          async commit() {
            await writer.commit()
            clearInterval(held)
          },
        }
      }),
  },
])
