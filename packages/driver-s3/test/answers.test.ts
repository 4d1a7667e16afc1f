// What a service, or another server in its place, may answer: nothing of it is taken for an empty storage, a missing
// file, or a success. A stub says what no real service can be made to say.
import { inspect } from 'node:util'
import { isStorageError, type StorageDriver } from '@stowage/core'
import {
  type Answer,
  errorReply,
  HTML,
  listReply,
  type Reply,
  type Stub,
  startStub,
  uploadsReply,
} from './helpers/stub.ts'
import { collect, describeOn, failure, oneServer } from './helpers/world.ts'

const MIB = 2 ** 20
let stub: Stub
beforeAll(async () => {
  stub = await startStub(() => HTML)
})
afterAll(() => stub[Symbol.asyncDispose]())

async function driverFor(answer: Answer): Promise<StorageDriver> {
  stub.answer = answer
  return stub.driver()
}

const CALLS: Readonly<Record<string, (driver: StorageDriver) => Promise<unknown>>> = {
  stat: (driver) => driver.stat('/a'),
  'stat of the root': (driver) => driver.stat('/'),
  getContent: (driver) => driver.getContent('/a'),
  reader: (driver) => driver.reader('/a'),
  putContent: (driver) => driver.putContent('/a', 'x'),
  list: (driver) => collect(driver.list('/')),
  walk: (driver) => collect(driver.walk('/')),
  move: (driver) => driver.move('/a', '/b'),
  delete: (driver) => driver.delete('/a'),
  append: (driver) => driver.writer('/a', { append: true }),
  purgeUploads: (driver) => driver.purgeUploads('/'),
  commit: async (driver) => (await driver.writer('/a')).commit(),
  close: async (driver) => (await driver.writer('/a')).close(),
}

const NOT_FOUND: Readonly<Record<string, Reply>> = {
  'HTML from another server': { ...HTML, status: 404 },
  'an empty body': { status: 404 },
  'a wrong access key, as versitygw says it': errorReply(404, 'XAdminUserNotFound'),
  'a bucket that is missing': errorReply(404, 'NoSuchBucket'),
}

describe.each(Object.entries(NOT_FOUND))('404 with %s', (_, reply) => {
  it.each(Object.entries(CALLS))('is a configuration error for %s', async (_name, call) => {
    expect(await failure(call(await driverFor(() => reply)))).toBe('CONFIG')
  })
})

describe('404 with NoSuchKey', () => {
  it.each(['list', 'walk', 'putContent', 'commit', 'close', 'purgeUploads'])(
    'is a configuration error for %s, which names no key that may be missing',
    async (name) => {
      const driver = await driverFor(() => errorReply(404, 'NoSuchKey'))
      expect(await failure(CALLS[name]?.(driver) as Promise<unknown>)).toBe('CONFIG')
    },
  )

  it('is a missing file for getContent and reader', async () => {
    const driver = await driverFor(() => errorReply(404, 'NoSuchKey'))
    expect(await failure(driver.getContent('/a'))).toBe('PATH_NOT_FOUND')
    expect(await failure(driver.reader('/a'))).toBe('PATH_NOT_FOUND')
  })
})

const real = await oneServer('answers', 'versitygw')
describeOn(real)('a wrong access key on versitygw', () => {
  it.each(Object.entries(CALLS))('is a configuration error for %s', async (_, call) => {
    const driver = await real?.open('answers', { accessKey: 'AKIANOBODY', maxAttempts: 1 })
    expect(await failure(call(driver as StorageDriver))).toBe('CONFIG')
    await driver?.close()
  })
})

