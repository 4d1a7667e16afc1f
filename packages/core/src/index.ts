export { copy, uploadFile } from './copy.ts'
export { OPERATION_CHANNEL, type OperationContext } from './diagnostics.ts'
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
export { forwardingDriver } from './forwarding-driver.ts'
export { createFromConfig, type FromConfigOptions } from './from-config.ts'
export { createFromURL, type FromURLOptions } from './from-url.ts'
export {
  applyMiddleware,
  type Middleware,
  type MiddlewareEntries,
  type MiddlewareEntry,
  type MiddlewareOptions,
  type MiddlewareOptionsOf,
  registeredMiddleware,
  registerMiddleware,
} from './middleware.ts'
export type { RedirectMiddlewareOptions } from './middleware-redirect.ts'
export type { RegulatorOptions } from './middleware-regulator.ts'
export type { RewriteOptions } from './middleware-rewrite.ts'
export { baseName, compareKeys, isBeneath, joinPath, parentOf, pathProblem } from './paths.ts'
export {
  create,
  type DriverName,
  type DriverParameters,
  driverPackage,
  type ParametersOf,
  registeredDrivers,
  similarDriver,
} from './registry.ts'
export type { UploadSource } from './sources.ts'
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
export { toWritable, type UploadOptions, upload, type WritableOptions } from './streams.ts'
export type { TransferOptions, TransferProgress, TransferResult } from './transfer.ts'
