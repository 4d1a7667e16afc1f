import type { StorageDriver } from '@stowage/core'
import type { Fault } from '@stowage/testsuite'
import { until } from '@stowage-internal/jest-preset/patience'
import { AS_WHOLE, cutAfter, LOST, refused, stallAfter } from './helpers/faults.ts'
import { PART } from './helpers/storages.ts'
import {
  beforeEachOn,
  clientOf,
  data,
  describeOn,
  failure,
  itUnless,
  oneServer,
  type World,
} from './helpers/world.ts'

// Every reply that is lost, cut or refused here is made up by the proxy; the store behind it is real.
const server = await oneServer('faults')
const onServer = describeOn(server)
let world: World
let root: string
let driver: StorageDriver
beforeEachOn(server, { maxAttempts: 2 }, (given) => {
  ;({ world, root, driver } = given)
})

const content = async (path: string): Promise<Buffer> => Buffer.from(await driver.getContent(path))

async function upload(path: string, bytes: Buffer) {
  const writer = await driver.writer(path)
  await writer.write(bytes)
  return writer
}

onServer('a read whose body breaks', () => {
  const bytes = data(2 * PART)

  it('goes on at the next byte of the same revision, again and again', async () => {
    await driver.putContent('/a', bytes)
    world.fail('GetObject', cutAfter(700_001), 4)
    const seen = await world.proxy.during(async () => {
      expect((await content('/a')).equals(bytes)).toBe(true)
    })
    expect(seen).toEqual(Array(5).fill('GetObject'))
    const [first, second] = world.proxy.seen
    expect(first?.headers.range).toBeUndefined()
    expect(second?.headers.range).toMatch(new RegExp(`^bytes=\\d+-${bytes.length - 1}$`))
    expect(second?.headers['if-match']).toBeDefined()
  })

  it('fails when it breaks without a byte of progress, and never ends short', async () => {
    await driver.putContent('/a', bytes)
    world.fail('GetObject', cutAfter(0), 100)
    expect(await failure(content('/a'))).toBe('UNAVAILABLE')
  })

  it('fails with RevisionChangedError where the file was replaced meanwhile', async () => {
    await driver.putContent('/a', bytes)
    world.fail('GetObject', cutAfter(100_000))
    const reader = await driver.reader('/a')
    const put = driver.putContent('/a', data(2 * PART, 7))
    const read = async (): Promise<void> => {
      await put
      for await (const _ of reader);
    }
    expect(await failure(read())).toBe('REVISION_CHANGED')
  })

  it('finds out by itself where the store takes no notice of If-Match', async () => {
    const client = clientOf({ ...world.parameters, endpoint: world.proxy.endpoint })
    client.middlewareStack.add(
      (next) => (args) => next({ ...args, input: { ...args.input, IfMatch: undefined } }),
      { step: 'initialize' },
    )
    const lax = await world.driver(root, { client })
    await driver.putContent('/a', bytes)
    world.fail('GetObject', cutAfter(100_000))
    const reader = await lax.reader('/a')
    await driver.putContent('/a', data(2 * PART, 7))
    const read = async (): Promise<void> => {
      for await (const _ of reader);
    }
    expect(await failure(read())).toBe('REVISION_CHANGED')
    client.destroy()
  })

  it('fails with RevisionChangedError where the file was deleted meanwhile', async () => {
    await driver.putContent('/a', bytes)
    world.fail('GetObject', cutAfter(100_000))
    const reader = await driver.reader('/a')
    await driver.delete('/a')
    const read = async (): Promise<void> => {
      for await (const _ of reader);
    }
    expect(await failure(read())).toBe('REVISION_CHANGED')
  })

  it('goes on where the store falls silent', async () => {
    const impatient = await world.driver(root, { idleTimeout: 2_000 })
    await driver.putContent('/a', bytes)
    world.fail('GetObject', stallAfter(1_000_000))
    expect(Buffer.from(await impatient.getContent('/a')).equals(bytes)).toBe(true)
  })
})

onServer('a reader', () => {
  it('refuses an answer that ignores its range', async () => {
    await driver.putContent('/a', data(1000))
    world.fail('GetObject', AS_WHOLE)
    expect(await failure(driver.reader('/a', { offset: 10 }))).toBe('CONTENT')
  })

  it('frees its socket when it is destroyed, before the first byte and after', async () => {
    await driver.putContent('/a', data(4 * PART))
    await world.rest()
    const alone = await world.driver(root)
    await until(async () => (await world.proxy.connections()) === 0)
    for (const wait of [false, true]) {
      const reader = await alone.reader('/a')
      if (wait) await new Promise((first) => reader.once('data', first))
      expect(await world.proxy.connections()).toBe(1)
      reader.destroy()
      await until(async () => (await world.proxy.connections()) === 0)
    }
  })
})

