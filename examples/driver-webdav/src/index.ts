import { oneOf, parseParameters, register, text } from '@stowage/core'
import { Dav } from './dav.ts'
import { WebdavDriver } from './driver.ts'

export { WebdavDriver }

declare module '@stowage/core' {
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
}

const schema = {
  url: text({ required: true, secret: true, expected: 'a URL with http or https' }),
  username: text(),
  password: text({ secret: true }),
  names: oneOf(['exact', 'folded'], { default: 'exact' }),
}

register('webdav', (raw) => {
  const { url, username, password, names } = parseParameters('webdav', schema, raw)
  return new WebdavDriver(new Dav(url, username, password), names === 'exact')
})
