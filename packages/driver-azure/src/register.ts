import { register } from '@stowage/core'
import { AzureDriver } from './driver.ts'
import { fromURL } from './from-url.ts'
import { type AzureParameters, parse } from './parameters.ts'

declare module '@stowage/core' {
  interface DriverParameters {
    azure: AzureParameters
  }
}

register('azure', (parameters) => new AzureDriver(parse(parameters)), { fromURL })
