import { ConfigError } from '../errors.ts'
import { type Parameter, parseParameters } from '../parameters.ts'
import { checkPath } from '../paths.ts'
import type { RedirectOptions, StorageDriver } from '../storage-driver.ts'
import { wrapError } from '../wrap-error.ts'
import { forwardingDriver } from './forwarding-driver.ts'

/** Options of the middleware `redirect`, which sends readers to another server that has the files. */
export interface RedirectMiddlewareOptions {
  /** An absolute URL. Its path is put before the file's; user, query and fragment are left out. */
  baseURL?: string | undefined
  /** The Go registry's spelling of `baseURL`. */
  baseurl?: string | undefined
}

/** A string and nothing else, with the Go registry's words where it is not. */
export function strictText(required?: string): Parameter<string> {
  return {
    expected: 'text',
    read: (value) => (typeof value === 'string' ? value : undefined),
    problem: (name) => `${name.toLowerCase()} must be a string`,
    required,
  }
}

const schema = { baseURL: strictText('no baseurl provided') }

/**
 * Redirects GET and HEAD of every file to another server that serves the same tree, a CDN for example.
 * It asks the driver nothing: a file that is missing, or below the driver's root directory, is the
 * other server's business.
 */
export function redirect(inner: StorageDriver, options: object): StorageDriver {
  const base = parseBase(parseParameters('redirect', schema, options).baseURL as string)
  return forwardingDriver(inner, {
    capabilities: Object.freeze({ ...inner.capabilities, redirectURL: true }),
    async redirectURL(path: string, { method = 'GET', signal }: RedirectOptions = {}) {
      try {
        checkPath(path)
      } catch (error) {
        throw wrapError(error, inner.name)
      }
      signal?.throwIfAborted()
      return method === 'GET' || method === 'HEAD' ? base + encodePath(path) : undefined
    },
  })
}

/** `scheme://host[:port]` and the path, without a final slash. */
function parseBase(url: string): string {
  const fail = (problem: string): never => {
    throw new ConfigError(problem, { driver: 'redirect' })
  }
  if (url === '') fail('no baseurl provided')
  const [, scheme, authority = ''] = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?/i.exec(url) ?? []
  if (scheme === undefined) return fail('no scheme specified for redirect baseurl')
  // A user name and password are no part of what is shown or sent.
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  if (host === '') return fail('no host specified for redirect baseurl')
  // Browsers run others, such as javascript:, or take them for local files.
  if (!/^https?$/i.test(scheme)) return fail('the scheme of redirect baseurl is http or https')
  const plain = url.replace(authority, () => host)
  if (!URL.canParse(plain))
    return fail(`unable to parse redirect baseurl: ${plain.replace(/[?#].*/s, '')}`)
  return `${scheme}://${host}${new URL(plain).pathname.replace(/\/+/g, '/').replace(/\/$/, '')}`
}

/** A path as part of a URL: `?`, `#`, `%` and what is beyond ASCII percent-encoded. */
function encodePath(path: string): string {
  return encodeURI(path).replaceAll('?', '%3F').replaceAll('#', '%23')
}
