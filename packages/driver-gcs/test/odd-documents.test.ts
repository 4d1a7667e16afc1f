// Pages, documents and bodies that no service should send. The server is a fake of ours.

import { jest } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import type { Script } from './fake/server.ts'
import { always, CALLS, error } from './helpers/answers.ts'
import { collect, data } from './helpers/data.ts'
import { CHUNK } from './helpers/storages.ts'
import { newWorld, type World } from './helpers/world.ts'

let world: World
let driver: StorageDriver

beforeEach(async () => {
  world = await newWorld({ maxRetries: 0 })
  driver = world.driver
})

afterEach(() => world[Symbol.asyncDispose]())

describe('a listing', () => {
  const item = { name: 'a', size: '1', updated: '2026-01-01T00:00:00Z' }
  const LISTINGS = Object.entries(CALLS).filter(([name]) =>
    ['list', 'walk', 'purgeUploads', 'delete'].includes(name),
  )
  const lists = (page: (count: number) => unknown): Script => {
    let count = 0
    return (exchange, server) =>
      exchange.path.endsWith('/o') ? always(200, page(count++))(exchange, server) : false
  }

  it.each(LISTINGS)('that does not advance is an error, in %s', async (_, call) => {
    for (const items of [undefined, [item]]) {
      world.fake.script = lists(() => ({ nextPageToken: 'same', items }))
      await expect(call(driver)).rejects.toMatchObject({ code: 'DRIVER' })
      expect(world.fake.log.length).toBeLessThan(20)
    }
    world.fake.script = lists((count) => ({ nextPageToken: `token ${count % 3}` }))
    await expect(call(driver)).rejects.toMatchObject({ code: 'DRIVER' })
  })

  it('of a directory’s stat and move that does not advance is one as well', async () => {
    world.fake.script = lists(() => ({ nextPageToken: 'same' }))
    await expect(driver.stat('/dir')).rejects.toMatchObject({ code: 'DRIVER' })
    await expect(driver.move('/dir', '/to')).rejects.toMatchObject({ code: 'DRIVER' })
  })

  it.each([
    { items: [{ ...item, name: 'a/../b' }] },
    { items: [{ ...item, name: 'zzzz/q' }] },
    { items: [{ ...item, name: '../../x' }] },
    { items: [{ ...item, name: 7 }] },
    { items: [{ size: '1' }] },
    ...['-5', 'NaN', '12abc', '', '1e400', '9'.repeat(17), -5, null].map((size) => ({
      items: [{ ...item, name: 'root/dir/a', size }],
    })),
    { items: [{ ...item, name: 'root/dir/a', updated: 'yesterday' }] },
    { items: [null] },
    { items: 'abc' },
    { items: {} },
    { prefixes: { a: 1 } },
    { prefixes: ['zzz/'] },
    { prefixes: [null] },
  ])('with %j is not believed', async (page) => {
    const storage = await world.open({ rootDirectory: '/root' })
    world.fake.script = lists(() => page)
    for (const entries of [
      storage.walk('/dir'),
      storage.list('/dir'),
    ] as AsyncIterable<unknown>[]) {
      await expect(collect(entries)).rejects.toMatchObject({ code: 'DRIVER' })
    }
  })
})

describe('an answer in the place of a document', () => {
  it.each(['null', '{', '[]', '"text"', '7', '', '<html>log in</html>'])(
    'is an error of the driver: %j',
    async (body) => {
      world.fake.script = (exchange, server) =>
        // Bytes are what content is.
        exchange.query.has('alt') ? false : always(200, body)(exchange, server)
      for (const [name, call] of Object.entries(CALLS)) {
        if (name === 'getContent' || name === 'reader') continue
        const failed = await call(driver).catch((thrown: unknown) => thrown)
        expect([name, failed]).toEqual([
          name,
          expect.objectContaining({ code: expect.any(String) }),
        ])
        expect(['DRIVER', 'CONFIG', 'MULTIPLE']).toContain((failed as { code: string }).code)
        expect(String(failed)).not.toMatch(/TypeError|SyntaxError|JSON at/)
      }
    },
  )

  it('is the error that it holds, whatever the status, and is tried again', async () => {
    const storage = await world.open({ maxRetries: 1 })
    let left = 1
    world.fake.script = (exchange, server) =>
      left-- > 0 ? always(200, error(503, 'backendError', 'later'))(exchange, server) : false
    await storage.putContent('/file', 'x')
    world.fake.script = always(200, error(403, 'forbidden', 'no'))
    await expect(storage.stat('/file')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(storage.putContent('/file', 'y')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    })
  })

  it('to the last bytes of an upload publishes nothing that is not there', async () => {
    for (const body of [error(503, 'backendError', 'later'), '<html>', 'null']) {
      const writer = await driver.writer('/file')
      await writer.write(data(CHUNK + 10))
      world.fake.script = (exchange, server) =>
        exchange.method === 'PUT' ? always(200, body)(exchange, server) : false
      await expect(writer.commit()).rejects.toMatchObject({ code: expect.any(String) })
      world.fake.script = undefined
      await writer.commit()
      expect((await driver.stat('/file')).size).toBe(CHUNK + 10)
      await driver.delete('/file')
    }
  })

  it.each([
    { size: '-1' },
    { size: undefined },
    { size: 'NaN' },
    { updated: 'never' },
    { name: 1 },
  ])('of an object with %j is not believed by stat', async (odd) => {
    const object = { name: 'file', generation: '1', size: '1', updated: '2026-01-01T00:00:00Z' }
    world.fake.script = always(200, { ...object, ...odd })
    await expect(driver.stat('/file')).rejects.toMatchObject({ code: 'DRIVER' })
  })
})

