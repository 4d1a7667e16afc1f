// What a request sends again, keeps, and gives up. A stub says when.
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { S3Client } from '@aws-sdk/client-s3'
import type { FileWriter, StorageDriver } from '@stowage/core'
import {
  errorReply,
  listReply,
  type Reply,
  type Stub,
  startStub,
  uploadsReply,
} from './helpers/stub.ts'
import { collect, failure } from './helpers/world.ts'

const MIB = 2 ** 20
const OK: Reply = { headers: { etag: '"1"' } }
let stub: Stub
beforeEach(async () => {
  stub = await startStub(() => OK)
})
afterEach(() => stub[Symbol.asyncDispose]())

/** Requests since the last call, by what the driver wanted. */
function asked(): string[] {
  return stub.asked.map(({ operation }) => operation)
}

describe("a caller's client that signs nothing", () => {
  it('sends the whole body again', async () => {
    const client = new S3Client({
      ...{ region: 'us-east-1', endpoint: stub.endpoint, forcePathStyle: true },
      requestChecksumCalculation: 'WHEN_REQUIRED',
      // The SDK's usual way for public buckets: the signer gives the request back.
      signer: { sign: async (request) => request },
      credentials: { accessKeyId: '', secretAccessKey: '' },
    })
    let busy = 2
    const parts = new Map<string | null, number>()
    stub.answer = ({ operation, url, body }) => {
      if (operation === 'CreateMultipartUpload')
        return {
          body: '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
        }
      if (operation === 'CompleteMultipartUpload')
        return {
          body: '<CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>',
        }
      if (busy-- > 0) return errorReply(503, 'SlowDown')
      parts.set(url.searchParams.get('partNumber'), body.length)
      return OK
    }
    const driver = await stub.driver({ client, endpoint: undefined })
    await driver.putContent('/f', 'hello world')
    expect(parts.get(null)).toBe(11)
    busy = 2
    const writer = await driver.writer('/big')
    await writer.write(Buffer.alloc(22 * MIB))
    await writer.commit()
    expect([...parts.values()].slice(1).reduce((sum, size) => sum + size, 0)).toBe(22 * MIB)
    client.destroy()
  })
})

describe('writers that the program dropped', () => {
  it('are collected with what they hold', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const driver = await stub.driver()
    const refs = await dropped(driver)
    // A look at a reference keeps its object until the next turn of the event loop.
    for (let turn = 0; turn < 50 && refs.some((ref) => ref.deref() !== undefined); turn++) {
      await wait(1)
      gc()
    }
    expect(refs.filter((ref) => ref.deref() !== undefined)).toHaveLength(0)
  })

  async function dropped(driver: StorageDriver): Promise<WeakRef<FileWriter>[]> {
    const refs: WeakRef<FileWriter>[] = []
    for (let i = 0; i < 5; i++) {
      const writer = await driver.writer(`/f${i}`)
      await writer.write(Buffer.alloc(MIB))
      refs.push(new WeakRef(writer))
    }
    return refs
  }
})

describe('where unfinished uploads cannot be listed', () => {
  it.each([
    [403, 'AccessDenied'],
    [404, 'NoSuchKey'],
    [404, 'UnknownApi'],
    [405, 'MethodNotAllowed'],
    [501, 'NotImplemented'],
  ])('because of %i %s, a delete deletes the objects', async (status, code) => {
    const keys = new Set(['d/a', 'f'])
    stub.answer = ({ operation, url }) => {
      if (operation === 'ListMultipartUploads') return errorReply(status, code)
      if (operation === 'DeleteObject') {
        keys.delete(url.pathname.slice('/b/'.length))
        return { status: 204 }
      }
      const prefix = url.searchParams.get('prefix') ?? ''
      return listReply({ keys: [...keys].filter((key) => key.startsWith(prefix)) })
    }
    const driver = await stub.driver()
    await driver.delete('/f')
    await driver.delete('/d')
    expect([...keys]).toEqual([])
    expect(await failure(driver.delete('/d'))).toBe('PATH_NOT_FOUND')
    expect(await failure(driver.writer('/f', { append: true }))).not.toBe('none')
  })

  it('because the bucket is missing, it fails', async () => {
    stub.answer = () => errorReply(404, 'NoSuchBucket')
    expect(await failure((await stub.driver()).delete('/f'))).toBe('CONFIG')
  })
})

describe('DeleteObjects', () => {
  it.each(['MissingArgument', 'InvalidArgument', 'MissingContentMD5', 'InvalidRequest'])(
    'that is refused with %s is sent with Content-MD5',
    async (code) => {
      const keys = ['d/a', 'd/b', 'd/c']
      let deleted = ''
      stub.answer = ({ operation, headers, body }) => {
        if (operation === 'ListMultipartUploads') return uploadsReply()
        if (operation === 'ListObjectsV2') return listReply({ keys })
        if (headers['content-md5'] === undefined) return errorReply(400, code)
        deleted = body.toString()
        return { body: '<DeleteResult/>' }
      }
      await (await stub.driver()).delete('/d')
      for (const key of keys) expect(deleted).toContain(`<Key>${key}</Key>`)
    },
  )
})

