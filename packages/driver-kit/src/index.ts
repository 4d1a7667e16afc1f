// What an author of a driver needs from core, so that everything comes from one package.
export * from '@stowage/core/driver'
export { HttpAgents, type HttpAgentsOptions } from './agents.ts'
export { limitBody, MAX_ERROR_BYTES, MAX_PAGE_BYTES, readBody, readErrorBody } from './bodies.ts'
export { ChunkDriver } from './chunks/driver.ts'
export {
  CHUNK_CAPABILITIES,
  type ChunkStore,
  type Maybe,
  type StoredFile,
  type StoredUpload,
} from './chunks/store.ts'
export { eachUntilFailure } from './each-until-failure.ts'
export {
  type FailedRequest,
  type Failure,
  type FailureKind,
  type FailureTable,
  failureError,
  failureOf,
  failureTable,
  kindOfNetworkCode,
  kindOfStatus,
  type RequestFacts,
} from './failures.ts'
export { withHandle } from './handles.ts'
export { loadSdk } from './load-sdk.ts'
export type {
  DeleteFailure,
  DeleteOutcome,
  DeleteRequest,
  GetRequest,
  GetResult,
  ListingOrder,
  ListPage,
  ListRequest,
  ObjectBackend,
  ObjectInfo,
  ObjectPutOptions,
  PutResult,
  RequestContext,
  TreeBackend,
} from './objects/backend.ts'
export { childPages } from './objects/child-pages.ts'
export { hasFiles } from './objects/flat-pages.ts'
export { type NameRules, Names, newSessionId, sessionTime } from './objects/names.ts'
export { type ListBackend, listPages } from './objects/pages.ts'
export type { PartLimits } from './objects/part-plan.ts'
export { eachCollecting, type Removal, throwErrors } from './objects/remover.ts'
export type {
  Claim,
  FoundSession,
  Part,
  SessionOptions,
  SessionStore,
  Tail,
} from './objects/session-store.ts'
export { SessionUploads } from './objects/session-uploads.ts'
export { Trees, type UploadRemover } from './objects/trees.ts'
export { walkPages } from './objects/walk-pages.ts'
export { type Listing, PageGuard, parseSize } from './pages.ts'
export { type ContentRange, parseContentRange } from './ranges.ts'
export { Requests, type RequestsOptions } from './requests.ts'
export { authorizationSecrets, Scrubber } from './scrubber.ts'
export { MAX_REQUEST_MS, within } from './within.ts'
