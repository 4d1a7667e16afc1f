import { register } from '@stowage/core'
import { S3Driver } from './driver.ts'
import { parse, type S3Parameters } from './parameters.ts'

declare module '@stowage/core' {
  interface DriverParameters {
    s3: S3Parameters
    s3aws: S3Parameters
  }
}

const factory = (parameters: Readonly<Record<string, unknown>>): S3Driver =>
  new S3Driver(parse(parameters))

register('s3', factory)
register('s3aws', factory)
