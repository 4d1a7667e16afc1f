// What authors of drivers need. Applications import '@stowage/core'.

export { toStorageDriver } from './checked-driver.ts'
export type {
  Driver,
  DriverCallOptions,
  DriverPurgeOptions,
  DriverPutOptions,
  DriverReaderOptions,
  DriverRedirectOptions,
  DriverWalkOptions,
  DriverWriter,
  DriverWriterOptions,
} from './driver-types.ts'
export { parseDuration } from './duration.ts'
export { eachLimit } from './each-limit.ts'
export { endAgents } from './end-agents.ts'
export * from './errors.ts'
export { queryParameters } from './from-url.ts'
export { type HeldSession, HeldSessions } from './held-sessions.ts'
export { Limiter } from './limiter.ts'
export {
  type Parameter,
  type ParameterSchema,
  type ParameterValues,
  parameter,
  parseParameters,
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
  type DriverFactory,
  type DriverParameters,
  type RegisterOptions,
  register,
} from './registry.ts'
export { collectBytes, type ResumingReaderOptions, resumingReader } from './resuming-reader.ts'
export type {
  Capabilities,
  FileInfo,
  FileWriter,
  OperationOptions,
  PurgeOptions,
  PutOptions,
  ReaderOptions,
  RedirectOptions,
  RedirectRequest,
  StorageDriver,
  StoragePlace,
  UploadInfo,
  Walk,
  WalkOptions,
  WriterOptions,
} from './storage-driver.ts'
export { INTERFACE_VERSION } from './version.ts'
