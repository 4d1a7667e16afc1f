import {
  type Driver,
  DriverError,
  InvalidOffsetError,
  InvalidPathError,
  isStorageError,
  PathNotFoundError,
  PermissionError,
  type StorageDriver,
  type StorageError,
} from '@stowage/core/driver'
import { change, changePaths } from '../delegate.ts'
import { area, type Saboteur } from '../saboteur.ts'

type Turn = (error: StorageError) => unknown

/** The driver whose errors are turned into others; `kind` picks them. */
function turns(kind: (error: StorageError) => boolean, turn: Turn): (bare: Driver) => Driver {
  const swap = (error: unknown): never => {
    throw isStorageError(error) && kind(error) ? turn(error) : error
  }
  return (bare) =>
    change(bare, {
      getContent: (path, options) => bare.getContent(path, options).catch(swap),
      putContent: (path, content, options) => bare.putContent(path, content, options).catch(swap),
      reader: (path, options) => bare.reader(path, options).catch(swap),
      writer: (path, options) => bare.writer(path, options).catch(swap),
      stat: (path, options) => bare.stat(path, options).catch(swap),
      move: (source, destination, options) => bare.move(source, destination, options).catch(swap),
      delete: (path, options) => bare.delete(path, options).catch(swap),
    })
}

/** The same behind base, for what base would mend. */
function turnsFinished(kind: (error: StorageError) => boolean, turn: Turn) {
  const swap = (error: unknown): never => {
    throw isStorageError(error) && kind(error) ? turn(error) : error
  }
  return (driver: StorageDriver): StorageDriver =>
    change(driver, {
      getContent: (path, options) => driver.getContent(path, options).catch(swap),
      putContent: (path, content, options) => driver.putContent(path, content, options).catch(swap),
      reader: (path, options) => driver.reader(path, options).catch(swap),
      stat: (path, options) => driver.stat(path, options).catch(swap),
      move: (source, destination, options) => driver.move(source, destination, options).catch(swap),
      delete: (path, options) => driver.delete(path, options).catch(swap),
    })
}

const notFound = (error: StorageError): boolean => error.code === 'PATH_NOT_FOUND'
const invalid = (error: StorageError): boolean => error.code === 'INVALID_PATH'

/** The driver that takes what base refuses, as the path that the function makes of it. */
function takes(wrong: RegExp, name: (path: string) => string) {
  return (driver: StorageDriver, bare: Driver): StorageDriver => {
    const lax = changePaths(bare, name)
    const hit = (path: unknown): path is string => typeof path === 'string' && wrong.test(path)
    return change(driver, {
      getContent: (path, options = {}) =>
        hit(path) ? lax.getContent(path, options) : driver.getContent(path, options),
      putContent: (path, content, options = {}) =>
        hit(path)
          ? lax.putContent(path, Buffer.from(content as Uint8Array), options)
          : driver.putContent(path, content, options),
      stat: (path, options = {}) =>
        hit(path) ? lax.stat(path, options) : driver.stat(path, options),
    })
  }
}

export const failing: readonly Saboteur[] = area('error', [
  {
    id: 'not-found-is-a-driver-error',
    breaks: 'What is missing is PathNotFoundError.',
    storage: turns(notFound, ({ path }) => new DriverError('404', { path })),
  },
  {
    id: 'not-found-is-a-permission-error',
    breaks: 'Missing is not forbidden.',
    storage: turns(notFound, ({ path }) => new PermissionError('403', { path })),
  },
  {
    id: 'not-found-names-another-path',
    breaks: 'An error names the path of the call.',
    storage: turns(notFound, ({ path = '' }) => new PathNotFoundError(path.slice(1))),
  },
  {
    id: 'is-not-typed',
    breaks: "A backend's own errors do not reach the caller.",
    finished: turnsFinished(notFound, ({ path }) =>
      Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), {
        code: 'ENOENT',
      }),
    ),
  },
  {
    id: 'is-not-typed-for-directories',
    breaks: 'Reading a directory is PathNotFoundError.',
    storage: (bare) =>
      change(bare, {
        async getContent(path, options) {
          const info = await bare.stat(path, options)
          if (info.isDir) throw Object.assign(new Error('EISDIR: read'), { code: 'EISDIR' })
          return bare.getContent(path, options)
        },
      }),
  },
  {
    id: 'names-no-driver',
    breaks: 'An error names its driver.',
    finished: turnsFinished(notFound, ({ path = '' }) => new PathNotFoundError(path)),
  },
  {
    id: 'names-its-driver-twice',
    breaks: 'The message names the driver once.',
    finished: turnsFinished(notFound, ({ path = '', driver }) => {
      const error = new PathNotFoundError(path, { driver })
      error.message = `${driver}: ${error.message}`
      return error
    }),
  },
  {
    id: 'has-other-words',
    breaks: "Errors keep the original's messages.",
    storage: turns(notFound, ({ path = '', driver }) => {
      const error = new PathNotFoundError(path, { driver })
      return Object.defineProperty(error, 'message', {
        get: () => `${error.driver}: no such object: ${path}`,
        set: () => {},
      })
    }),
  },
  {
    id: 'invalid-path-is-not-found',
    breaks: 'A file beneath a file is InvalidPathError.',
    storage: turns(invalid, ({ path = '' }) => new PathNotFoundError(path)),
  },
  {
    id: 'invalid-path-is-a-driver-error',
    breaks: 'A malformed path is InvalidPathError in every method.',
    finished: turnsFinished(
      invalid,
      ({ path, driver }) => new DriverError('400', { path, driver }),
    ),
  },
  {
    id: 'offset-is-lost',
    breaks: 'InvalidOffsetError carries the offset.',
    storage: turns(
      (error) => error.code === 'INVALID_OFFSET',
      ({ path = '' }) => new InvalidOffsetError(path, 0),
    ),
  },
  {
    id: 'is-retryable',
    breaks: 'What stays wrong is not retryable.',
    storage: turns(notFound, (error) => Object.assign(error, { retryable: true })),
  },
  {
    id: 'has-no-json',
    breaks: 'The JSON form has the code and the path.',
    finished: turnsFinished(notFound, (error) => Object.assign(error, { toJSON: () => ({}) })),
  },
  {
    id: 'is-thrown-and-not-rejected',
    breaks: 'A wrong path rejects, it does not throw.',
    finished: (driver) =>
      change(driver, {
        putContent(path, content, options) {
          if (!String(path).startsWith('/'))
            throw new InvalidPathError(path, { driver: driver.name })
          return driver.putContent(path, content, options)
        },
      }),
  },
])

