import type { Driver, FileInfo } from '@stowage/core/driver'
import { compareKeys, isBeneath, parentOf } from '@stowage/core/driver'
import { change, changeWriter, listOf, PART_SIZE, streamOf, turn } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

type Pending = ReadonlyMap<string, Buffer>

/** The driver with members that look at what has been written and is not committed. */
function showing(
  members: (bare: Driver, pending: Pending) => Partial<Driver>,
): (bare: Driver) => Driver {
  return (bare) => {
    const pending = new Map<string, Buffer>()
    const watched = changeWriter(bare, (writer, path) => {
      const end = (run: () => Promise<void>) => async () => {
        await run()
        pending.delete(path)
      }
      return {
        async write(chunk) {
          await writer.write(chunk)
          pending.set(path, Buffer.concat([pending.get(path) ?? Buffer.alloc(0), chunk]))
        },
        cancel: end(() => writer.cancel()),
        commit: end(() => writer.commit()),
      }
    })
    return change(watched, members(bare, pending))
  }
}

function fileInfo(path: string, content: Uint8Array): FileInfo {
  return { path, size: content.length, modTime: new Date(), isDir: false }
}

/** The driver that publishes in another way; `publish` gets all that was written. */
function commits(
  publish: (bare: Driver, path: string, all: Buffer, commit: () => Promise<void>) => Promise<void>,
): (bare: Driver) => Driver {
  return (bare) =>
    changeWriter(bare, (writer, path) => {
      const chunks: Buffer[] = []
      return {
        async write(chunk) {
          await writer.write(chunk)
          chunks.push(Buffer.from(chunk))
        },
        commit: () => publish(bare, path, Buffer.concat(chunks), () => writer.commit()),
      }
    })
}

export const visibility: readonly Saboteur[] = area('uncommitted', [
  {
    id: 'is-visible-in-stat',
    breaks: 'stat shows nothing before commit.',
    storage: showing((bare, pending) => ({
      stat: (path, options) =>
        bare.stat(path, options).catch((error) => {
          const content = pending.get(path)
          if (content) return fileInfo(path, content)
          throw error
        }),
    })),
  },
  {
    id: 'changes-the-size-in-stat',
    breaks: 'stat shows the old file before commit.',
    storage: showing((bare, pending) => ({
      async stat(path, options) {
        const info = await bare.stat(path, options)
        return { ...info, size: pending.get(path)?.length ?? info.size }
      },
    })),
  },
  {
    id: 'is-visible-in-list',
    breaks: 'list shows nothing before commit.',
    storage: showing((bare, pending) => ({
      async *list(path, options) {
        const keys = new Set<string>()
        for await (const key of listOf(bare, path, options)) keys.add(key)
        for (const key of pending.keys()) if (parentOf(key) === path) keys.add(key)
        yield* [...keys].sort(compareKeys)
      },
    })),
  },
  {
    id: 'makes-directories-visible',
    breaks: 'A directory exists while a file is beneath it, an upload is none.',
    storage: showing((bare, pending) => ({
      stat: (path, options) =>
        bare.stat(path, options).catch((error) => {
          if (![...pending.keys()].some((key) => isBeneath(key, path))) throw error
          return { path, size: 0, modTime: new Date(0), isDir: true }
        }),
    })),
  },
  {
    id: 'is-visible-in-walk',
    breaks: 'walk shows nothing before commit.',
    storage: showing((bare, pending) => ({
      async *walk(path, options) {
        const all = new Map<string, FileInfo>()
        for (const [key, content] of pending) {
          if (isBeneath(key, path)) all.set(key, fileInfo(key, content))
        }
        for await (const info of bare.walk?.(path, options) ?? []) all.set(info.path, info)
        yield* [...all.values()].sort((a, b) => compareKeys(a.path, b.path))
      },
    })),
  },
  {
    id: 'is-visible-in-get-content',
    breaks: 'getContent gives the old content before commit.',
    storage: showing((bare, pending) => ({
      getContent: async (path, options) =>
        pending.get(path) ?? (await bare.getContent(path, options)),
    })),
  },
  {
    id: 'is-visible-in-reader',
    breaks: 'reader gives the old content before commit.',
    storage: showing((bare, pending) => ({
      async reader(path, options) {
        const content = pending.get(path)
        return content ? streamOf([content]) : bare.reader(path, options)
      },
    })),
  },
  {
    id: 'replaces-when-opened',
    breaks: 'Nothing is replaced before commit.',
    storage: (bare) =>
      change(bare, {
        async writer(path, options) {
          const writer = await bare.writer(path, options)
          const info = await bare.stat(path, {}).catch(() => undefined)
          if (info?.isDir === false) await bare.putContent(path, Buffer.alloc(0), {})
          return writer
        },
      }),
  },
  {
    id: 'is-published-by-close',
    breaks: 'close publishes nothing.',
    storage: (bare) => changeWriter(bare, (writer) => ({ close: () => writer.commit() })),
  },
  {
    id: 'takes-the-old-with-it',
    breaks: 'cancel leaves what was committed before.',
    storage: (bare) =>
      changeWriter(bare, (writer, path) => ({
        async cancel() {
          await writer.cancel()
          await bare.delete(path, {}).catch(() => {})
        },
      })),
  },
  {
    id: 'leaves-a-gap-at-commit',
    breaks: 'The new content replaces the old in one step.',
    storage: commits(async (bare, path, _, commit) => {
      const old = await bare.stat(path, {}).catch(() => undefined)
      if (old?.isDir === false) await bare.delete(path, {})
      else return commit()
      await turn()
      await turn()
      await bare.putContent(path, _, {})
    }),
  },
  {
    id: 'is-published-in-steps',
    breaks: 'The new content is there at once and whole.',
    storage: commits(async (bare, path, all, commit) => {
      if (all.length > PART_SIZE) {
        await bare.putContent(path, all.subarray(0, PART_SIZE), {})
        for (let i = 0; i < 5; i++) await turn()
      }
      await commit()
    }),
  },
  {
    id: 'is-published-later',
    breaks: 'After commit every later call sees the result.',
    storage: commits(async (_bare, _path, _all, commit) => {
      setTimeout(() => void commit().catch(() => {}), 3)
    }),
  },
  {
    id: 'is-staged-in-sight',
    breaks: 'Staging never appears in list.',
    storage: showing((bare, pending) => ({
      async *list(path, options) {
        if (path === '/' && pending.size > 0) yield '/.staging/'
        yield* listOf(bare, path, options)
      },
    })),
  },
  {
    id: 'is-staged-in-sight-of-walk',
    breaks: 'Staging never appears in walk.',
    storage: showing((bare, pending) => ({
      async *walk(path, options) {
        if (path === '/' && pending.size > 0) yield fileInfo('/.staging/0001', Buffer.alloc(0))
        yield* bare.walk?.(path, options) ?? []
      },
    })),
  },
  {
    id: 'fails-in-silence',
    breaks: 'A commit that publishes nothing fails.',
    storage: (bare) =>
      changeWriter(bare, (writer) => ({
        commit: () => writer.commit().catch(() => writer.cancel()),
      })),
  },
  {
    id: 'is-nothing-when-empty',
    breaks: 'Committing a writer without data makes an empty file.',
    storage: (bare) =>
      changeWriter(bare, (writer) => ({
        commit: () => (writer.size === 0 ? writer.cancel() : writer.commit()),
      })),
  },
])