/** Answers for a storage with these files, but for the operations that are given. */
function service(
  keys: readonly string[],
  changed: Readonly<Record<string, Reply | Answer>>,
): Answer {
  const usual: Readonly<Record<string, Reply>> = {
    HeadObject: { headers: { etag: '"1"', 'content-length': '1' } },
    GetObject: { headers: { etag: '"1"' }, body: 'x' },
    PutObject: { headers: { etag: '"1"' } },
    UploadPart: { headers: { etag: '"1"' } },
    DeleteObject: { status: 204 },
    ListMultipartUploads: uploadsReply(),
    DeleteObjects: { body: '<DeleteResult/>' },
    CopyObject: { body: '<CopyObjectResult><ETag>"1"</ETag></CopyObjectResult>' },
    CreateMultipartUpload: {
      body: '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
    },
    CompleteMultipartUpload: {
      body: '<CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>',
    },
    AbortMultipartUpload: { status: 204 },
  }
  return (asked, response) => {
    const { operation, url } = asked
    const reply = changed[operation]
    if (typeof reply === 'function') return reply(asked, response)
    if (reply !== undefined) return reply
    if (operation !== 'ListObjectsV2') return usual[operation] ?? errorReply(404, 'NoSuchUpload')
    const prefix = url.searchParams.get('prefix') ?? ''
    return listReply({ keys: keys.filter((key) => key.startsWith(prefix)) })
  }
}

describe('an answer with status 200', () => {
  const ERROR: Reply = { body: '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>' }
  const CASES: readonly [operation: string, call: (driver: StorageDriver) => Promise<unknown>][] = [
    ['ListObjectsV2', CALLS.walk as never],
    ['ListMultipartUploads', CALLS.purgeUploads as never],
    ['DeleteObjects', (driver) => driver.delete('/d')],
    ['CopyObject', (driver) => driver.move('/a', '/b')],
    ['CreateMultipartUpload', CALLS.close as never],
    [
      'CompleteMultipartUpload',
      async (driver) => {
        const writer = await driver.writer('/a')
        await writer.write(Buffer.alloc(11 * MIB))
        await writer.commit()
      },
    ],
    ['PutObject', CALLS.putContent as never],
  ]

  it.each(CASES)('and an error in it fails: %s', async (operation, call) => {
    const driver = await driverFor(service(['d/a', 'd/b'], { [operation]: ERROR }))
    expect(await failure(call(driver))).toBe('PERMISSION_DENIED')
  })

  it.each(CASES.filter(([operation]) => operation !== 'DeleteObjects'))(
    'that is a web page fails: %s',
    async (operation, call) => {
      const driver = await driverFor(service(['d/a', 'd/b'], { [operation]: HTML }))
      expect(await failure(call(driver))).toBe('CONFIG')
    },
  )

  it('that is a web page leads from deleting in batches to deleting one by one', async () => {
    const driver = await driverFor(service(['d/a', 'd/b'], { DeleteObjects: HTML }))
    const before = stub.asked.length
    await driver.delete('/d')
    const asked = stub.asked.slice(before).map(({ operation }) => operation)
    expect(asked.filter((name) => name === 'DeleteObject')).toHaveLength(2)
  })

  it('without an id, an ETag or a result fails', async () => {
    const empty = { body: '<InitiateMultipartUploadResult/>' }
    const create = await driverFor(service([], { CreateMultipartUpload: empty }))
    expect(await failure(CALLS.close?.(create) as never)).toBe('DRIVER')
    const part = await driverFor(service([], { UploadPart: {} }))
    expect(await failure(CALLS.close?.(part) as never)).toBe('DRIVER')
  })
})

