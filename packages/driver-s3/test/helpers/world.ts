// What the tests of one server share: a proxy in front of it, drivers behind the proxy, and the SDK beside them.
import { ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { create, isStorageError, type StorageDriver } from '@stowage/core'
import type { S3Parameters } from '@stowage/driver-s3'
import { type Fault, type FaultProxy, startFaultProxy } from '@stowage/testsuite'
import type { S3Quirk } from '@stowage-internal/test-servers'
import { nameOf } from './faults.ts'
import { type TestServer, testServers } from './storages.ts'

/** The strictest server that runs here; with a name, that one, or undefined. */
export async function oneServer(bucket: string, name?: string): Promise<TestServer | undefined> {
  const servers = await testServers(bucket)
  return name === undefined ? servers[0] : servers.find(({ server }) => server.name === name)
}

/** Why tests that need a server do not run; the end of the run says of each server what it lacks. */
export const NO_SERVER = 'skipped: no S3 server runs here, see "test servers"'

/** `describe`, or where no server runs, one that skips and says so. */
export function describeOn(
  server: TestServer | undefined,
): (name: string, tests: () => void) => void {
  if (server !== undefined) return describe
  return (name, tests) => describe.skip(`${name} (${NO_SERVER})`, tests)
}

/** `it`, or where the server departs from S3 in one of these, or has that name, `it.skip`. */
export function itUnless(
  server: TestServer | undefined,
  ...departures: readonly (S3Quirk | 'moto')[]
): typeof it {
  const departs = departures.some((one) =>
    one === 'moto' ? server?.server.name === one : server?.server.quirks.has(one),
  )
  return (departs ? it.skip : it) as typeof it
}

let storages = 0

export class World {
  readonly proxy: FaultProxy
  readonly parameters: S3Parameters
  readonly client: S3Client
  readonly #drivers: StorageDriver[] = []

  constructor(proxy: FaultProxy, parameters: S3Parameters) {
    this.proxy = proxy
    this.parameters = parameters
    this.client = clientOf(parameters)
  }

  static async open(server: TestServer | undefined): Promise<World> {
    if (server === undefined) throw new Error('no S3 server runs here')
    const parameters = await server.parameters()
    const proxy = await startFaultProxy(parameters.endpoint as string, { nameOf })
    return new World(proxy, parameters)
  }

  /** Applies the fault to the first requests of an operation. */
  fail(operation: string, fault: Fault, times = 1): void {
    let left = times
    this.proxy.rule = (seen) => (seen.operation === operation && left-- > 0 ? fault : undefined)
  }

  /** A root directory of its own. */
  root(): string {
    storages++
    return `storage-${process.pid}-${storages}`
  }

  /** A driver that goes through the proxy; two of the same root share their data. */
  async driver(rootDirectory: string, changes: Partial<S3Parameters> = {}): Promise<StorageDriver> {
    const { endpoint } = this.proxy
    const driver = await create('s3', { ...this.parameters, endpoint, rootDirectory, ...changes })
    this.#drivers.push(driver)
    return driver
  }

  /** All keys of a root, the driver's own and placeholders included. */
  keys(root: string): Promise<string[]> {
    return keysOf({ client: this.client, bucket: this.parameters.bucket }, root)
  }

  /** The keys of a root's unfinished uploads. */
  uploads(root: string): Promise<string[]> {
    return uploadsOf({ client: this.client, bucket: this.parameters.bucket }, root)
  }

  /** Closes every driver, and with them their connections. */
  async rest(): Promise<void> {
    await Promise.all(this.#drivers.splice(0).map((driver) => driver.close()))
  }

  async close(): Promise<void> {
    await this.rest()
    this.client.destroy()
    await this.proxy.stop()
  }
}

interface Given {
  readonly world: World
  /** The driver's root directory. */
  readonly root: string
  readonly driver: StorageDriver
}

/** One world for all tests of a file; before each, a root and a driver of its own, and no fault after it. */
export function beforeEachOn(
  server: TestServer | undefined,
  changes: Partial<S3Parameters>,
  take: (given: Given) => void,
): void {
  let world: World
  beforeAll(async () => {
    world = await World.open(server)
  })
  beforeEach(async () => {
    const root = world.root()
    take({ world, root, driver: await world.driver(root, changes) })
  })
  afterEach(() => {
    world.proxy.rule = () => undefined
  })
  afterAll(() => world.close())
}

interface Where {
  readonly client: S3Client
  readonly bucket: string
}

/** All keys of a root, the driver's own and placeholders included. */
export async function keysOf({ client, bucket }: Where, root: string): Promise<string[]> {
  const input = { Bucket: bucket, Prefix: `${root}/` }
  const { Contents = [] } = await client.send(new ListObjectsV2Command(input))
  return Contents.map(({ Key = '' }) => Key.slice(root.length))
}

/** The keys of a root's unfinished uploads. */
export async function uploadsOf({ client, bucket }: Where, root: string): Promise<string[]> {
  const input = { Bucket: bucket, Prefix: `${root}/` }
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand(input))
  return Uploads.map(({ Key = '' }) => Key.slice(root.length))
}

export function clientOf(parameters: S3Parameters): S3Client {
  const { endpoint = '', region = '', accessKey = '', secretKey = '' } = parameters
  return new S3Client({
    ...{ endpoint, region, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' },
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  })
}

/** Bytes that tell their position. */
export function data(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size)
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE((at * 2654435761 + seed) >>> 0, at)
  return bytes
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of source) all.push(item)
  return all
}

/** The code of the storage error that it fails with, or 'none'; of any other error, what it says. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error) => (isStorageError(error) ? error.code : String(error)),
  )
}
