import { ConfigError } from './errors.ts'
import { createRegistered, registration } from './registry.ts'
import type { StorageDriver } from './storage-driver.ts'

/**
 * A storage driver from a URL whose scheme is its registered name: `fs:///var/data`, `inmemory:`,
 * `s3://bucket/prefix?region=eu-central-1`. The driver's package says what the rest means.
 *
 * @example
 * ```ts
 * import '@stowage/driver-fs'
 * const storage = await createFromURL('fs:///var/data')
 * ```
 * @throws InvalidStorageDriverError where no driver has the scheme's name.
 * @throws ConfigError that lists every parameter that is wrong. It shows no user, password or query.
 */
export async function createFromURL(url: string | URL): Promise<StorageDriver> {
  const parsed = parse(String(url))
  const name = parsed.protocol.slice(0, -1)
  mustNotClimb(parsed, name)
  const { fromURL = fromQuery } = registration(name)
  return createRegistered(name, fromURL(parsed))
}

function parse(url: string): URL {
  if (URL.canParse(url)) return new URL(url)
  // Its own error would show the whole URL, and with it what may be a password.
  const [, scheme] = /^([a-z][a-z0-9+.-]*):/i.exec(url) ?? []
  throw new ConfigError(
    scheme === undefined
      ? 'a storage URL starts with the name of a driver, as in fs:///var/data'
      : `the ${scheme} URL is malformed`,
  )
}

/**
 * A `..` that is left in a parsed URL is encoded and hides where it leads. The exception is a relative URL
 * (`fs:../data`), whose path is as it was typed.
 */
function mustNotClimb({ pathname }: URL, driver: string): void {
  const isPlain = (name: string): boolean => name === '.' || name === '..'
  const encoded = pathname.split('/').filter((name) => !isPlain(name))
  const names = encoded
    .join('/')
    .replace(/%2e/gi, '.')
    .replace(/%2f|%5c/gi, '/')
  if (!names.split(/[/\\]/).some(isPlain)) return
  throw new ConfigError('the path of a storage URL has an encoded . or ..: write the whole path', {
    driver,
  })
}

/**
 * The parameters in the query of a storage URL, for the `fromURL` of a driver.
 * @throws ConfigError where one is given twice.
 */
export function queryParameters(url: URL): Record<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    if (values.has(name)) throw new ConfigError(`${name} is given twice in the URL`)
    values.set(name, value)
  }
  return Object.fromEntries(values)
}

/** For drivers that say nothing about URLs: what they would ignore is refused. */
function fromQuery(url: URL): Record<string, string> {
  if (url.host !== '' || url.username !== '' || !['', '/'].includes(url.pathname) || url.hash) {
    const name = url.protocol.slice(0, -1)
    throw new ConfigError(`a URL of this driver is ${name}: and perhaps ?parameter=value`, {
      driver: name,
    })
  }
  return queryParameters(url)
}
