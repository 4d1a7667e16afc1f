import { ConfigError, queryParameters } from '@stowage/core/driver'

/**
 * `s3://bucket/root?region=eu-central-1`: host and path are bucket and root directory, the query has
 * parameters. The region, where it has none, is that of the environment, as for Amazon's own tools: `AWS_REGION`,
 * `AWS_DEFAULT_REGION`.
 * @throws ConfigError where the URL has a user or a fragment: keys are better kept out of URLs.
 */
export function fromURL(
  url: URL,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, unknown> {
  if (url.host === '' || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new ConfigError(
      'a URL of this driver is s3://bucket/root and ?region=name, without user or #',
    )
  }
  const query = queryParameters(url)
  const has = (...names: string[]): boolean =>
    Object.keys(query).some((name) => names.includes(name.toLowerCase()))
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION
  return {
    ...(region && !has('region') && { region }),
    ...query,
    bucket: url.host,
    rootDirectory: decode(url.pathname),
  }
}

function decode(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    throw new ConfigError('the URL has a % that is not followed by two hexadecimal digits')
  }
}
