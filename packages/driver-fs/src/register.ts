import { register } from '@stowage/core'
import { FsDriver } from './driver.ts'
import {
  type FilesystemParameters,
  type FsParameters,
  fromURL,
  parse,
  parseFilesystem,
} from './parameters.ts'

declare module '@stowage/core' {
  interface DriverParameters {
    fs: FsParameters
    filesystem: FilesystemParameters
  }
}

register('fs', (parameters) => new FsDriver(parse(parameters)), { fromURL })
register('filesystem', (parameters) => new FsDriver(parseFilesystem(parameters)), { fromURL })
