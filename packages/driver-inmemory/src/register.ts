import { register } from '@stowage/core'
import { InMemoryDriver } from './driver.ts'
import { type InMemoryParameters, parse } from './parameters.ts'

declare module '@stowage/core' {
  interface DriverParameters {
    inmemory: InMemoryParameters
  }
}

register('inmemory', (parameters) => new InMemoryDriver(parse(parameters)))
