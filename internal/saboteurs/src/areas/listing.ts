import type { Driver, StorageDriver } from '@stowage/core/driver'
import { compareKeys, isStorageError, PathNotFoundError, parentOf } from '@stowage/core/driver'
import { beforeChange, change, files, items, listOf, PAGE_SIZE } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

/** The driver whose list yields what the function makes of the right keys. */
function lists(
  make: (keys: string[], path: string, bare: Driver) => string[] | Promise<string[]>,
): (bare: Driver) => Driver {
  return (bare) =>
    change(bare, {
      async *list(path, options) {
        yield* await make(await items(listOf(bare, path, options)), path, bare)
      },
    })
}

/** The same behind base, where entries are paths. */
function listsPaths(make: (paths: string[]) => string[]): (driver: StorageDriver) => StorageDriver {
  return (driver) =>
    change(driver, {
      async *list(path, options) {
        yield* make(await items(driver.list(path, options)))
      },
    })
}

const isDirectory = (key: string): boolean => key.endsWith('/')

export const listing: readonly Saboteur[] = area('list', [
  {
    id: 'loses-the-second-page',
    breaks: 'list yields every child, however many there are.',
    storage: lists((keys) => keys.slice(0, PAGE_SIZE)),
  },
  {
    id: 'doubles-at-the-border-of-pages',
    breaks: 'list yields each child once.',
    storage: lists((keys) =>
      keys.flatMap((key, i) => (i === PAGE_SIZE ? [keys[i - 1] ?? key, key] : [key])),
    ),
  },
  {
    id: 'loses-one-at-the-border-of-pages',
    breaks: 'list loses nothing between two pages.',
    storage: lists((keys) => keys.filter((_, i) => i !== PAGE_SIZE)),
  },
  {
    id: 'repeats-a-directory-over-pages',
    breaks: 'A directory that spans pages is yielded once.',
    storage: lists(async (keys, path, bare) => {
      const all = await files(bare, path)
      const big = keys.find(
        (key) =>
          isDirectory(key) && all.filter((file) => file.path.startsWith(key)).length > PAGE_SIZE,
      )
      return keys.flatMap((key) => (key === big ? [key, key] : [key]))
    }),
  },
  {
    id: 'sorts-utf-16',
    breaks: 'Order is that of the bytes of UTF-8.',
    storage: lists((keys) => keys.sort((a, b) => (a < b ? -1 : 1))),
  },
  {
    id: 'sorts-by-the-locale',
    breaks: 'Order is that of bytes, not of a language.',
    storage: lists((keys) => keys.sort((a, b) => a.localeCompare(b, 'en'))),
  },
  {
    id: 'is-not-sorted',
    breaks: 'list goes in the order of the keys.',
    storage: lists((keys) => keys.reverse()),
  },
  {
    id: 'sorts-names-without-the-slash',
    breaks: "A directory's key is its path plus `/`.",
    storage: lists((keys) => {
      const name = (key: string): string => (isDirectory(key) ? key.slice(0, -1) : key)
      return keys.sort((a, b) => compareKeys(name(a), name(b)))
    }),
  },
  {
    id: 'puts-files-first',
    breaks: 'Files and directories are sorted together.',
    storage: lists((keys) => [
      ...keys.filter((key) => !isDirectory(key)),
      ...keys.filter((key) => isDirectory(key)),
    ]),
  },
  {
    id: 'puts-directories-first',
    breaks: 'Files and directories are sorted together, directories not first.',
    storage: lists((keys) => [
      ...keys.filter((key) => isDirectory(key)),
      ...keys.filter((key) => !isDirectory(key)),
    ]),
  },
  {
    id: 'yields-grandchildren',
    breaks: 'list yields direct children only.',
    storage: lists(async (keys, path, bare) => {
      const deeper = (await files(bare, path)).map((file) => file.path)
      return [...new Set([...keys, ...deeper])].sort(compareKeys)
    }),
  },
  {
    id: 'yields-itself',
    breaks: 'list does not yield the directory itself.',
    storage: lists((keys, path) =>
      keys.length > 0 && path !== '/' ? [`${path}/`, ...keys] : keys,
    ),
  },
  {
    id: 'yields-files-only',
    breaks: 'list yields directories as well.',
    storage: lists((keys) => keys.filter((key) => !isDirectory(key))),
  },
  {
    id: 'hides-dot-files',
    breaks: 'Names that begin with a dot are names.',
    storage: lists((keys) => keys.filter((key) => !key.includes('/.'))),
  },
  {
    id: 'hides-empty-files',
    breaks: 'A file of no bytes is a file.',
    storage: lists(async (keys, path, bare) => {
      const empty = (await files(bare, path)).filter((file) => file.size === 0)
      return keys.filter((key) => !empty.some((file) => file.path === key))
    }),
  },
  {
    id: 'takes-siblings-for-children',
    breaks: 'What shares a prefix with the directory is not in it.',
    storage: lists(async (keys, path, bare) => {
      if (keys.length === 0 || path === '/') return keys
      const siblings = await items(listOf(bare, parentOf(path), {}))
      return [
        ...keys,
        ...siblings.filter((key) => key.startsWith(path) && !key.startsWith(`${path}/`)),
      ]
    }),
  },
  {
    id: 'names-children-without-their-directory',
    breaks: 'list yields full paths.',
    finished: listsPaths((found) => found.map((path) => path.slice(path.lastIndexOf('/') + 1))),
  },
  {
    id: 'yields-nothing-of-nothing',
    breaks: 'list of nothing is PathNotFoundError.',
    finished: (driver) =>
      change(driver, {
        async *list(path, options) {
          try {
            yield* driver.list(path, options)
          } catch (error) {
            if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
          }
        },
      }),
  },
  {
    id: 'yields-a-file-itself',
    breaks: 'list of a file is PathNotFoundError.',
    storage: lists(async (keys, path, bare) => {
      const info = await bare.stat(path, {}).catch(() => undefined)
      return info?.isDir === false ? [path] : keys
    }),
  },
  {
    id: 'fails-in-an-empty-store',
    breaks: '`/` always exists.',
    finished: (driver) =>
      change(driver, {
        async *list(path, options) {
          const found = await items(driver.list(path, options))
          if (found.length === 0) throw new PathNotFoundError(path, { driver: driver.name })
          yield* found
        },
      }),
  },
  {
    id: 'keeps-empty-directories',
    breaks: 'A directory is gone with its last file.',
    storage: (bare) => {
      const directories = new Set<string>()
      const noted = change(bare, {
        async putContent(path, content, options) {
          await bare.putContent(path, content, options)
          for (let parent = parentOf(path); parent !== '/'; parent = parentOf(parent)) {
            directories.add(parent)
          }
        },
      })
      return change(noted, {
        stat: (path, options) =>
          bare.stat(path, options).catch((error) => {
            if (!directories.has(path)) throw error
            return { path, size: 0, modTime: new Date(0), isDir: true }
          }),
        async *list(path, options) {
          const keys = await items(listOf(bare, path, options))
          for (const one of directories) if (parentOf(one) === path) keys.push(`${one}/`)
          yield* [...new Set(keys)].sort(compareKeys)
        },
      })
    },
  },
  {
    id: 'is-cached',
    breaks: 'After success every later call sees the result.',
    storage: (bare) => {
      const cache = new Map<string, string[]>()
      const old = new Map<string, string[]>()
      // One change late: what was listed before the last change is listed once more.
      const late = beforeChange(bare, () => {
        for (const [path, keys] of cache) old.set(path, keys)
        cache.clear()
      })
      return change(late, {
        async *list(path, options) {
          const keys = old.get(path) ?? (await items(listOf(bare, path, options)))
          old.delete(path)
          cache.set(path, keys)
          yield* keys
        },
      })
    },
  },
  {
    id: 'yields-a-path-twice',
    breaks: 'A path that is a file and a directory is yielded once.',
    on: 'keys',
    finished: (driver, bare) =>
      change(driver, {
        async *list(path, options) {
          let empty = true
          for await (const key of listOf(bare, path, options ?? {})) {
            empty = false
            yield isDirectory(key) ? key.slice(0, -1) : key
          }
          if (empty && path !== '/') throw new PathNotFoundError(path, { driver: driver.name })
        },
      }),
  },
])
