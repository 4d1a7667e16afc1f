import {
  type Capabilities,
  type Driver,
  InvalidPathError,
  PathNotFoundError,
  parentOf,
  RevisionChangedError,
  type StorageDriver,
  UnsupportedMethodError,
} from '@stowage/core/driver'
import { InMemoryDriver } from '@stowage/driver-inmemory'
import { change, changePaths, collect, files, streamOf, turn } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

/** The healthy driver with another record of what it can do. */
function claims(flags: Partial<Capabilities>): (bare: Driver) => Driver {
  return (bare) => change(bare, { capabilities: { ...bare.capabilities, ...flags } })
}

/** A session of a path, as a driver would know it that does what it does not declare. */
function undeclaredAppend(driver: StorageDriver, bare: Driver): StorageDriver {
  return change(driver, {
    async writer(path, options) {
      if (!options?.append) return driver.writer(path, options)
      const info = await bare.stat(path, {}).catch(() => undefined)
      if (info === undefined) throw new PathNotFoundError(path, { driver: driver.name })
      return driver.writer(path)
    },
  })
}

let opened = 0

export const capabilities: readonly Saboteur[] = area('claims', [
  {
    id: 'other-things-each-time',
    breaks: 'What a driver can do does not depend on the instance.',
    instance: (bare) => claims({ atomicMove: opened++ % 2 === 0 })(bare),
  },
  {
    id: 'to-be-persistent',
    breaks: 'With `persistent`, another instance sees the data.',
    instance: (bare) => {
      const own = new InMemoryDriver()
      return change<Driver>(own, { capabilities: bare.capabilities })
    },
  },
  {
    id: 'to-append',
    breaks: 'With `append`, unfinished uploads can be continued.',
    storage: (bare) =>
      change(bare, {
        async writer(path, options) {
          if (options.append) throw new UnsupportedMethodError({ path })
          return bare.writer(path, options)
        },
      }),
  },
  {
    id: 'to-purge',
    breaks: 'With `purgeUploads`, unfinished uploads are found.',
    storage: (bare) => change(bare, { async *purgeUploads() {} }),
  },
  {
    id: 'to-redirect',
    breaks: 'With `redirectURL`, there is a URL.',
    storage: (bare) => change(bare, { redirectURL: async () => undefined }),
  },
  {
    id: 'to-redirect-to-something-else',
    breaks: 'The URL of redirectURL gives the file.',
    storage: (bare) =>
      change(bare, {
        redirectURL: async (path, options) =>
          bare.redirectURL?.(`${parentOf(path)}/other`.replace('//', '/'), options),
      }),
  },
  {
    id: 'to-redirect-every-method',
    breaks: 'Only GET and HEAD are redirected.',
    finished: (driver) =>
      change(driver, {
        redirectURL: (path, options) => driver.redirectURL(path, { ...options, method: 'GET' }),
      }),
  },
  {
    id: 'to-redirect-for-ever',
    breaks: 'A URL ends with its lifetime.',
    storage: (bare) =>
      change(bare, {
        redirectURL: async (path, options) =>
          bare.redirectURL?.(path, { ...options, expiresIn: 365 * 24 * 3600 }),
      }),
  },
  {
    id: 'to-redirect-head',
    breaks: 'A URL for HEAD can be used with HEAD.',
    storage: (bare) =>
      change(bare, {
        redirectURL: async (path, options) =>
          bare.redirectURL?.(path, { ...options, method: 'GET' }),
      }),
  },
  {
    id: 'files-and-directories-at-once',
    breaks: 'With `fileAndDirectory`, a path can be both.',
    storage: claims({ fileAndDirectory: true }),
  },
  {
    id: 'no-files-and-directories-at-once',
    breaks: 'Without `fileAndDirectory`, a file onto a directory is InvalidPathError.',
    on: 'keys',
    storage: claims({ fileAndDirectory: false }),
  },
  {
    id: 'long-names',
    breaks: 'With `longNames`, a component may be longer than 255 bytes.',
    storage: (bare) =>
      changePaths(bare, (path) => {
        if (path.split('/').some((name) => name.length > 255)) throw new InvalidPathError(path)
        return path
      }),
  },
  {
    id: 'all-names',
    breaks: 'With `unicodePaths`, names beyond ASCII can be stored.',
    storage: (bare) =>
      changePaths(bare, (path) => {
        if (/[^\u0020-\u007e]/.test(path)) throw new InvalidPathError(path)
        return path
      }),
  },
  {
    id: 'snapshots',
    breaks: 'With `snapshotReads`, an open reader delivers its revision to the end.',
    storage: (bare) =>
      change(bare, {
        async reader(path, options) {
          const bytes = await collect(await bare.reader(path, options))
          return streamOf(
            (async function* () {
              for (let at = 0; at < bytes.length; at += 16 * 1024) {
                const now = await bare.stat(path, {}).catch(() => undefined)
                if (now === undefined) throw new RevisionChangedError('the file is gone', { path })
                yield bytes.subarray(at, at + 16 * 1024)
              }
            })(),
          )
        },
      }),
  },
  {
    id: 'atomic-moves-of-directories',
    breaks: 'With `atomicMove`, no observer sees a part of a directory at each place.',
    storage: (bare) =>
      change(bare, {
        async move(source, destination, options) {
          const all = await files(bare, source)
          if (all.length === 0) return bare.move(source, destination, options)
          await bare.delete(destination, {}).catch(() => {})
          for (const { path } of all) {
            await turn()
            await bare.move(path, destination + path.slice(source.length), options)
          }
        },
      }),
  },
  {
    id: 'not-to-append',
    breaks: 'Without `append`, append is UnsupportedMethodError.',
    on: 'bare',
    finished: undeclaredAppend,
  },
  {
    id: 'not-to-purge',
    breaks: 'Without `purgeUploads`, it is UnsupportedMethodError.',
    on: 'bare',
    finished: (driver) => change(driver, { purgeUploads: async () => [] }),
  },
  {
    id: 'not-to-redirect',
    breaks: 'Without `redirectURL`, there is never a URL.',
    on: 'bare',
    finished: (driver) =>
      change(driver, { redirectURL: async (path) => `http://127.0.0.1:1${encodeURI(path)}` }),
  },
  {
    id: 'no-long-names',
    breaks: 'Without `longNames`, a longer component is InvalidPathError.',
    on: 'bare',
    storage: (bare) =>
      changePaths(bare, (path) =>
        path
          .split('/')
          .map((name) => name.slice(0, 255))
          .join('/'),
      ),
  },
  {
    id: 'ascii-only',
    breaks: 'Without `unicodePaths`, a name beyond ASCII is InvalidPathError.',
    on: 'bare',
    storage: (bare) => changePaths(bare, (path) => path.replace(/[^ -~]/g, '_')),
  },
  {
    id: 'case-insensitive',
    breaks: 'Without `caseSensitive`, both spellings are one file.',
    storage: claims({ caseSensitive: false }),
  },
  {
    id: 'normalization-insensitive',
    breaks: 'Without `normalizationSensitive`, both normal forms are one file.',
    storage: claims({ normalizationSensitive: false }),
  },
  {
    id: 'not-to-be-persistent',
    breaks: 'Without `persistent`, each instance is empty.',
    storage: claims({ persistent: false }),
  },
  {
    id: 'nothing-at-all',
    breaks: 'The record of capabilities is complete.',
    finished: (driver) => change(driver, { capabilities: {} as never }),
  },
])
