// All S3 servers of this machine.
import { acquire, type FindOptions } from '../acquire.ts'
import { ceph, minio, moto, type Program, versitygw } from '../catalog.ts'
import type { Found } from '../find.ts'
import { type Blueprint, note, type Started, TestServer } from '../server.ts'
import { sharedServers } from '../share.ts'
import { type CephStore, startCeph } from './ceph.ts'
import { cephQuirks, minioQuirks, motoQuirks, type S3Quirk, versitygwQuirks } from './quirks.ts'
import { createS3Bucket, type S3Facts } from './request.ts'
import { startMinio, startMoto, startVersitygw } from './small.ts'

export interface S3Options extends FindOptions {
  /** Default: what `STOWAGE_TEST_CEPH_STORE` says, else `memstore`. */
  readonly cephStore?: CephStore
}

/** An S3 server. The properties about the connection can be read once it is started. */
export class S3Server extends TestServer<S3Facts> {
  /** In what it differs from Amazon's. */
  readonly quirks: ReadonlySet<S3Quirk>

  constructor(blueprint: Blueprint<S3Facts>, quirks: readonly S3Quirk[]) {
    super(blueprint)
    this.quirks = new Set(quirks)
  }

  get region(): string {
    return this.facts.region
  }

  get accessKeyId(): string {
    return this.facts.accessKeyId
  }

  get secretAccessKey(): string {
    return this.facts.secretAccessKey
  }

  get pathStyle(): boolean {
    return this.facts.pathStyle
  }

  /** Where buckets can be addressed as host names; see `S3Facts`. */
  get virtualHostEndpoint(): string | undefined {
    return this.facts.virtualHostEndpoint
  }

  /**
   * Starts the server if need be, creates the bucket, and returns the name of the bucket to use: the one asked for,
   * unless the user gave an endpoint with a bucket of its own.
   */
  async createBucket(name: string): Promise<string> {
    await this.start()
    if (this.facts.bucket) return this.facts.bucket
    await createS3Bucket(this.facts, name)
    return name
  }
}

interface Entry {
  readonly program: Program
  readonly quirks: (version: string) => readonly S3Quirk[]
  readonly begin: (found: Found, options: S3Options) => Promise<Started<S3Facts>>
}

/** The strictest first. */
const entries: readonly Entry[] = [
  {
    program: ceph,
    quirks: cephQuirks,
    begin: (found, options) => startCeph(found, options.cephStore ?? storeFromEnvironment()),
  },
  { program: versitygw, quirks: () => versitygwQuirks, begin: startVersitygw },
  { program: minio, quirks: () => minioQuirks, begin: startMinio },
  { program: moto, quirks: () => motoQuirks, begin: startMoto },
]

/**
 * Every S3 server that this machine has, none of them started: `await server.start()` does that, once. An endpoint in
 * `STOWAGE_TEST_S3_ENDPOINT` takes the place of all others. In a process whose parent has started servers for the
 * whole test run, those are returned, running.
 */
export async function startS3(options: S3Options = {}): Promise<readonly S3Server[]> {
  const shared = sharedServers<S3Facts>('s3')
  if (shared) {
    return shared.map(({ facts, ...rest }) => {
      const begin = (): Promise<never> => Promise.reject(new Error('it runs already'))
      return new S3Server({ ...rest, shared: facts, begin }, quirksOf(rest.name, rest.version))
    })
  }
  const external = fromEnvironment()
  if (external) return [external]
  const programs = entries.map(({ program }) => program)
  const found = await acquire('s3', programs, options)
  return entries.flatMap(({ program, begin, quirks }) => {
    const one = found.get(program)
    if (!one) return []
    const { version } = one
    const blueprint = { kind: 's3', name: program.name, version } as const
    const server = { ...blueprint, begin: () => begin(one, options) }
    return [new S3Server(server, quirks(version))]
  })
}

function quirksOf(name: string, version: string): readonly S3Quirk[] {
  return entries.find(({ program }) => program.name === name)?.quirks(version) ?? []
}

function storeFromEnvironment(): CephStore {
  const store = process.env.STOWAGE_TEST_CEPH_STORE || 'memstore'
  if (store === 'memstore' || store === 'bluestore') return store
  throw new Error(`STOWAGE_TEST_CEPH_STORE is ${store}; it must be memstore or bluestore`)
}

/** The user's own server. Its name may be one that is known here; then so are its quirks. */
function fromEnvironment(): S3Server | undefined {
  const { env } = process
  const endpoint = env.STOWAGE_TEST_S3_ENDPOINT
  if (!endpoint) return undefined
  const accessKeyId = env.STOWAGE_TEST_S3_ACCESS_KEY_ID ?? env.AWS_ACCESS_KEY_ID
  const secretAccessKey = env.STOWAGE_TEST_S3_SECRET_ACCESS_KEY ?? env.AWS_SECRET_ACCESS_KEY
  if (!accessKeyId || !secretAccessKey) {
    throw new Error(
      'STOWAGE_TEST_S3_ENDPOINT is set, so set STOWAGE_TEST_S3_ACCESS_KEY_ID and STOWAGE_TEST_S3_SECRET_ACCESS_KEY too',
    )
  }
  const name = env.STOWAGE_TEST_S3_NAME ?? 'external'
  const version = env.STOWAGE_TEST_S3_VERSION ?? 'unknown version'
  const sessionToken = env.STOWAGE_TEST_S3_SESSION_TOKEN
  const bucket = env.STOWAGE_TEST_S3_BUCKET
  const facts: S3Facts = {
    endpoint,
    region: env.STOWAGE_TEST_S3_REGION ?? 'us-east-1',
    accessKeyId,
    secretAccessKey,
    pathStyle: env.STOWAGE_TEST_S3_PATH_STYLE !== 'false',
    ...(sessionToken && { sessionToken }),
    ...(bucket && { bucket }),
  }
  note({ kind: 's3', name, version, state: 'external', detail: endpoint })
  const begin = (): Promise<never> => Promise.reject(new Error('it is not ours to start'))
  return new S3Server({ kind: 's3', name, version, shared: facts, begin }, quirksOf(name, version))
}
