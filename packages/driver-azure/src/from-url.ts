import { ConfigError, queryParameters } from '@stowage/core/driver'

/** Parameters whose values are no text. */
const NUMBERS = ['maxRetries', 'max_retries', 'blockSize', 'concurrency', 'pageSize']
const FLAGS = ['emulator', 'skipVerify', 'legacyRootPrefix', 'trimLegacyRootPrefix']
/** With one of these, a URL says who asks. */
const SECRETS = [
  'accountKey',
  'sasToken',
  'connectionString',
  'emulator',
  'credentials',
  'serviceURL',
]

const among = (names: readonly string[], name: string): boolean =>
  names.some((other) => other.toLowerCase() === name.toLowerCase())

/**
 * `azure://container/root?accountName=example`. Without a key, SAS or connection string it is the
 * default credential of `@azure/identity`, or without an account `AZURE_STORAGE_CONNECTION_STRING`: keys are better kept
 * out of URLs.
 * @throws ConfigError where the URL has credentials or a fragment.
 */
export function fromURL(url: URL): Record<string, unknown> {
  if (url.host === '' || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new ConfigError(
      'a URL of this driver is azure://container/root and ?accountName=name, without user or #',
    )
  }
  const parameters: Record<string, unknown> = {}
  const query = queryParameters(url)
  for (const [name, value] of Object.entries(query)) parameters[name] = typed(name, value)
  const names = Object.keys(query)
  const given = names.some((name) => among(SECRETS, name))
  const inEnvironment =
    process.env.AZURE_STORAGE_CONNECTION_STRING &&
    !names.some((name) => among(['accountName'], name))
  if (!given && !inEnvironment) {
    parameters.credentials = { type: 'default' }
  }
  return { ...parameters, container: url.host, rootDirectory: decode(url.pathname) }
}

function typed(name: string, value: string): unknown {
  if (name === 'credentials') return { type: value }
  if (among(FLAGS, name)) return value === 'true' ? true : value === 'false' ? false : value
  return among(NUMBERS, name) && /^-?\d+$/.test(value) ? Number(value) : value
}

function decode(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    throw new ConfigError('the URL has a % that is not followed by two hexadecimal digits')
  }
}