describe('a HEAD without a length', () => {
  beforeEach(() => {
    stub.answer = ({ operation }) => {
      if (operation === 'HeadObject')
        return { headers: { etag: 'W/"1"', 'last-modified': new Date(0).toUTCString() } }
      if (operation === 'CopyObject')
        return { body: '<CopyObjectResult><ETag>"1"</ETag></CopyObjectResult>' }
      if (operation === 'ListMultipartUploads') return uploadsReply()
      return listReply({ keys: ['x', 'x-y'], size: '12345' })
    }
  })

  it('is followed by a listing, which tells it', async () => {
    const driver = await stub.driver()
    expect((await driver.stat('/x')).size).toBe(12345)
    expect(asked()).toEqual(['HeadObject', 'ListObjectsV2'])
    expect(await failure(driver.writer('/x', { append: true }))).toBe('UNSUPPORTED_METHOD')
  })

  it('is an error where the listing does not tell either', async () => {
    expect(await failure((await stub.driver()).stat('/y'))).toBe('CONTENT')
  })
})

describe('a store on a file system that is just removing a directory', () => {
  const CODES = ['ExistingObjectIsDirectory', 'ObjectParentIsFile', 'XMinioParentIsObject']

  it.each(CODES)('is asked again after %s', async (code) => {
    let refusals = 2
    stub.answer = ({ operation }) => {
      if (operation === 'ListObjectsV2') return listReply()
      if (operation === 'HeadObject') return { status: 404 }
      return refusals-- > 0 ? errorReply(409, code) : OK
    }
    const driver = await stub.driver({ maxAttempts: 3 })
    await driver.putContent('/a/b', 'x')
    expect(asked().filter((name) => name === 'PutObject')).toHaveLength(3)
  })

  it('is unavailable where it does not stop', async () => {
    stub.answer = ({ operation }) => {
      if (operation === 'ListObjectsV2') return listReply()
      if (operation === 'HeadObject') return { status: 404 }
      return errorReply(409, 'ExistingObjectIsDirectory')
    }
    expect(await failure((await stub.driver()).putContent('/a', 'x'))).toBe('UNAVAILABLE')
  })

  it.each([
    ['a file beneath', ['a/b']],
    ["another tool's empty directory", ['a/']],
  ])('refuses the path where it really has %s', async (_, keys) => {
    stub.answer = ({ operation }) => {
      if (operation === 'ListObjectsV2') return listReply({ keys })
      return errorReply(409, 'ExistingObjectIsDirectory')
    }
    expect(await failure((await stub.driver()).putContent('/a', 'x'))).toBe('INVALID_PATH')
  })
})

describe('an answer without end', () => {
  it('is an error once it is larger than any page', async () => {
    let sent = 0
    stub.answer = (_, response) => {
      response.writeHead(200)
      response.write('<?xml version="1.0"?><ListBucketResult>')
      const blanks = Buffer.alloc(MIB, ' ')
      const more = (): void => {
        while (!response.destroyed && sent < 1024 * MIB) {
          sent += MIB
          if (!response.write(blanks)) {
            response.once('drain', more)
            return
          }
        }
        response.end()
      }
      more()
      return undefined
    }
    expect(await failure(collect((await stub.driver()).walk('/')))).toBe('DRIVER')
    expect(sent).toBeLessThan(128 * MIB)
  })

  it('of an error is cut, and the error told', async () => {
    stub.answer = (_, response) => {
      response.writeHead(403)
      response.write('<Error><Code>AccessDenied</Code><Message>')
      const timer = setInterval(() => response.write(Buffer.alloc(MIB, 'x')), 1)
      response.on('close', () => clearInterval(timer))
      return undefined
    }
    expect(await failure((await stub.driver()).getContent('/a'))).toBe('PERMISSION_DENIED')
  })

  it.each([
    ['a page', 200, (driver: StorageDriver) => collect(driver.list('/'))],
    ['an error', 403, (driver: StorageDriver) => driver.getContent('/a')],
  ] as const)('that trickles in ends after the time of a request: %s', async (_, status, call) => {
    stub.answer = (_asked, response) => {
      response.writeHead(status)
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
      return undefined
    }
    const driver = await stub.driver({ requestTimeout: 300 })
    expect(await failure(call(driver))).toBe('UNAVAILABLE')
  })
})

describe('a process without a file handle', () => {
  it('waits for one', async () => {
    let refusals = 3
    const client = new S3Client({
      ...{ region: 'us-east-1', endpoint: stub.endpoint, maxAttempts: 1 },
      ...{ credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, forcePathStyle: true },
      requestHandler: {
        handle: async () => {
          if (refusals-- > 0)
            throw Object.assign(new Error('connect EMFILE'), { code: 'EMFILE', syscall: 'connect' })
          return { response: { statusCode: 200, headers: { etag: '"1"' }, body: undefined } }
        },
      } as never,
    })
    const driver = await stub.driver({ client, endpoint: undefined })
    await driver.putContent('/a', 'x')
    expect(refusals).toBe(-1)
    refusals = Number.POSITIVE_INFINITY
    const few = await stub.driver({ client, endpoint: undefined, idleTimeout: 50 })
    expect(await failure(few.putContent('/a', 'x'))).toBe('UNAVAILABLE')
    client.destroy()
  })
})