onServer('a commit', () => {
  it('whose answer is lost succeeds: the object there is compared', async () => {
    const bytes = data(PART + 9)
    const writer = await upload('/a', bytes)
    // Amazon answers a repeated completion with success for a while, as Ceph does; later, and elsewhere, so:
    const faults = [LOST, refused(404, 'NoSuchUpload')]
    world.proxy.rule = ({ operation }) =>
      operation === 'CompleteMultipartUpload' ? faults.shift() : undefined
    const seen = await world.proxy.during(() => writer.commit())
    expect(seen.slice(-3)).toEqual([
      'CompleteMultipartUpload',
      'CompleteMultipartUpload',
      'HeadObject',
    ])
    expect((await content('/a')).equals(bytes)).toBe(true)
  })

  it.each<[string, Fault, string]>([
    ['an error', refused(500, 'InternalError'), 'UNAVAILABLE'],
    ['an error in an answer 200', refused(200, 'InternalError'), 'UNAVAILABLE'],
    ['too many requests', refused(503, 'SlowDown'), 'THROTTLED'],
  ])('that failed with %s can be made again', async (_, fault, code) => {
    const bytes = data(PART + 9)
    await driver.putContent('/a', 'old')
    const writer = await upload('/a', bytes)
    world.fail('CompleteMultipartUpload', fault, 2)
    expect(await failure(writer.commit())).toBe(code)
    expect(String(await content('/a'))).toBe('old')
    await writer.commit()
    expect((await content('/a')).equals(bytes)).toBe(true)
    expect(await world.uploads(root)).toEqual([])
  })

  it('that failed leaves an upload that another process continues', async () => {
    const bytes = data(PART + 9)
    const writer = await upload('/a', bytes)
    world.fail('CompleteMultipartUpload', refused(500, 'InternalError'), 2)
    expect(await failure(writer.commit())).toBe('UNAVAILABLE')
    await writer.close()
    const next = await driver.writer('/a', { append: true })
    expect(next.size).toBe(bytes.length)
    await next.write(Buffer.from('more'))
    await next.commit()
    expect((await content('/a')).equals(Buffer.concat([bytes, Buffer.from('more')]))).toBe(true)
  })

  itUnless(server, 'abort-then-500')(
    'of an upload that was removed fails with UploadNotFoundError',
    async () => {
      // Closed first: some stores let a part that is under way survive the removal.
      await (await upload('/a', data(PART + 9))).close()
      const writer = await driver.writer('/a', { append: true })
      const other = await world.driver(root)
      await other.delete('/a')
      expect(await failure(writer.commit())).toBe('UPLOAD_NOT_FOUND')
    },
  )

  it('of a small file whose answer is lost is made again by the SDK', async () => {
    const writer = await upload('/a', data(9))
    world.fail('PutObject', LOST)
    await writer.commit()
    expect((await content('/a')).equals(data(9))).toBe(true)
  })
})

onServer('a writer', () => {
  it('sends as many parts at a time as it was told, and holds the caller back meanwhile', async () => {
    const two = await world.driver(root, { concurrency: 2 })
    let pass: (value: unknown) => void = () => {}
    const held = new Promise((done) => {
      pass = done
    })
    world.fail('UploadPart', { hold: () => held }, 99)
    const writer = await two.writer('/a')
    const bytes = data(6 * PART)
    let written = 0
    const writing = (async () => {
      for (let at = 0; at < bytes.length; at += PART / 2) {
        written += await writer.write(bytes.subarray(at, at + PART / 2))
      }
    })()
    world.proxy.reset()
    const parts = (): number => world.proxy.operations.filter((one) => one === 'UploadPart').length
    await until(() => parts() === 2 && written === 3 * PART)
    // Nothing more moves while the two are on their way: another request would be seen at once.
    await two.stat('/')
    expect([parts(), written]).toEqual([2, 3 * PART])
    pass(undefined)
    await writing
    await writer.commit()
    expect((await content('/a')).equals(bytes)).toBe(true)
  })

  it('keeps nothing of the memory that a caller hands over', async () => {
    const writer = await driver.writer('/a')
    const bytes = data(PART + 100)
    const chunk = Buffer.alloc(1000)
    for (let at = 0; at < bytes.length; at += chunk.length) {
      const count = bytes.copy(chunk, 0, at)
      await writer.write(chunk.subarray(0, count))
      chunk.fill(0)
    }
    await writer.commit()
    expect((await content('/a')).equals(bytes)).toBe(true)
  })
})