export const paths: readonly Saboteur[] = area('path', [
  {
    id: 'may-climb',
    breaks: 'A path has no component `..`.',
    finished: takes(/^\/.*\/\.\.(\/|$)/, (path) => new URL(path, 'a:/').pathname),
  },
  {
    id: 'may-have-dots',
    breaks: 'A path has no component `.`.',
    finished: takes(/\/\.(\/|$)/, (path) => path),
  },
  {
    id: 'may-end-in-a-slash',
    breaks: 'A path has no final `/`.',
    finished: takes(/^\/.+\/$/, (path) => path.slice(0, -1)),
  },
  {
    id: 'may-have-empty-components',
    breaks: 'A path has no empty component.',
    finished: takes(/^\/.*\/\/./, (path) => path.replaceAll('//', '/')),
  },
  {
    id: 'may-be-relative',
    breaks: 'A path is absolute.',
    finished: takes(/^[a-z0-9]/, (path) => `/${path}`),
  },
  {
    id: 'may-have-control-characters',
    breaks: 'A path has no control characters.',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is wrongly taken
    finished: takes(/^\/[^/]*[\u0000-\u001f\u007f-\u009f]/, (path) => path),
  },
  {
    id: 'may-have-lone-surrogates',
    breaks: 'A path is well-formed Unicode.',
    finished: takes(/\p{Surrogate}/u, (path) => path),
  },
  {
    id: 'has-1024-characters',
    breaks: 'A path has at most 1024 bytes of UTF-8, not characters.',
    finished: takes(/[^ -~]/, (path) => {
      if (path.length > 1024) throw new InvalidPathError(path, { driver: 'inmemory' })
      return path
    }),
  },
  {
    id: 'has-no-limit',
    breaks: 'A path has at most 1024 bytes.',
    finished: takes(/^\/.{1024}/, (path) => path),
  },
  {
    id: 'has-no-blanks',
    breaks: 'A name may contain blanks.',
    storage: (bare) => changePaths(bare, (path) => path.replaceAll(' ', '+')),
  },
  {
    id: 'is-decoded',
    breaks: 'A percent sign is a character like others.',
    storage: (bare) =>
      changePaths(bare, (path) =>
        path.replace(/%([0-9a-f]{2})/gi, (_, code) =>
          String.fromCharCode(Number.parseInt(code, 16)),
        ),
      ),
  },
  {
    id: 'is-a-url',
    breaks: 'Question marks and hashes are characters like others.',
    storage: (bare) => changePaths(bare, (path) => path.replace(/[?#].*/, '') || '/_'),
  },
  {
    id: 'is-a-windows-path',
    breaks: 'A backslash is a character like others.',
    storage: (bare) => changePaths(bare, (path) => path.replaceAll('\\', '/')),
  },
  {
    id: 'is-trimmed',
    breaks: 'Dots at the end of a name are kept.',
    storage: (bare) => changePaths(bare, (path) => path.replace(/[. ]+(?=\/|$)/g, '') || '/'),
  },
  {
    id: 'is-in-lower-case',
    breaks: 'With `caseSensitive`, upper and lower case are two names.',
    storage: (bare) => changePaths(bare, (path) => path.toLowerCase()),
  },
  {
    id: 'is-composed',
    breaks: 'With `normalizationSensitive`, each normal form is a name of its own.',
    storage: (bare) => changePaths(bare, (path) => path.normalize('NFC')),
  },
  {
    id: 'is-latin-1',
    breaks: 'With `unicodePaths`, names beyond ASCII are kept exactly.',
    storage: (bare) => changePaths(bare, (path) => Buffer.from(path, 'latin1').toString('latin1')),
  },
  {
    id: 'is-cut-at-255',
    breaks: 'With `longNames`, a component may be longer than 255 bytes.',
    storage: (bare) =>
      changePaths(bare, (path) =>
        path
          .split('/')
          .map((name) => name.slice(0, 255))
          .join('/'),
      ),
  },
  {
    id: 'has-a-reserved-name',
    breaks: 'Names that a driver uses itself are not taken from the caller.',
    storage: (bare) =>
      changePaths(bare, (path) => {
        if (path.split('/').some((name) => name.startsWith('.'))) throw new InvalidPathError(path)
        return path
      }),
  },
])
