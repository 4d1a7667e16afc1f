// The programs that the tests know, the exact versions they install, and how each is found.

/** How a program gets into the cache without root. */
type Recipe =
  | { readonly kind: 'go'; readonly module: string; readonly version: string }
  | { readonly kind: 'python'; readonly packages: readonly string[]; readonly module: string }

/** One program, or a set of programs that only work together. */
export interface Program {
  readonly name: string
  /** The version that a recipe installs; for the others it is asked of the program. */
  readonly version?: string
  /** All of these must be on PATH; the first one names the program's file in the cache. */
  readonly commands: readonly string[]
  /** Arguments with which the first command prints its version. */
  readonly versionArguments?: readonly string[]
  readonly recipe?: Recipe
  /** For what nobody but root can install: the command to run. */
  readonly byRoot?: string
}

export const ceph: Program = {
  name: 'ceph',
  commands: ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph', 'monmaptool'],
  versionArguments: ['--version'],
  byRoot: 'sudo .ci/install-servers',
}

export const versitygw: Program = {
  name: 'versitygw',
  version: '1.8.0',
  commands: ['versitygw'],
  recipe: {
    kind: 'go',
    module: 'github.com/versity/versitygw/cmd/versitygw',
    version: 'v1.8.0',
  },
}

export const minio: Program = {
  name: 'minio',
  // Its releases have no semantic versions; this is the newest state of its main branch that is published.
  version: '2026-02-12',
  commands: ['minio'],
  versionArguments: ['--version'],
  recipe: {
    kind: 'go',
    module: 'github.com/minio/minio',
    version: 'v0.0.0-20260212201848-7aac2a2c5b7c',
  },
}

export const moto: Program = {
  name: 'moto',
  version: '5.2.5',
  commands: ['moto_server'],
  recipe: {
    kind: 'python',
    packages: ['moto[s3]==5.2.5', 'flask', 'flask-cors'],
    module: 'moto.server',
  },
}

export const fakeGcsServer: Program = {
  name: 'fake-gcs-server',
  version: '1.56.1',
  commands: ['fake-gcs-server'],
  recipe: { kind: 'go', module: 'github.com/fsouza/fake-gcs-server', version: 'v1.56.1' },
}

export const gcpStorageEmulator: Program = {
  name: 'gcp-storage-emulator',
  version: '2026.7.19',
  commands: ['gcp-storage-emulator'],
  recipe: {
    kind: 'python',
    packages: ['gcp-storage-emulator==2026.7.19'],
    module: 'gcp_storage_emulator',
  },
}

export const registry: Program = {
  name: 'registry',
  version: '3.1.2',
  commands: ['registry'],
  versionArguments: ['--version'],
  recipe: {
    kind: 'go',
    module: 'github.com/distribution/distribution/v3/cmd/registry',
    version: 'v3.1.2',
  },
}

/** Everything in the order in which it is tried and reported; Azurite is an npm dependency and not in here. */
export const programs: readonly Program[] = [
  ceph,
  versitygw,
  minio,
  moto,
  fakeGcsServer,
  gcpStorageEmulator,
  registry,
]