onServer('a part', () => {
  it('that failed is sent again alone, by the SDK', async () => {
    const bytes = data(3 * PART)
    world.fail('UploadPart', refused(503, 'SlowDown'))
    const seen = await world.proxy.during(async () => (await upload('/a', bytes)).commit())
    expect(seen.filter((operation) => operation === 'UploadPart')).toHaveLength(4)
    expect((await content('/a')).equals(bytes)).toBe(true)
  })

  it('that failed for good is kept: close sends it again, and nothing is lost', async () => {
    const bytes = data(3 * PART)
    const writer = await driver.writer('/a')
    world.fail('UploadPart', refused(500, 'InternalError'), 2)
    await writer.write(bytes).catch(() => {})
    await writer.close()
    const next = await driver.writer('/a', { append: true })
    await next.write(bytes.subarray(next.size))
    await next.commit()
    expect((await content('/a')).equals(bytes)).toBe(true)
  })

  it('that is on its way at a cancel does not bring the upload back', async () => {
    const writer = await driver.writer('/a')
    let pass: (value: unknown) => void = () => {}
    const held = new Promise((done) => {
      pass = done
    })
    world.fail('UploadPart', { hold: () => held }, 9)
    await writer.write(data(3 * PART))
    await until(() => world.proxy.operations.includes('UploadPart'))
    const cancelled = writer.cancel()
    pass(undefined)
    await cancelled
    expect(await world.uploads(root)).toEqual([])
    expect(await world.keys(root)).toEqual([])
  })

  it('that is on its way at an abort leaves no upload', async () => {
    const stop = new AbortController()
    const writer = await driver.writer('/a', { signal: stop.signal })
    world.fail('UploadPart', { hold: () => new Promise((done) => setTimeout(done, 50)) }, 9)
    await writer.write(data(3 * PART))
    stop.abort()
    await writer.cancel()
    expect(await world.uploads(root)).toEqual([])
  })
})

onServer('a move', () => {
  const inParts = { multipartCopyThresholdSize: PART, multipartCopyChunkSize: PART }

  it.each(['CopyObject', 'UploadPartCopy'])(
    'keeps the source where %s answers 200 with an error',
    async (operation) => {
      const bytes = data(2 * PART + 1)
      const mover = await world.driver(root, {
        maxAttempts: 1,
        ...(operation === 'CopyObject' ? {} : inParts),
      })
      await driver.putContent('/a', bytes)
      world.fail(operation, refused(200, 'InternalError'), 9)
      expect(await failure(mover.move('/a', '/b'))).toBe('UNAVAILABLE')
      world.proxy.rule = () => undefined
      expect((await content('/a')).equals(bytes)).toBe(true)
      expect(await failure(driver.stat('/b'))).toBe('PATH_NOT_FOUND')
      expect(await world.uploads(root)).toEqual([])
    },
  )

  it('of a directory keeps every source where one copy fails', async () => {
    for (const name of ['1', '2', '3']) await driver.putContent(`/a/${name}`, name)
    world.proxy.rule = ({ operation, url }) =>
      operation === 'CopyObject' && url.pathname.endsWith('/2')
        ? refused(403, 'AccessDenied')
        : undefined
    expect(await failure(driver.move('/a', '/b'))).toBe('PERMISSION_DENIED')
    world.proxy.rule = () => undefined
    expect((await world.keys(root)).filter((key) => key.startsWith('/a/'))).toHaveLength(3)
  })
})

