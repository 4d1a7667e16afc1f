import { ConfigError, queryParameters } from '@stowage/core/driver'

/**
 * `gcs://bucket/root?keyfile=/path/of/key.json`: host and path are bucket and root directory, the query
 * has parameters.
 * @throws ConfigError where the URL has a user or a fragment: keys are better kept out of URLs.
 */
export function fromURL(url: URL): Record<string, unknown> {
  if (url.host === '' || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new ConfigError(
      'a URL of this driver is gcs://bucket/root and ?name=value, without user or #',
    )
  }
  return { ...queryParameters(url), bucket: url.host, rootDirectory: decode(url.pathname) }
}

function decode(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    throw new ConfigError('the URL has a % that is not followed by two hexadecimal digits')
  }
}
