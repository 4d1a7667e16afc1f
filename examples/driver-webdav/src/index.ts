import { parameter, parseParameters, register } from '@stowage/core/driver'
import { Dav } from './dav.ts'
import { WebdavDriver } from './driver.ts'

export { WebdavDriver }

declare module '@stowage/core/driver' {
  interface DriverParameters {
    webdav: WebdavParameters
  }
}

/** What `create('webdav', …)` takes. */
export interface WebdavParameters {
  /** The collection that holds the storage, with http or https; it has to exist. */
  url: string
  /** For Basic authentication. */
  username?: string
  password?: string
  /** What the server's disk does with names. Default `exact`: every name is kept as it is, as on Linux. */
  names?: 'exact' | 'folded'
  /** Bytes of an upload that are sent at a time, and held at most. Default 4 MiB. */
  partSize?: number
}

const PART_SIZE = 4 * 1024 * 1024

const schema = {
  url: parameter.string({ required: true, secret: true, expected: 'a URL with http or https' }),
  username: parameter.string(),
  password: parameter.string({ secret: true }),
  names: parameter.enum(['exact', 'folded'], { default: 'exact' }),
  partSize: parameter.integer({ min: 1 }, { default: PART_SIZE }),
}

register('webdav', (raw) => {
  const { url, username, password, names, partSize } = parseParameters('webdav', schema, raw)
  const dav = new Dav(url, username, password)
  return new WebdavDriver(dav, { exact: names === 'exact', partSize })
})
