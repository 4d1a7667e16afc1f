// A fake of our own with what the tests of one driver on it need: the proxy that harms and counts, drivers behind it,
// and a look into the fake itself.
import { create, type StorageDriver } from '@stowage/core'
import '@stowage/driver-gcs'
import type { GcsParameters } from '@stowage/driver-gcs'
import {
  type Fault,
  type FaultProxy,
  refusal,
  type Seen,
  startFaultProxy,
} from '@stowage/testsuite'
import type { Bucket } from '../fake/objects.ts'
import { FakeGcs } from '../fake/server.ts'
import { CHUNK } from './storages.ts'

const BUCKET = 'world'

export interface World extends AsyncDisposable {
  readonly fake: FakeGcs
  readonly bucket: Bucket
  readonly proxy: FaultProxy
  /** Goes through the proxy. */
  readonly driver: StorageDriver
  /** Another instance. With a proxy of its own it does not know of the writers of the first, as in another process. */
  open(changes?: Partial<GcsParameters>): Promise<StorageDriver>
  stranger(changes?: Partial<GcsParameters>): Promise<StorageDriver>
  /** Names of all objects, the driver's own too. */
  names(): string[]
  /** Resumable uploads that the fake holds open. */
  openUploads(): number
}

export async function newWorld(changes: Partial<GcsParameters> = {}): Promise<World> {
  const fake = await FakeGcs.start()
  const bucket = fake.createBucket(BUCKET)
  const proxy = await startFaultProxy(fake.endpoint, { nameOf })
  const opened: AsyncDisposable[] = []
  const open = async (endpoint: string, more: Partial<GcsParameters> = {}) => {
    const driver = await create('gcs', {
      ...{ bucket: BUCKET, endpoint, chunkSize: CHUNK, retryDelay: 5, ...changes, ...more },
    })
    opened.push(driver)
    return driver
  }
  return {
    ...{ fake, bucket, proxy, driver: await open(proxy.endpoint) },
    open: (more) => open(proxy.endpoint, more),
    async stranger(more) {
      const other = await startFaultProxy(fake.endpoint, { nameOf })
      const driver = await open(other.endpoint, more)
      opened.push(other)
      return driver
    },
    names: () => bucket.names(),
    openUploads: () =>
      [...fake.uploads.sessions.values()].filter(({ gone, object }) => !gone && !object).length,
    async [Symbol.asyncDispose]() {
      for (const one of opened) await one[Symbol.asyncDispose]()
      await proxy.stop()
      await fake.stop()
    },
  }
}

/** The service carries it out, and its reply is lost. */
export const LOST: Fault = { cutReply: { after: 'nothing', how: 'reset' } }

/** The service never hears of it; the reply is an error in its words. */
export function refused(status: number, code?: string, retryAfter?: number): Fault {
  return { answer: refusal('gcs', { status, code, retryAfter }) }
}

/** The fault for the first so many requests of that operation. */
export function first(
  times: number,
  operation: string,
  fault: Fault,
): (seen: Seen) => Fault | undefined {
  let left = times
  return (seen) => (seen.operation === operation && left-- > 0 ? fault : undefined)
}

/** Which of the service's operations a request is. */
function nameOf({ method, url, headers }: Pick<Seen, 'method' | 'url' | 'headers'>): string {
  const { pathname, searchParams } = url
  if (searchParams.has('upload_id')) {
    if (method === 'DELETE') return 'upload: cancel'
    const range = String(headers['content-range'])
    if (range === 'bytes */*') return 'upload: status'
    return range.startsWith('bytes */') ? 'upload: end' : 'upload: chunk'
  }
  if (searchParams.get('uploadType') === 'resumable') return 'upload: start'
  if (pathname.startsWith('/upload/')) return 'objects.insert'
  if (pathname.includes('/rewriteTo/')) return 'objects.rewrite'
  if (/\/o$/.test(pathname)) return 'objects.list'
  if (method === 'DELETE') return 'objects.delete'
  return searchParams.get('alt') === 'media' ? 'objects.get media' : 'objects.get'
}
