import { type ParameterValues, parameter, parseParameters, register } from '@stowage/core/driver'
import { MydriverDriver } from './driver.ts'

export { MydriverDriver }

// Each parameter once: its name, its type, what the message says where it is wrong. See also `flag`, `integer`,
// `oneOf` and `object` of @stowage/core/driver, and `secret: true` for what no message may show.
const schema = {
  location: parameter.string({ required: true, expected: 'where the storage is' }),
}

/** What `create('mydriver', ...)` takes. */
export type MydriverParameters = ParameterValues<typeof schema>

// This makes `create('mydriver', ...)` typed for whoever imports the package ...
declare module '@stowage/core/driver' {
  interface DriverParameters {
    mydriver: MydriverParameters
  }
}

// ... and this makes it known. Make no request here, and none in the constructor: the first call is early enough.
register('mydriver', (raw) => new MydriverDriver(parseParameters('mydriver', schema, raw)))
