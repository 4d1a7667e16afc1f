import { DriverError } from '../errors.ts'
import { parseParameters } from '../parameters.ts'
import type { StorageDriver } from '../storage-driver.ts'
import { forwardingDriver } from './forwarding-driver.ts'
import { strictText } from './redirect.ts'

/** Options of the middleware `rewrite`, which changes the driver's redirect URLs. What is left out stays. */
export interface RewriteOptions {
  /** Replaces the scheme. */
  scheme?: string | undefined
  /** Replaces host and port. */
  host?: string | undefined
  /** Removed from the start of the URL's path, where it is there. */
  trimPathPrefix?: string | undefined
  /** The Go registry's spelling of `trimPathPrefix`. */
  trimpathprefix?: string | undefined
}

const schema = { scheme: strictText(), host: strictText(), trimPathPrefix: strictText() }

/**
 * Changes the URLs that the driver redirects to, for a proxy in front of the backend. The query, and
 * with it the signature, stays as it is to the byte: the proxy must send on what was signed. Where the
 * driver does not redirect, neither does this.
 */
export function rewrite(inner: StorageDriver, options: object): StorageDriver {
  const { scheme, host, trimPathPrefix } = parseParameters('rewrite', schema, options)
  return forwardingDriver(inner, {
    async redirectURL(path, redirectOptions) {
      const url = await inner.redirectURL(path, redirectOptions)
      if (!url) return undefined
      const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(.*)$/is.exec(url)
      // Not shown: a redirect URL is a credential.
      if (parts === null) {
        throw new DriverError('the driver redirects to something that is no absolute URL', {
          driver: inner.name,
          path,
        })
      }
      const [, oldScheme, authority = '', oldPath = '', rest] = parts
      const newAuthority = host
        ? authority.slice(0, authority.lastIndexOf('@') + 1) + host
        : authority
      const newPath = trimPathPrefix ? withoutPrefix(oldPath, trimPathPrefix) : oldPath
      return `${scheme || oldScheme}://${newAuthority}${newPath}${rest}`
    },
  })
}

/** The prefix may be written as it stands in the URL or without its percent-encoding. */
function withoutPrefix(path: string, prefix: string): string {
  const found = [prefix, encodeURI(prefix)].find((spelled) => path.startsWith(spelled))
  const left = found === undefined ? path : path.slice(found.length)
  return left === '' || left.startsWith('/') ? left : `/${left}`
}
