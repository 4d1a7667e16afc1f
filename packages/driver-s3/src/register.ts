import { type Driver, register } from '@stowage/core/driver'
import { fromURL } from './from-url.ts'
import type { S3Parameters } from './parameters.ts'

declare module '@stowage/core/driver' {
  interface DriverParameters {
    s3: S3Parameters
    s3aws: S3Parameters
    s3_v2: S3Parameters
  }
}

/** Loads the driver with its first use: a program that only might need it does not pay for it. */
async function factory(parameters: Readonly<Record<string, unknown>>): Promise<Driver> {
  const [{ S3Driver }, { parse }] = await Promise.all([
    import('./driver.ts'),
    import('./parameters.ts'),
  ])
  return new S3Driver(parse(parameters))
}

register('s3', factory, { fromURL })
register('s3aws', factory, { fromURL })
// The name in GitLab's registry.
register('s3_v2', factory, { fromURL })
