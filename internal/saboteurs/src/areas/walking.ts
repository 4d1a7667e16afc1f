import { entryKey } from '@stowage/core'
import {
  compareKeys,
  type Driver,
  type FileInfo,
  isStorageError,
  PathNotFoundError,
  parentOf,
  type StorageDriver,
  type Walk,
  type WalkOptions,
} from '@stowage/core/driver'
import { change, exists, files, items, PAGE_SIZE } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

/** The driver whose walk over files yields what the function makes of the right ones. */
function walks(
  make: (found: FileInfo[], path: string, bare: Driver) => FileInfo[] | Promise<FileInfo[]>,
): (bare: Driver) => Driver {
  return (bare) =>
    change(bare, {
      async *walk(path, { startAfter, signal }) {
        const options = { startAfter, signal, skip: undefined }
        yield* await make(await items(bare.walk?.(path, options)), path, bare)
      },
    })
}

/** The driver that looks at each file as it comes to it; nothing ends the walk. */
function steps(
  look: (bare: Driver, file: FileInfo) => Promise<FileInfo | undefined>,
): (bare: Driver) => Driver {
  return (bare) =>
    change(bare, {
      async *walk(path, options) {
        for (const file of await items(bare.walk?.(path, { ...options, skip: undefined }))) {
          const entry = await look(bare, file)
          if (entry === undefined) return
          yield entry
        }
      },
    })
}

/** The same behind base, where directories are entries as well; `skipDir` works as it should. */
function walksEntries(
  make: (found: FileInfo[], path: string, options: WalkOptions) => FileInfo[],
  beneath: (directory: FileInfo, path: string) => boolean = (directory, path) =>
    path.startsWith(`${directory.path}/`),
): (driver: StorageDriver) => StorageDriver {
  return (driver) =>
    change(driver, {
      walk(path, options = {}): Walk {
        let last: FileInfo | undefined
        let skipped: FileInfo | undefined
        return {
          skipDir() {
            skipped = last
          },
          async *[Symbol.asyncIterator]() {
            for (const entry of make(await items(driver.walk(path, options)), path, options)) {
              if (skipped && beneath(skipped, entry.path)) continue
              last = entry
              yield entry
            }
          },
        }
      },
    })
}

/** Where `/` sorts before everything, whole paths sort as their components do. */
const component = ({ path }: FileInfo): string => path.replaceAll('/', '\0')

