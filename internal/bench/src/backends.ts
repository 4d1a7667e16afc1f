// Starts what a backend needs and says who is measured on it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAzurite, startGcs, startS3, type TestServer } from '@stowage-internal/test-servers'
import { FLUSHED } from './goals.ts'
import type { SubjectSpec } from './measured-process.ts'
import type { BackendName, BenchOptions } from './options.ts'
import type { Config } from './protocol.ts'

/** A backend in one of its settings, for one part of the table. */
export interface Backend {
  readonly name: BackendName
  /** What differs between the parts of one backend's table. */
  readonly variant: string
  /** Only what the setting changes, since another part has the rest. */
  readonly writesOnly: boolean
  /** The server, with its version, or the file system. */
  readonly server: string
  readonly subjects: readonly SubjectSpec[]
  /** How its subjects would reach it through something between them, such as a proxy that counts. */
  through?(endpoint: string): readonly SubjectSpec[]
  readonly endpoint?: string
  /** Removes what it keeps and ends its server. */
  stop(): Promise<void>
}

/** The parts of a backend's table, each to be started when it is its turn. */
export function backendsOf(
  name: BackendName,
  options: BenchOptions,
  go: string | undefined,
): (() => Promise<Backend>)[] {
  if (name === 's3') return [() => s3(options.s3Server, go)]
  if (name === 'azure') return [() => azure(go)]
  if (name === 'gcs') return [() => gcs(go)]
  return [() => fs('none', go), () => fs('file', go), () => fs('full', go)]
}

type Names = Readonly<Record<string, string>>

/** Subjects of one configuration: names for the tables, with their modules. */
function specs(modules: Names, config: Config, go: string | undefined): SubjectSpec[] {
  const all = Object.entries(modules).map(([name, module]) => ({ name, module, config }))
  return go === undefined ? all : [...all, { name: 'go', module: 'go', program: go, config }]
}

async function fs(durability: 'none' | 'file' | 'full', go: string | undefined): Promise<Backend> {
  const rootDirectory = await mkdtemp(join(process.env.STOWAGE_BENCH_DIR ?? tmpdir(), 'bench-fs-'))
  const config = { backend: 'fs', rootDirectory, durability }
  const alternatives: Names = {
    flystorage: 'flystorage',
    flydrive: 'flydrive',
    unstorage: 'unstorage',
    opendal: 'opendal',
  }
  const flushed = { stowage: 'stowage', raw: 'fs-raw' }
  // The Go driver flushes files, not directories; the alternatives flush nothing.
  const subjects =
    durability === 'none'
      ? specs({ ...flushed, ...alternatives }, config, go)
      : specs(flushed, config, durability === 'file' ? go : undefined)
  return {
    name: 'fs',
    variant: FLUSHED[durability],
    writesOnly: durability !== 'none',
    server: 'a local directory',
    subjects,
    stop: () => rm(rootDirectory, { recursive: true, force: true }),
  }
}

interface Served {
  readonly name: BackendName
  readonly server: TestServer<{ endpoint: string }>
  readonly modules: Names
  readonly config: Config
  readonly go: string | undefined
}

function served({ name, server, modules, config, go }: Served): Backend {
  const with_ = (changed: Config): SubjectSpec[] => specs(modules, changed, go)
  return {
    ...{ name, variant: '', writesOnly: false, endpoint: server.endpoint },
    server: `${server.name} ${server.version ?? ''}`.trim(),
    subjects: with_(config),
    through: (endpoint) => with_({ ...config, endpoint }),
    stop: () => server.stop(),
  }
}

const BUCKET = 'bench'

async function s3(wanted: string, go: string | undefined): Promise<Backend> {
  const found = await startS3({ names: [wanted], cephStore: 'bluestore' })
  const server = found[0]
  if (server === undefined) throw new Error(`${wanted} is not here: .ci/install-servers ${wanted}`)
  const bucket = await server.createBucket(BUCKET)
  const config = {
    ...{ backend: 's3', endpoint: server.endpoint, region: server.region, bucket },
    ...{ accessKey: server.accessKeyId, secretKey: server.secretAccessKey },
    // No provider: the driver works as on Amazon, where files and directories do not exclude each other.
  }
  const modules = {
    stowage: 'stowage',
    raw: 's3-raw',
    flystorage: 'flystorage',
    flydrive: 'flydrive',
    opendal: 'opendal',
  }
  return served({ name: 's3', server, modules, config, go })
}

async function azure(go: string | undefined): Promise<Backend> {
  const server = await startAzurite({ disk: true }) // gigabytes are too much for memory
  if (server === undefined) throw new Error('Azurite is not wanted: see STOWAGE_TEST_SERVERS')
  const container = await server.createContainer(BUCKET)
  const { endpoint, accountName, accountKey } = server
  const config = { backend: 'azure', endpoint, accountName, accountKey, container }
  const modules = {
    stowage: 'stowage',
    raw: 'azure-raw',
    flystorage: 'flystorage',
    opendal: 'opendal',
  }
  return served({ name: 'azure', server, modules, config, go })
}

async function gcs(go: string | undefined): Promise<Backend> {
  const found = await startGcs({ names: ['fake-gcs-server'] })
  const server = found[0]
  if (server === undefined) throw new Error('fake-gcs-server is not here: .ci/install-servers')
  const bucket = await server.createBucket(BUCKET)
  const config = { backend: 'gcs', endpoint: server.endpoint, bucket }
  const modules = { stowage: 'stowage', raw: 'gcs-raw', flydrive: 'flydrive', opendal: 'opendal' }
  return served({ name: 'gcs', server, modules, config, go })
}