onServer('a delete', () => {
  it('names what could not be deleted', async () => {
    for (const name of ['1', '2']) await driver.putContent(`/a/${name}`, name)
    world.fail('DeleteObjects', refused(501, 'NotImplemented'))
    const before = world.proxy.rule
    world.proxy.rule = (seen) =>
      seen.operation === 'DeleteObject' && seen.url.pathname.endsWith('/2')
        ? refused(403, 'AccessDenied')
        : before(seen)
    const error = await driver.delete('/a').catch((caught) => caught)
    expect(error.code).toBe('MULTIPLE')
    expect(error.errors.map((one: { path: string }) => one.path)).toEqual(['/a/2'])
  })

  it('reads the errors in an answer 200: what is gone already is fine', async () => {
    for (const name of ['1', '2']) await driver.putContent(`/a/${name}`, name)
    const entry = (name: string, code: string): string =>
      `<Error><Key>${root}/a/${name}</Key><Code>${code}</Code><Message>made up</Message></Error>`
    const answer = `<DeleteResult>${entry('1', 'NoSuchKey')}${entry('2', 'AccessDenied')}</DeleteResult>`
    world.fail('DeleteObjects', { answer: { status: 200, body: answer } })
    const error = await driver.delete('/a').catch((caught) => caught)
    expect(error).toMatchObject({
      code: 'MULTIPLE',
      errors: [{ code: 'PERMISSION_DENIED', path: '/a/2' }],
    })
  })

  describe('of which a batch has left two, for a reason that may pass,', () => {
    beforeEach(async () => {
      for (const name of ['1', '2']) await driver.putContent(`/a/${name}`, name)
      const failed = ['1', '2'].map(
        (name) => `<Error><Key>${root}/a/${name}</Key><Code>InternalError</Code></Error>`,
      )
      const body = `<DeleteResult>${failed.join('')}</DeleteResult>`
      world.fail('DeleteObjects', { answer: { status: 200, body } })
    })

    it('removes them one by one', async () => {
      const seen = await world.proxy.during(() => driver.delete('/a'))
      expect(seen.filter((operation) => operation.startsWith('Delete'))).toEqual([
        ...['DeleteObjects', 'DeleteObject', 'DeleteObject'],
      ])
      expect(await world.keys(root)).toEqual([])
    })

    it('ends with the first that fails again, and names both', async () => {
      const before = world.proxy.rule
      const alone = new Set<string | undefined>()
      world.proxy.rule = (seen) => {
        if (seen.operation !== 'DeleteObject') return before(seen)
        alone.add(seen.url.pathname.at(-1))
        return refused(500, 'InternalError')
      }
      const error = await driver.delete('/a').catch((caught) => caught)
      expect(error.errors).toMatchObject([
        { code: 'UNAVAILABLE', path: '/a/1' },
        { code: 'UNAVAILABLE', path: '/a/2' },
      ])
      expect([...alone]).toEqual(['1'])
      world.proxy.rule = () => undefined
      expect(await world.keys(root)).toHaveLength(2)
    })
  })

  it('of what others write and delete at the same time does not fail', async () => {
    const clients = Array.from({ length: 4 }, () => world.driver(root))
    for (let round = 0; round < 20; round++) {
      for (const name of ['1', '2']) await driver.putContent(`/a/${name}`, name)
      const calls = clients.flatMap(async (client) => {
        const other = await client
        const put = other.putContent('/a/1', `${round}`)
        const deleted = other.delete('/a').catch((error) => {
          if (error.code !== 'PATH_NOT_FOUND') throw error
        })
        await Promise.all([put, deleted])
      })
      await Promise.all(calls)
    }
  })

  it.each([
    ['wants a digest', 400, 'MissingContentMD5', ['DeleteObjects', 'DeleteObjects']],
    ['knows no batches', 501, 'NotImplemented', ['DeleteObjects', 'DeleteObject', 'DeleteObject']],
  ])('finds a way with a store that %s', async (_, status, code, expected) => {
    for (const name of ['1', '2']) await driver.putContent(`/a/${name}`, name)
    world.fail('DeleteObjects', refused(status, code))
    const seen = await world.proxy.during(() => driver.delete('/a'))
    expect(seen.filter((operation) => operation.startsWith('Delete'))).toEqual(expected)
    if (status === 400) {
      expect(world.proxy.seen.at(-1)?.headers['content-md5']).toMatch(/^[\w+/]{22}==$/)
    }
    expect(await world.keys(root)).toEqual([])
  })
})

onServer('an error', () => {
  it.each([
    ['HeadObject', 301, 'PermanentRedirect', 'CONFIG'],
    ['HeadObject', 400, 'BadRequest', 'CONFIG'],
    ['HeadObject', 403, 'AccessDenied', 'PERMISSION_DENIED'],
    ['HeadObject', 408, 'RequestTimeout', 'UNAVAILABLE'],
    ['HeadObject', 500, 'InternalError', 'UNAVAILABLE'],
    ['HeadObject', 503, 'SlowDown', 'UNAVAILABLE'],
  ])(
    'of %s with status %i is never taken for "not there"',
    async (operation, status, code, expected) => {
      await driver.putContent('/a', 'x')
      world.fail(operation, refused(status, code), 2)
      expect(await failure(driver.stat('/a'))).toBe(expected)
    },
  )

  it('of a missing bucket is a ConfigError', async () => {
    const lost = await world.driver(root, { bucket: 'no-such-bucket-here' })
    expect(await failure(lost.stat('/a'))).toBe('CONFIG')
    expect(await failure(lost.getContent('/a'))).toBe('CONFIG')
    expect(await failure(lost.putContent('/a', 'x'))).toBe('CONFIG')
  })

  it('of a store that cannot be reached is an UnavailableError', async () => {
    const lost = await world.driver(root, { endpoint: 'http://127.0.0.1:1', maxAttempts: 1 })
    expect(await failure(lost.stat('/a'))).toBe('UNAVAILABLE')
  })
})
