// What applications need. Authors of drivers import '@stowage/core/driver'.
export { OPERATION_CHANNEL, type OperationContext } from './diagnostics.ts'
// From the entry that drivers add their parameters to, so that every program that has this entry has theirs too.
export type { DriverParameters } from './driver.ts'
export {
  ConfigError,
  ContentError,
  DriverError,
  InvalidOffsetError,
  InvalidPathError,
  InvalidStorageDriverError,
  isStorageError,
  NoSpaceError,
  PathNotFoundError,
  PermissionError,
  RevisionChangedError,
  StorageClosedError,
  StorageError,
  type StorageErrorCode,
  StorageErrors,
  ThrottledError,
  UnavailableError,
  UnsupportedMethodError,
  UploadNotFoundError,
  WriterStateError,
} from './errors.ts'
export { createFromURL } from './from-url.ts'
export { baseName, compareKeys, isBeneath, joinPath, parentOf, pathProblem } from './paths.ts'
export {
  create,
  type DriverName,
  driverPackage,
  type ParametersOf,
  registeredDrivers,
  similarDriver,
} from './registry.ts'
export {
  type Capabilities,
  entryKey,
  type FileInfo,
  type FileWriter,
  type OperationOptions,
  type PurgeOptions,
  type PutOptions,
  type ReaderOptions,
  type RedirectOptions,
  type RedirectRequest,
  type StorageDriver,
  type StoragePlace,
  type UploadInfo,
  type Walk,
  type WalkOptions,
  type WriterOptions,
} from './storage-driver.ts'