describe('a page that cannot be believed', () => {
  const TRUNCATED = '<IsTruncated>true</IsTruncated>'
  const AGAIN = `${TRUNCATED}<NextContinuationToken>T</NextContinuationToken>`
  const PAGES: Readonly<Record<string, Reply>> = {
    'more without a token': listReply({ keys: ['d/a'], more: TRUNCATED }),
    'the same token again': listReply({ keys: ['d/a'], more: AGAIN }),
    'the same token again, and no keys': listReply({ more: AGAIN }),
    'a key that is not under the prefix': listReply({ keys: ['zzzz/q'] }),
    'a key with a path out of the prefix': listReply({ keys: ['a/../d/b'] }),
    'a negative size': listReply({ keys: ['d/a'], size: '-5' }),
    'a size that is no number': listReply({ keys: ['d/a'], size: 'NaN' }),
    'a size with a fraction': listReply({ keys: ['d/a'], size: '1.5' }),
    'directories in the place of files': listReply({
      more: '<CommonPrefixes><Prefix>d/x/</Prefix></CommonPrefixes>',
    }),
    'a key that is not encoded': {
      body: '<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>d/%zz</Key><Size>1</Size></Contents></ListBucketResult>',
    },
  }
  const USES: Readonly<Record<string, (driver: StorageDriver) => Promise<unknown>>> = {
    list: (driver) => collect(driver.list('/d')),
    walk: (driver) => collect(driver.walk('/d')),
    delete: (driver) => driver.delete('/d'),
    move: (driver) => driver.move('/d', '/e'),
  }
  const cases = Object.entries(PAGES).flatMap(([what, page]) =>
    Object.entries(USES).map(([name, use]) => ({ what, page, name, use })),
  )

  it.each(cases)('$what ends $name after few requests', async ({ page, use }) => {
    const answer = service([], { ListObjectsV2: page, HeadObject: { status: 404 } })
    const driver = await driverFor(answer)
    const before = stub.asked.length
    expect(await failure(use(driver))).toBe('DRIVER')
    expect(stub.asked.length - before).toBeLessThan(10)
  })

  it.each([
    ['more uploads, and not where', uploadsReply(['d/a'], TRUNCATED)],
    [
      'the same marker again',
      uploadsReply(
        ['d/a'],
        `${TRUNCATED}<NextKeyMarker>d/a</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>`,
      ),
    ],
    ['an upload that is not under the prefix', uploadsReply(['q'])],
  ])('%s ends append, purge and delete', async (_, page) => {
    const driver = await driverFor(service([], { ListMultipartUploads: page }))
    expect(await failure(driver.writer('/d/x', { append: true }))).toBe('DRIVER')
    expect(await failure(driver.delete('/d'))).toBe('DRIVER')
    expect(await failure(driver.purgeUploads('/d', { dryRun: true }))).toBe('DRIVER')
  })

  it.each([
    [
      'more parts, and not where',
      `${TRUNCATED}<Part><PartNumber>1</PartNumber><ETag>"1"</ETag><Size>5242880</Size></Part>`,
    ],
    ['a marker 0', `${TRUNCATED}<NextPartNumberMarker>0</NextPartNumberMarker>`],
    [
      'the same marker again',
      `${TRUNCATED}<NextPartNumberMarker>1</NextPartNumberMarker><Part><PartNumber>1</PartNumber><ETag>"1"</ETag><Size>5242880</Size></Part>`,
    ],
    ['a part without a size', '<Part><PartNumber>1</PartNumber><ETag>"1"</ETag></Part>'],
    [
      'a negative size of a part',
      '<Part><PartNumber>1</PartNumber><ETag>"1"</ETag><Size>-5</Size></Part>',
    ],
  ])('%s ends append before a byte is lost', async (_, parts) => {
    const driver = await driverFor(
      service([], {
        ListMultipartUploads: uploadsReply(['big']),
        ListParts: { body: `<ListPartsResult>${parts}</ListPartsResult>` },
      }),
    )
    expect(await failure(driver.writer('/big', { append: true }))).toBe('DRIVER')
  })
})

describe('an error that repeats a secret in its code and its request id', () => {
  it.each(['SECRETSESSIONTOKEN', '<a>SECRETSESSIONTOKEN</a>'])('shows none of %s', async (text) => {
    stub.answer = () => ({
      status: 400,
      headers: { 'x-amz-request-id': 'SECRETSESSIONTOKEN', 'x-amz-id-2': 'SECRETSESSIONTOKEN' },
      body: `<Error><Code>${text}</Code><Message>m</Message><RequestId>${text}</RequestId></Error>`,
    })
    const driver = await stub.driver({ sessionToken: 'SECRETSESSIONTOKEN' })
    for (const [name, call] of Object.entries(CALLS)) {
      const error = await call(driver).catch((caught: unknown) => caught)
      expect([name, isStorageError(error)]).toEqual([name, true])
      const shown = inspect(error, { showHidden: true, depth: 9 }) + JSON.stringify(error)
      expect(shown).not.toContain('SECRET')
    }
  })
})

describe('a redirect to elsewhere', () => {
  it.each([301, 302, 303, 307, 308])('with status %i is not followed', async (status) => {
    await using elsewhere = await startStub(() => ({ body: 'x' }))
    const location = `${elsewhere.endpoint}/b/a`
    for (const [name, call] of Object.entries(CALLS)) {
      const driver = await driverFor(() => ({ status, headers: { location } }))
      expect([name, await failure(call(driver))]).toEqual([name, 'CONFIG'])
    }
    expect(elsewhere.asked).toEqual([])
  })
})
