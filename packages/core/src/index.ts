export type {
  BareDriver,
  BareOptions,
  BarePurgeOptions,
  BarePutOptions,
  BareReaderOptions,
  BareRedirectOptions,
  BareWalkOptions,
  BareWriter,
  BareWriterOptions,
} from './bare.ts'
export { base } from './base.ts'
export { copy, uploadFile } from './copy.ts'
export { OPERATION_CHANNEL, type OperationContext } from './diagnostics.ts'
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
} from './driver.ts'
export { parseDuration } from './duration.ts'
export { eachLimit } from './each-limit.ts'
export { endAgents } from './end-agents.ts'
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
  type StorageErrorOptions,
  StorageErrors,
  ThrottledError,
  UnavailableError,
  UnsupportedMethodError,
  UploadNotFoundError,
  WriterStateError,
} from './errors.ts'
export { forwardingDriver } from './forwarding-driver.ts'
export { createFromConfig, type FromConfigOptions } from './from-config.ts'
export { createFromURL, type FromURLOptions, queryParameters } from './from-url.ts'
export { type HeldSession, HeldSessions } from './held-sessions.ts'
export { Limiter } from './limiter.ts'
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
export {
  flag,
  integer,
  limit,
  object,
  oneOf,
  type Parameter,
  type ParameterSchema,
  type ParameterValues,
  parseParameters,
  text,
  withoutUserInfo,
} from './parameters.ts'
export {
  baseName,
  checkPath,
  compareKeys,
  directoryKey,
  isBeneath,
  joinPath,
  MAX_PATH_BYTES,
  parentOf,
  pathProblem,
} from './paths.ts'
export { placeInBucket } from './place.ts'
export {
  create,
  type DriverFactory,
  type DriverName,
  type DriverParameters,
  driverPackage,
  type ParametersOf,
  type RegisterOptions,
  register,
  registeredDrivers,
  similarDriver,
} from './registry.ts'
export { collectBytes, type ResumingReaderOptions, resumingReader } from './resuming-reader.ts'
export type { UploadSource } from './sources.ts'
export { toWritable, type UploadOptions, upload, type WritableOptions } from './streams.ts'
export type { TransferOptions, TransferProgress, TransferResult } from './transfer.ts'
export { INTERFACE_VERSION } from './version.ts'