describe('content', () => {
  it.each([
    ['x-goog-stored-content-length', '-5'],
    ['x-goog-stored-content-length', 'many'],
    ['x-goog-stored-content-length', ''],
  ])('whose length is told as %s: %j is not taken for none', async (name, value) => {
    world.fake.script = ({ reply }) => {
      reply.writeHead(200, { [name]: value, 'x-goog-generation': '1' })
      reply.end('some bytes')
      return true
    }
    await expect(driver.getContent('/file')).rejects.toMatchObject({ code: 'CONTENT' })
  })

  it.each([
    'bytes 2-9/2',
    'bytes 2-1/10',
    'bytes 2-10/10',
    'bytes 3-9/10',
    'bytes 2-9/*',
    'bytes 2-',
  ])('of a range that cannot be is not taken for its end: %s', async (range) => {
    world.fake.script = ({ reply }) => {
      reply.writeHead(206, { 'content-range': range, 'x-goog-generation': '1' })
      reply.end('12345678')
      return true
    }
    await expect(driver.reader('/file', { offset: 3 })).rejects.toMatchObject({ code: 'CONTENT' })
  })
})

it('a server that does not begin a listing where it is asked to is not asked for ever', async () => {
  const storage = await world.open({ pageSize: 1 })
  for (let i = 0; i < 3; i++) await (await storage.writer(`/dir/${i}`)).close()
  await storage.putContent('/file', 'x')
  world.fake.script = ({ query }) => {
    query.delete('startOffset')
    return false
  }
  expect((await collect(storage.walk('/'))).map(({ path }) => path)).toEqual(['/file'])
  expect(world.fake.log.length).toBeLessThan(40)
})

describe('a copy', () => {
  it.each([
    { done: false },
    { done: false, rewriteToken: '' },
    { done: false, rewriteToken: 'same', totalBytesRewritten: '1' },
    { rewriteToken: 'same' },
    {},
    { done: 'yes' },
  ])('that answers %j is not done: the source stays', async (body) => {
    await driver.putContent('/file', 'x')
    world.fake.script = (exchange, server) =>
      exchange.path.includes('/rewriteTo/') ? always(200, body)(exchange, server) : false
    await expect(driver.move('/file', '/to')).rejects.toMatchObject({ code: 'DRIVER' })
    expect(world.names()).toEqual(['file'])
  })
})

describe('a body without end', () => {
  const endless: Script = ({ request, reply, method }) => {
    request.resume()
    reply.writeHead(method === 'GET' ? 200 : 400, { 'content-type': 'application/json' })
    const part = Buffer.alloc(1 << 20, ' ')
    const more = (): void => {
      while (!reply.destroyed && reply.write(part));
      reply.once('drain', more)
    }
    more()
    return true
  }

  it('of a page or an error is cut off', async () => {
    world.fake.script = endless
    const before = process.memoryUsage().rss
    await expect(collect(driver.list('/'))).rejects.toMatchObject({ code: 'DRIVER' })
    await expect(driver.putContent('/file', 'x')).rejects.toMatchObject({ code: 'DRIVER' })
    expect(process.memoryUsage().rss - before).toBeLessThan(400 << 20)
  })

  it('that sends a byte now and then ends after a time', async () => {
    jest.useFakeTimers({
      doNotFake: ['setInterval', 'setImmediate', 'nextTick', 'performance', 'Date'],
    })
    try {
      let timer: NodeJS.Timeout | undefined
      world.fake.script = ({ request, reply }) => {
        request.resume()
        reply.writeHead(200, { 'content-type': 'application/json' })
        timer = setInterval(() => reply.write(' '), 50)
        reply.on('close', () => clearInterval(timer))
        return true
      }
      const listing = collect(driver.list('/')).catch((thrown: unknown) => thrown)
      while (timer === undefined) await new Promise((done) => setImmediate(done))
      jest.advanceTimersByTime(301_000)
      expect(await listing).toMatchObject({ code: 'UNAVAILABLE' })
    } finally {
      jest.useRealTimers()
    }
  })
})

describe('what a service repeats of what it was sent', () => {
  it('is in no error, in whatever field', async () => {
    const storage = await world.open({ credentials: { type: 'service_account', private_key: 'k' } })
    const token = `ya29.${'token0123456789'.repeat(3)}`
    for (const body of [
      error(400, token, `Bearer ${token}`),
      error(400, `a ${token}`, token),
      { error: { message: { a: token }, errors: [{ reason: { b: token } }] } },
      `authorization: Bearer ${token}`,
    ]) {
      world.fake.script = always(400, body)
      const thrown = await storage.getContent('/file').catch((caught: unknown) => caught)
      expect(JSON.stringify([thrown, String(thrown), (thrown as Error).stack])).not.toContain(
        'token0',
      )
    }
  })

  it.each([
    ['blanks', `x${' '.repeat(100_000)}y`],
    ['Bearer', 'Bearer '.repeat(20_000)],
    ['names', 'mname'.repeat(40_000)],
  ])('is cleaned in no time: %s', async (_, message) => {
    world.fake.script = always(400, error(400, 'invalid', message))
    const begun = performance.now()
    await expect(driver.getContent('/file')).rejects.toMatchObject({ code: 'DRIVER' })
    expect(performance.now() - begun).toBeLessThan(2000)
  })
})
