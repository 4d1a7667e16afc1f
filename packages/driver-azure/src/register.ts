import { type DriverFactory, register } from '@stowage/core'
import { AzureDriver } from './driver.ts'
import { fromURL } from './from-url.ts'
import { type AzureParameters, parse } from './parameters.ts'

declare module '@stowage/core' {
  interface DriverParameters {
    azure: AzureParameters
    azure_v2: AzureParameters
  }
}

const make: DriverFactory = (parameters) => new AzureDriver(parse(parameters))

register('azure', make, { fromURL })
// GitLab's registry calls its second one so; its `storage:` section is understood.
register('azure_v2', make, { fromURL })
