import { register } from '@stowage/core/driver'
import { InMemoryDriver } from './driver.ts'
import { type InMemoryParameters, parse } from './parameters.ts'

declare module '@stowage/core/driver' {
  interface DriverParameters {
    inmemory: InMemoryParameters
  }
}

register('inmemory', (parameters) => new InMemoryDriver(parse(parameters)))
