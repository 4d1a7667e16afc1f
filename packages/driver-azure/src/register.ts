import { type Driver, register } from '@stowage/core/driver'
import { fromURL } from './from-url.ts'
import type { AzureParameters } from './parameters.ts'

declare module '@stowage/core/driver' {
  interface DriverParameters {
    azure: AzureParameters
    azure_v2: AzureParameters
  }
}

/** Loads the driver with its first use: a program that only might need it does not pay for it. */
async function factory(parameters: Readonly<Record<string, unknown>>): Promise<Driver> {
  const [{ AzureDriver }, { parse }] = await Promise.all([
    import('./driver.ts'),
    import('./parameters.ts'),
  ])
  return new AzureDriver(parse(parameters))
}

register('azure', factory, { fromURL })
// GitLab's registry calls its second one so; its `storage:` section is understood.
register('azure_v2', factory, { fromURL })
