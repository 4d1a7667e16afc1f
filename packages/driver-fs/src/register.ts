import { register } from '@stowage/core/driver'
import { FsDriver } from './driver.ts'
import {
  type FilesystemParameters,
  type FsParameters,
  fromURL,
  parse,
  parseFilesystem,
} from './parameters.ts'

declare module '@stowage/core/driver' {
  interface DriverParameters {
    fs: FsParameters
    filesystem: FilesystemParameters
  }
}

register('fs', (parameters) => FsDriver.open(parse(parameters)), { fromURL })
register('filesystem', (parameters) => FsDriver.open(parseFilesystem(parameters)), { fromURL })
