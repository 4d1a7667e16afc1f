// Finds, installs, starts and stops the servers that driver tests talk to. The README says what each is good for.
export type { FindOptions, InstallPolicy } from './acquire.ts'
export {
  type AzuriteFacts,
  type AzuriteOptions,
  AzuriteServer,
  canServeHttps,
  startAzurite,
} from './azurite.ts'
export { type GcsFacts, type GcsQuirk, GcsServer, startGcs } from './gcs.ts'
export { startShared, stopShared } from './global.ts'
export { LonePackage } from './lone-package.ts'
export { cacheDir } from './paths.ts'
export {
  type RegistryFacts,
  type RegistryOptions,
  type RegistryServer,
  type RegistryStorage,
  startRegistry,
} from './registry.ts'
export {
  blobPath,
  digestOf,
  layerLink,
  MANIFEST,
  manifestLinks,
  manifestOf,
  REGISTRY_ROOT,
  RegistryClient,
} from './registry-client.ts'
export { reportServers } from './report.ts'
export { counted, tableBelow } from './request-table.ts'
export type { CephStore } from './s3/ceph.ts'
export { type S3Options, S3Server, startS3 } from './s3/index.ts'
export type { S3Quirk } from './s3/quirks.ts'
export type { S3Facts } from './s3/request.ts'
export { type Facts, type Kind, type Note, TestServer } from './server.ts'
export { shareEnvironment } from './share.ts'
export {
  type MountedVolume,
  mountVolume,
  type VolumeKind,
  type VolumeOptions,
  whyNoVolume,
} from './volumes.ts'