export const walking: readonly Saboteur[] = area('walk', [
  {
    id: 'goes-component-by-component',
    breaks: 'The order is that of whole keys.',
    finished: walksEntries((found) =>
      found.sort((a, b) => compareKeys(component(a), component(b))),
    ),
  },
  {
    id: 'sorts-utf-16',
    breaks: 'Order is that of the bytes of UTF-8.',
    storage: walks((found) => found.sort((a, b) => (a.path < b.path ? -1 : 1))),
  },
  {
    id: 'loses-the-second-page',
    breaks: 'walk yields everything, however much there is.',
    storage: walks((found) => found.slice(0, PAGE_SIZE)),
  },
  {
    id: 'doubles-at-the-border-of-pages',
    breaks: 'walk yields each file once.',
    storage: walks((found) =>
      found.flatMap((file, i) => (i === PAGE_SIZE ? [found[i - 1] ?? file, file] : [file])),
    ),
  },
  {
    id: 'knows-no-sizes',
    breaks: 'walk tells what stat tells.',
    storage: walks((found) => found.map((file) => ({ ...file, size: 0 }))),
  },
  {
    id: 'knows-no-times',
    breaks: 'walk tells the times that stat tells.',
    storage: walks((found) => found.map((file) => ({ ...file, modTime: new Date(0) }))),
  },
  {
    id: 'yields-no-directories',
    breaks: 'walk yields directories.',
    finished: walksEntries((found) => found.filter((entry) => !entry.isDir)),
  },
  {
    id: 'yields-directories-last',
    breaks: 'A directory comes before its first descendant.',
    finished: walksEntries((found) => {
      const last = (entry: FileInfo): string => (entry.isDir ? `${entry.path}/\uffff` : entry.path)
      return found.sort((a, b) => compareKeys(last(a), last(b)))
    }),
  },
  {
    id: 'yields-all-directories-first',
    breaks: 'A directory comes just before its first descendant.',
    finished: walksEntries((found) => [
      ...found.filter((entry) => entry.isDir),
      ...found.filter((entry) => !entry.isDir),
    ]),
  },
  {
    id: 'repeats-directories',
    breaks: 'A directory comes once.',
    finished: walksEntries((found) =>
      found.flatMap((entry) => {
        const parent = found.find(({ path, isDir }) => isDir && path === parentOf(entry.path))
        return parent && !entry.isDir ? [parent, entry] : [entry]
      }),
    ),
  },
  {
    id: 'yields-its-start',
    breaks: 'walk yields what is beneath the directory, not itself.',
    finished: walksEntries((found, path) => [
      ...(path === '/' ? [] : [{ path, size: 0, modTime: new Date(0), isDir: true }]),
      ...found,
    ]),
  },
  {
    id: 'takes-siblings-for-descendants',
    breaks: 'What shares a prefix with the directory is not beneath it.',
    storage: walks(async (found, path, bare) => {
      if (found.length === 0 || path === '/') return found
      const others = (await files(bare, '/')).filter((file) => file.path.startsWith(path))
      return others.sort((a, b) => compareKeys(a.path, b.path))
    }),
  },
  {
    id: 'yields-nothing-of-nothing',
    breaks: 'walk of nothing is PathNotFoundError.',
    finished: (driver) =>
      change(driver, {
        walk(path, options): Walk {
          const walk = driver.walk(path, options)
          return {
            skipDir: () => walk.skipDir(),
            async *[Symbol.asyncIterator]() {
              try {
                yield* walk
              } catch (error) {
                if (!isStorageError(error, 'PATH_NOT_FOUND')) throw error
              }
            },
          }
        },
      }),
  },
  {
    id: 'yields-a-file-itself',
    breaks: 'walk of a file is PathNotFoundError.',
    storage: walks(async (found, path, bare) => {
      const info = await bare.stat(path, {}).catch(() => undefined)
      return info?.isDir === false ? [info] : found
    }),
  },
  {
    id: 'fails-in-an-empty-store',
    breaks: '`/` always exists.',
    storage: walks((found, path) => {
      if (found.length === 0 && path === '/') throw new PathNotFoundError(path)
      return found
    }),
  },
  {
    id: 'includes-where-it-starts-after',
    breaks: '`startAfter` itself is not reported.',
    finished: (driver) =>
      change(driver, {
        walk(path, { startAfter, ...options } = {}): Walk {
          const all = walksEntries((found) =>
            found.filter(
              (entry) => startAfter === undefined || compareKeys(entryKey(entry), startAfter) >= 0,
            ),
          )
          return all(driver).walk(path, options)
        },
      }),
  },
  {
    id: 'ignores-where-it-starts-after',
    breaks: 'Only what comes after `startAfter` is reported.',
    finished: (driver) =>
      change(driver, {
        walk: (path, options) => driver.walk(path, { ...options, startAfter: undefined }),
      }),
  },
  {
    id: 'starts-after-a-path-that-must-exist',
    breaks: '`startAfter` need not exist.',
    finished: (driver, bare) =>
      change(driver, {
        walk(path, options = {}): Walk {
          const { startAfter } = options
          const walk = driver.walk(path, options)
          return {
            skipDir: () => walk.skipDir(),
            async *[Symbol.asyncIterator]() {
              const from = startAfter?.replace(/\/$/, '')
              if (from && !(await exists(bare, from))) return
              yield* walk
            },
          }
        },
      }),
  },
  {
    id: 'forgets-directories-after-its-start',
    breaks: 'A directory after `startAfter` is reported.',
    finished: walksEntries((found, _, { startAfter }) =>
      startAfter === undefined ? found : found.filter((entry) => !entry.isDir),
    ),
  },
  {
    id: 'repeats-ancestors-after-its-start',
    breaks: 'A directory before `startAfter` is not reported again.',
    finished: walksEntries((found, path, { startAfter }) => {
      const parent = startAfter === undefined ? '/' : parentOf(startAfter.replace(/\/$/, ''))
      if (parent === '/' || parent.length <= path.length) return found
      return [{ path: parent, size: 0, modTime: new Date(0), isDir: true }, ...found]
    }),
  },
  {
    id: 'skips-nothing',
    breaks: 'skipDir leaves out what is beneath the directory.',
    finished: walksEntries(
      (found) => found,
      () => false,
    ),
  },
  {
    id: 'skips-siblings-too',
    breaks: 'skipDir leaves out no sibling that shares a prefix.',
    finished: walksEntries(
      (found) => found,
      (directory, path) => directory.isDir && path.startsWith(directory.path),
    ),
  },
  {
    id: 'skips-the-rest',
    breaks: 'After a skipped directory the walk goes on.',
    finished: walksEntries(
      (found) => found,
      (directory) => directory.isDir,
    ),
  },
  {
    id: 'skips-the-siblings-of-a-file',
    breaks: 'skipDir after a file does nothing.',
    finished: walksEntries(
      (found) => found,
      (last, path) => path.startsWith(last.isDir ? `${last.path}/` : `${parentOf(last.path)}/`),
    ),
  },
  {
    id: 'fails-where-entries-vanish',
    breaks: 'An entry that vanishes during a walk is left out, and only it.',
    storage: steps((bare, file) => bare.stat(file.path, {})),
  },
  {
    id: 'ends-where-entries-vanish',
    breaks: 'A walk goes on after an entry that vanished.',
    storage: steps(async (bare, file) => ((await exists(bare, file.path)) ? file : undefined)),
  },
  {
    id: 'reads-everything-first',
    breaks: 'walk is lazy: what it has not come to yet it sees as it is then.',
    finished: walksEntries((found) => found),
  },
])
