import {
  ConfigError,
  DriverError,
  NoSpaceError,
  PermissionError,
  type StorageError,
  ThrottledError,
  UnavailableError,
} from '@stowage/core/driver'

/** The server says no. Its own words stay out: they may repeat what it was sent. */
export function failure(method: string, path: string, status: number): StorageError {
  const text = `${method} was answered ${status}`
  if (status === 401) return new ConfigError(`${text}: wrong user or password`)
  if (status === 403) return new PermissionError(text, { path })
  if (status === 423) {
    const detail = 'somebody else holds a lock: try again once it is gone'
    return new UnavailableError(text, { path, detail })
  }
  if (status === 429) return new ThrottledError(text, { path })
  if (status === 507) return new NoSpaceError(text, { path })
  if (status >= 500) return new UnavailableError(text, { path })
  if (status < 400) return noWebdav(`${text}, which is no answer of a WebDAV server`)
  if (status === 404) return noWebdav(`${text}, and nothing can be missing there`)
  return new DriverError(text, { path })
}

export function noWebdav(text: string): ConfigError {
  return new ConfigError(text, {
    detail: 'check url: it has to be a collection of a WebDAV server',
  })
}
