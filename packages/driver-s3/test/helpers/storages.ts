// Storages on the real S3 servers of this machine: each is a root directory of one bucket.
import { create, type StorageDriver } from '@stowage/core'
import '@stowage/driver-s3'
import type { S3Parameters, S3Provider } from '@stowage/driver-s3'
import { type S3Server, startS3 } from '@stowage-internal/test-servers'

/** The least that the service takes for a part that another one follows. */
export const PART = 5 * 1024 * 1024

const PROVIDERS: Readonly<Record<string, S3Provider>> = {
  ceph: 'ceph',
  minio: 'minio',
  versitygw: 'versitygw',
}

/** The parameters that reach a server's bucket. */
export function parametersFor(server: S3Server, bucket: string): S3Parameters {
  const { endpoint, region, accessKeyId, secretAccessKey, pathStyle } = server
  return {
    ...{ bucket, endpoint, region, forcePathStyle: pathStyle, chunkSize: PART },
    ...{ accessKey: accessKeyId, secretKey: secretAccessKey },
    provider: PROVIDERS[server.name] ?? 'generic',
  }
}

export interface TestServer {
  readonly server: S3Server
  /** Starts it, and opens a driver with the parameters changed as given. */
  open(storage: string, changes?: Partial<S3Parameters>): Promise<StorageDriver>
  /** Starts it, and gives what reaches its bucket. */
  parameters(): Promise<S3Parameters>
}

/** Every server that can run here, strictest first, with a bucket of that name. */
export async function testServers(bucket: string): Promise<TestServer[]> {
  return (await startS3()).map((server) => {
    let parameters: Promise<S3Parameters> | undefined
    const ready = (): Promise<S3Parameters> => {
      parameters ??= server.createBucket(bucket).then((made) => parametersFor(server, made))
      return parameters
    }
    return {
      server,
      parameters: ready,
      open: async (storage, changes) =>
        create('s3', { ...(await ready()), rootDirectory: `/${storage}`, ...changes }),
    }
  })
}

/** Where a child process finds the parameters. */
export const CHILD_PARAMETERS = 'STOWAGE_S3_TEST_PARAMETERS'

/** What the suite calls in a process of its own. */
export function open(storage: string): Promise<StorageDriver> {
  const parameters = JSON.parse(process.env[CHILD_PARAMETERS] ?? '{}') as S3Parameters
  return create('s3', { ...parameters, rootDirectory: `/${storage}` })
}
