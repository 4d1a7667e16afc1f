// Where the drivers under measurement keep their data, and what each of their writers and readers may hold.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAzurite, startGcs, startS3 } from '@stowage-internal/test-servers'

const KIB = 1024
const MIB = 1024 * KIB

/** What Node.js holds of an HTTP body that nobody reads: a stream's buffer, and what a socket reads at once. */
const HTTP_CHUNK = 2 * 64 * KIB

export const DRIVERS = ['inmemory', 'fs', 's3', 'azure', 'gcs'] as const
export type Driver = (typeof DRIVERS)[number]

/** A place to work in, with the contract's bound. */
export interface Place {
  readonly what: string
  readonly driver: Driver
  readonly parameters: Readonly<Record<string, unknown>>
  /** Bytes of a part, and how many of them a writer sends at a time. */
  readonly part: number
  readonly concurrency: number
  /** Bytes of a reader's chunk. */
  readonly chunk: number
  /** Whether what is stored is in the memory of this process. */
  readonly keeps?: true
  remove(): Promise<void>
}

export interface PlaceOptions {
  /** Of several servers for one driver, the one of that name. */
  readonly server?: string | undefined
  /** The least parts that the service takes, so that little data fills them. */
  readonly small: boolean
}

/** Undefined where no server for the driver runs on this machine. */
export function placeFor(driver: Driver, options: PlaceOptions): Promise<Place | undefined> {
  return PLACES[driver](options)
}

const PLACES: Readonly<Record<Driver, (options: PlaceOptions) => Promise<Place | undefined>>> = {
  async inmemory() {
    return {
      ...{ what: 'inmemory', driver: 'inmemory', parameters: {}, keeps: true },
      ...{ part: 64 * KIB, concurrency: 1, chunk: 64 * KIB },
      remove: async () => {},
    }
  },
  async fs() {
    const rootDirectory = await mkdtemp(join(tmpdir(), 'stowage-memory-'))
    const chunk = 512 * KIB
    return {
      ...{ what: 'fs', driver: 'fs', parameters: { rootDirectory }, part: chunk },
      // A chunk on its way to the disk, and one that fills.
      ...{ concurrency: 1, chunk },
      remove: () => rm(rootDirectory, { recursive: true, force: true }),
    }
  },
  async s3({ server: name, small }) {
    const names = name === undefined ? undefined : [name]
    const [server] = await startS3({ ...(names && { names }), cephStore: 'bluestore' })
    if (server === undefined) return undefined
    const bucket = await server.createBucket('memory')
    const part = 5 * MIB
    const concurrency = small ? 1 : 4
    const { endpoint, region, accessKeyId: accessKey, secretAccessKey: secretKey } = server
    return {
      ...{ what: `s3 on ${server.name}`, driver: 's3', part, concurrency, chunk: HTTP_CHUNK },
      parameters: {
        ...{ bucket, endpoint, region, accessKey, secretKey, forcePathStyle: server.pathStyle },
        ...{ chunkSize: part, concurrency },
      },
      remove: () => server.stop(),
    }
  },
  async azure({ small }) {
    const server = await startAzurite({ disk: !small })
    if (server === undefined) return undefined
    await server.start()
    const container = await server.createContainer('memory')
    // Azurite, one process, gives up requests that wait too long: 256 blocks of the default 8 MiB at once do.
    const [part, concurrency] = small ? [512 * KIB, 2] : [2 * MIB, 1]
    const { accountName, accountKey, endpoint: serviceURL } = server
    return {
      ...{ what: 'azure on azurite', driver: 'azure', part, concurrency, chunk: HTTP_CHUNK },
      parameters: {
        ...{ accountName, accountKey, serviceURL, container },
        ...{ blockSize: part, concurrency },
      },
      remove: () => server.stop(),
    }
  },
  async gcs({ server: name = 'fake-gcs-server', small }) {
    const [server] = await startGcs({ names: [name] })
    if (server === undefined) return undefined
    const bucket = await server.createBucket('memory')
    const part = small ? 256 * KIB : 2 * MIB
    return {
      ...{ what: `gcs on ${server.name}`, driver: 'gcs', part, concurrency: 1, chunk: HTTP_CHUNK },
      parameters: { bucket, endpoint: server.endpoint, chunkSize: part },
      remove: () => server.stop(),
    }
  },
}
