import { type Driver, register } from '@stowage/core/driver'
import { fromURL } from './from-url.ts'
import type { GcsParameters } from './parameters.ts'

declare module '@stowage/core/driver' {
  interface DriverParameters {
    gcs: GcsParameters
  }
}

/** Loads the driver with its first use: a program that only might need it does not pay for it. */
async function factory(parameters: Readonly<Record<string, unknown>>): Promise<Driver> {
  const [{ GcsDriver }, { parse }] = await Promise.all([
    import('./driver.ts'),
    import('./parameters.ts'),
  ])
  return new GcsDriver(parse(parameters))
}

register('gcs', factory, { fromURL })
