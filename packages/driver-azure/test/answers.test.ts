// What an answer means is told by the service's own code and by the operation, never by the status alone.
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import type { AzureParameters } from '@stowage/driver-azure'
import { collect } from './helpers/storages.ts'
import {
  type Answer,
  CALLS,
  entry,
  html,
  listing,
  refusing,
  type Stub,
  startStub,
} from './helpers/stub.ts'

const opened: Stub[] = []

afterEach(async () => {
  for (const stub of opened.splice(0)) await stub[Symbol.asyncDispose]()
})

async function answering(answer: Answer, more: AzureParameters = {}): Promise<StorageDriver> {
  const stub = await startStub(answer)
  opened.push(stub)
  return stub.open({ blockSize: 64, ...more })
}

const names = Object.keys(CALLS)
const call = (name: string, driver: StorageDriver): Promise<unknown> =>
  CALLS[name]?.(driver) ?? Promise.reject(new Error(name))

describe('an endpoint that is not Azure is a wrong configuration, and never an empty storage', () => {
  test.each(names)('404 with HTML: %s', async (name) => {
    const driver = await answering(html(404))
    await expect(call(name, driver)).rejects.toMatchObject({ code: 'CONFIG' })
  })

  test.each(names)('404 with a code that the service does not have: %s', async (name) => {
    const driver = await answering(refusing(404, 'XAdminUserNotFound'))
    await expect(call(name, driver)).rejects.toMatchObject({ code: 'CONFIG' })
  })

  test.each(names)('200 with HTML: %s', async (name) => {
    const driver = await answering(html(200))
    await expect(call(name, driver)).rejects.toMatchObject({
      code: expect.stringMatching(/^(CONFIG|CONTENT)$/),
    })
  })

  test.each(names)('a redirect to elsewhere is not followed: %s', async (name) => {
    let reached = 0
    const elsewhere = await startStub((_request, response) => {
      reached++
      response.end()
    })
    opened.push(elsewhere)
    const driver = await answering(html(307, { location: elsewhere.url }))
    await expect(call(name, driver)).rejects.toMatchObject({ code: 'CONFIG' })
    expect(reached).toBe(0)
  })

  test('a redirect to the same host is not followed', async () => {
    const stub = await startStub(html(307, { location: '/other' }))
    opened.push(stub)
    await expect((await stub.open()).getContent('/file')).rejects.toMatchObject({ code: 'CONFIG' })
    expect(stub.asked).toEqual(['GET /account/files/file'])
  })

  test.each([
    ['putContent', 'BlobNotFound'],
    ['list', 'BlobNotFound'],
    ['a large write', 'ResourceNotFound'],
  ])(
    '"not found" for a request that names nothing that may be missing: %s, %s',
    async (name, code) => {
      const driver = await answering(refusing(404, code))
      await expect(call(name, driver)).rejects.toMatchObject({ code: 'CONFIG' })
    },
  )

  test.each(['getContent', 'reader', 'reader of nothing'])(
    'the service’s own "not found" is a missing file: %s',
    async (name) => {
      const driver = await answering(refusing(404, 'BlobNotFound'))
      await expect(call(name, driver)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    },
  )
})

describe('a refusal is what its code says', () => {
  test.each([
    [409, 'LeaseAlreadyPresent', 'PERMISSION_DENIED', 'lease'],
    [412, 'LeaseIdMissing', 'PERMISSION_DENIED', 'lease'],
    [412, 'LeaseIdMismatchWithBlobOperation', 'PERMISSION_DENIED', 'lease'],
    [412, 'LeaseNotPresentWithBlobOperation', 'PERMISSION_DENIED', 'lease'],
    [412, 'LeaseLost', 'PERMISSION_DENIED', 'lease'],
    [409, 'LeaseIsBreakingAndCannotBeAcquired', 'PERMISSION_DENIED', 'lease'],
    [409, 'BlobImmutableDueToPolicy', 'PERMISSION_DENIED', 'immutability'],
    [409, 'BlobImmutableDueToLegalHold', 'PERMISSION_DENIED', 'legal hold'],
    [409, 'ContainerHasLegalHold', 'PERMISSION_DENIED', 'legal hold'],
    [409, 'ContainerImmutabilityPolicyLocked', 'PERMISSION_DENIED', 'immutability'],
    [403, 'UnauthorizedBlobOverwrite', 'PERMISSION_DENIED', ''],
    [403, 'AuthorizationPermissionMismatch', 'PERMISSION_DENIED', ''],
    [403, 'AuthenticationFailed', 'CONFIG', ''],
    [403, 'KeyBasedAuthenticationNotPermitted', 'CONFIG', ''],
    [409, 'AccountIsDisabled', 'CONFIG', ''],
    [409, 'ContainerBeingDeleted', 'CONFIG', ''],
    [404, 'ContainerNotFound', 'CONFIG', ''],
    [409, 'BlobUsesCustomerSpecifiedEncryption', 'CONFIG', ''],
    [409, 'BlobArchived', 'DRIVER', 'tier'],
    [409, 'BlobBeingRehydrated', 'DRIVER', 'archive'],
    [409, 'SnapshotsPresent', 'DRIVER', 'SnapshotsPresent'],
    [409, 'BlobOverwritten', 'DRIVER', 'BlobOverwritten'],
    [409, 'InvalidBlobTier', 'DRIVER', ''],
    [409, 'BlockCountExceedsLimit', 'DRIVER', ''],
    [409, 'SnapshotOperationRateExceeded', 'THROTTLED', ''],
    [409, 'PendingCopyOperation', 'UNAVAILABLE', 'copy'],
    [409, 'SystemInUse', 'UNAVAILABLE', ''],
    [409, 'SomethingNew', 'DRIVER', 'SomethingNew'],
    [412, 'SomethingNew', 'DRIVER', 'SomethingNew'],
    [400, 'InvalidResourceName', 'INVALID_PATH', ''],
    [400, 'Md5Mismatch', 'CONTENT', ''],
    [503, 'ServerBusy', 'THROTTLED', ''],
    [500, 'OperationTimedOut', 'UNAVAILABLE', ''],
    [507, 'InsufficientStorage', 'NO_SPACE', ''],
  ])('%d %s is %s', async (status, code, expected, hint) => {
    const driver = await answering(refusing(status, code))
    const error = await driver.putContent('/file', 'x').catch((caught: Error) => caught)
    expect(error).toMatchObject({ code: expected, message: expect.stringContaining(hint) })
  })

  test.each([
    '<Code><a>1</a></Code><Message>m</Message>',
    '<Code>A</Code><Code>B</Code><Message><b/></Message>',
    '',
  ])('an error document of another form is a typed error: %j', async (inside) => {
    const driver = await answering((_request, response) => {
      response.writeHead(400, { 'content-type': 'application/xml' })
      response.end(`<?xml version="1.0"?><Error>${inside}</Error>`)
    })
    await expect(collect(driver.list('/'))).rejects.toMatchObject({ code: 'DRIVER' })
  })
})

describe('a length must be told', () => {
  const answered = (headers: Record<string, string>, body?: string): Answer => {
    return (_request, response) => {
      response.writeHead(200, {
        etag: '"1"',
        'last-modified': new Date(0).toUTCString(),
        ...headers,
      })
      response.end(body)
    }
  }

  test.each(['stat', 'reader of nothing', 'move', 'append'])(
    'HEAD without Content-Length: %s',
    async (name) => {
      const driver = await answering((request, response) => {
        if (request.url?.includes('comp=list')) listing('')(request, response)
        else answered({ 'transfer-encoding': 'chunked' })(request, response)
      })
      await expect(call(name, driver)).rejects.toMatchObject({ code: 'CONTENT' })
    },
  )

  test('GET without Content-Length is no empty file', async () => {
    const driver = await answering(answered({ 'transfer-encoding': 'chunked' }, 'bytes'))
    await expect(driver.getContent('/file')).rejects.toMatchObject({ code: 'CONTENT' })
  })

  test('a body shorter than it was said to be is an error', async () => {
    const driver = await answering((_request, response) => {
      response.writeHead(200, { etag: '"1"', 'content-length': 10 })
      response.write('short')
      setImmediate(() => response.destroy())
    })
    await expect(driver.getContent('/file')).rejects.toMatchObject({
      code: expect.stringMatching(/^(UNAVAILABLE|CONTENT)$/),
    })
  })

  test.each([-5, 'NaN', '1e400', '', 0.5])(
    'a size of %j in a listing is an error',
    async (size) => {
      const driver = await answering(listing(entry('a', size)))
      await expect(collect(driver.walk('/'))).rejects.toMatchObject({ code: 'DRIVER' })
    },
  )
})

describe('a page is checked before it is believed', () => {
  test.each(['list', 'walk', 'append', 'purgeUploads', 'stat of the root', 'delete', 'move'])(
    'a marker that does not advance ends %s',
    async (name) => {
      const stub = await startStub((request, response) => {
        if (request.method === 'HEAD') return refusing(404, 'BlobNotFound')(request, response)
        listing('', 'same')(request, response)
      })
      opened.push(stub)
      await expect(call(name, await stub.open())).rejects.toMatchObject({
        code: 'DRIVER',
        message: expect.stringContaining('does not advance'),
      })
      expect(stub.asked.length).toBeLessThan(8)
    },
  )

  test('markers that come again later end a walk, too', async () => {
    let page = 0
    const driver = await answering((request, response) =>
      listing(entry(`f${page}`), `m${page++ % 5}`)(request, response),
    )
    await expect(collect(driver.walk('/'))).rejects.toMatchObject({ code: 'DRIVER' })
    expect(page).toBeLessThan(30)
  })

  test.each(['a/../b', 'zzzz/q', '../../x', 'root/dirt'])(
    'a key outside of what was asked for is an error: %s',
    async (key) => {
      const driver = await answering(listing(entry('root/dir/ok') + entry(key)), {
        rootDirectory: '/root',
      })
      await expect(collect(driver.walk('/dir'))).rejects.toMatchObject({ code: 'DRIVER' })
    },
  )
})

describe('bodies without end', () => {
  /** Writes for ever, as quickly as it is read. */
  const endless = (status: number, start: string, more: string): [Answer, () => number] => {
    let bytes = 0
    const answer: Answer = (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/xml' })
      response.write(start)
      const push = (): void => {
        for (;;) {
          if (response.destroyed) return
          bytes += more.length
          if (!response.write(more)) break
        }
        response.once('drain', push)
      }
      push()
    }
    return [answer, () => bytes]
  }

  test('of an error: its beginning is enough', async () => {
    const [answer, bytes] = endless(400, '<Error><Message>', 'x'.repeat(65_536))
    const driver = await answering(answer)
    await expect(collect(driver.list('/'))).rejects.toMatchObject({ code: 'DRIVER' })
    expect(bytes()).toBeLessThan(32 * 2 ** 20)
  })

  test('of a listing: an error after 64 MiB', async () => {
    const blobs = entry('a'.repeat(900)).repeat(60)
    const [answer, bytes] = endless(200, '<EnumerationResults><Blobs>', blobs)
    const driver = await answering(answer)
    await expect(collect(driver.list('/'))).rejects.toMatchObject({ code: 'CONTENT' })
    expect(bytes()).toBeLessThan(128 * 2 ** 20)
  })
})

test('a listing that is compressed is an error at once, however large it would become', async () => {
  const stub = await startStub((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/xml', 'content-encoding': 'gzip' })
    response.end(gzipSync(Buffer.alloc(2 ** 20, ' ')))
  })
  opened.push(stub)
  const driver = await stub.open({ maxRetries: 3 })
  await expect(collect(driver.list('/'))).rejects.toMatchObject({ code: 'CONTENT' })
  expect(stub.asked).toHaveLength(1)
})

describe('what a service repeats', () => {
  test('a signature, a key and a token in the code or the id do not come into the error', async () => {
    const sasToken = 'sv=1&sig=SASSIGsassig0123456789'
    for (const more of [{ sasToken }, {}]) {
      const stub = await startStub((request, response) => {
        const said = request.headers.authorization ?? request.url?.replace('&', ' ') ?? ''
        const echo = said.replace(/^SharedKey account:/, '')
        response.writeHead(400, {
          ...{
            'x-ms-error-code': echo,
            'x-ms-request-id': echo,
            'content-type': 'application/xml',
          },
        })
        response.end(`<Error><Code>${echo}</Code><Message>${echo}</Message></Error>`)
      })
      opened.push(stub)
      const error = await (await stub.open(more)).getContent('/file').catch((caught) => caught)
      const { inspect } = await import('node:util')
      const shown = inspect(error, { depth: 9 }) + JSON.stringify(error)
      expect(shown).not.toContain('SASSIG')
      expect(shown).not.toMatch(/[A-Za-z0-9+/]{40,}=/)
    }
  })
})
