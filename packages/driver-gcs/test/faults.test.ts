// What happens to the data when something goes wrong. The server is a fake of ours (test/fake/README.md): no server that
// somebody else wrote can be made to store bytes in part, to end a session midway, or to lose its final answer.

import { ServerResponse } from 'node:http'
import { jest } from '@jest/globals'
import { until } from '@stowage-internal/jest-preset/patience'
import { bodyOf } from './fake/exchange.ts'
import type { Script } from './fake/server.ts'
import { collect, data } from './helpers/data.ts'
import { CHUNK } from './helpers/storages.ts'
import { first, LOST, newWorld, refused, type World } from './helpers/world.ts'

const long = data(3 * CHUNK + 100)
let world: World

beforeEach(async () => {
  world = await newWorld({ maxRetries: 3 })
})

afterEach(() => world[Symbol.asyncDispose]())

async function write(path: string, content: Uint8Array = long): Promise<void> {
  const writer = await world.driver.writer(path)
  await writer.write(content)
  await writer.commit()
}

/** The file is whole, and nothing else is left. */
async function holds(path: string, content: Uint8Array): Promise<void> {
  expect(Buffer.compare(await world.driver.getContent(path), content)).toBe(0)
  expect(world.names()).toEqual([path.slice(1)])
  expect(world.openUploads()).toBe(0)
}

/** For the first so many requests that fit, the fake does this instead. */
function instead(times: number, fits: (range: string) => boolean, script: Script): Script {
  let left = times
  return (exchange, server) => {
    const range = String(exchange.request.headers['content-range'] ?? '')
    const uploads = exchange.query.has('upload_id') && exchange.method === 'PUT'
    return uploads && fits(range) && left-- > 0 ? script(exchange, server) : false
  }
}

const isChunk = (range: string): boolean => !range.startsWith('bytes */')
const isLast = (range: string): boolean => isChunk(range) && !range.endsWith('/*')

const WRITES = ['upload: start', 'upload: chunk', 'objects.insert', 'objects.delete']

describe('a writer', () => {
  it.each(WRITES)('neither loses nor repeats data when the reply to %s is lost', async (name) => {
    world.proxy.rule = first(1, name, LOST)
    await write('/file')
    expect(Buffer.compare(await world.driver.getContent('/file'), long)).toBe(0)
    expect(world.names()).toEqual(['file'])
  })

  it.each(WRITES)('tries %s again that was refused', async (name) => {
    world.proxy.rule = first(2, name, refused(503))
    await write('/file')
    await holds('/file', long)
  })

  it('sends only what is missing where the service has stored a part of a chunk', async () => {
    world.fake.script = instead(1, isChunk, async (exchange, server) => {
      await server.uploads.keepPart(exchange, 100_000)
      return true
    })
    const writer = await (await world.open({ chunkSize: 4 * CHUNK })).writer('/file')
    const bytes = data(9 * CHUNK)
    await writer.write(bytes)
    await writer.commit()
    await holds('/file', bytes)
  })

  it('takes 308 without a Range for nothing stored, and sends the chunk again', async () => {
    world.fake.script = instead(2, isChunk, async (exchange, server) => {
      await server.uploads.keepPart(exchange, 0)
      return true
    })
    await write('/file')
    await holds('/file', long)
    const chunks = world.proxy.operations.filter((name) => name === 'upload: chunk')
    expect(chunks).toHaveLength(4 + 2)
  })

  it('asks how far the session is after a connection that was cut midway', async () => {
    let cuts = 2
    world.proxy.rule = ({ operation }) =>
      operation === 'upload: chunk' && cuts-- > 0
        ? { cutRequest: { after: 100_000, how: 'reset' } }
        : undefined
    await write('/file')
    await holds('/file', long)
    const { operations } = world.proxy
    for (const [i, name] of operations.entries()) {
      // Each cut chunk is followed by the question, never by bytes on a guess.
      if (name === 'upload: status') expect(operations[i - 1]).toBe('upload: chunk')
    }
    expect(operations.filter((name) => name === 'upload: status')).toHaveLength(2)
  })

  it('finds its file committed although the last answer is lost', async () => {
    world.proxy.rule = ({ operation, headers }) =>
      operation === 'upload: chunk' && isLast(String(headers['content-range'])) ? LOST : undefined
    await write('/file')
    await holds('/file', long)
  })

  it('finds it also where the session is forgotten by then: the object tells', async () => {
    world.fake.script = instead(1, isLast, async (exchange, server) => {
      await server.answer({ ...exchange, reply: new ServerResponse(exchange.request) })
      server.uploads.end(404)
      exchange.reply.destroy()
      return true
    })
    await write('/file')
    await holds('/file', long)
  })

  it.each([404, 410] as const)(
    'fails with a typed error where the session ends with %d midway',
    async (gone) => {
      await world.driver.putContent('/file', 'old')
      const writer = await world.driver.writer('/file')
      await writer.write(long.subarray(0, 2 * CHUNK))
      world.fake.uploads.end(gone)
      await expect(writer.write(long)).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
      await writer.cancel()
      await holds('/file', Buffer.from('old'))
    },
  )

  it('does not take another file’s end for its own', async () => {
    const writer = await world.driver.writer('/file')
    await writer.write(long.subarray(0, 2 * CHUNK))
    await world.driver.putContent('/file', 'another one')
    world.fake.uploads.end(410)
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
    await writer.cancel()
    await holds('/file', Buffer.from('another one'))
  })

  it('fails where the service does not take its bytes, although it has none but those', async () => {
    world.proxy.rule = ({ operation }) =>
      operation === 'upload: chunk' ? refused(400, 'invalid') : undefined
    const sent = await world.proxy.during(() =>
      expect(write('/file')).rejects.toMatchObject({ code: 'DRIVER', retryable: false }),
    )
    expect(sent.filter((name) => name === 'upload: chunk')).toHaveLength(1)
  })

  it('has the service check the content against what was written', async () => {
    // A byte turns over on the way.
    world.fake.script = instead(1, isLast, async (exchange, server) => {
      await server.uploads.keepPart(exchange, 100, (bytes) => bytes.fill(1))
      return true
    })
    await world.driver.putContent('/file', 'old')
    await expect(write('/file')).rejects.toMatchObject({ code: 'CONTENT' })
    expect(String(await world.driver.getContent('/file'))).toBe('old')
  })

  it('has it checked also where the answer to the last bytes is lost', async () => {
    world.fake.script = instead(1, isLast, async ({ query, request, reply }, { uploads }) => {
      const session = uploads.sessions.get(query.get('upload_id') ?? '')
      const bytes = (await bodyOf(request)).fill(1)
      if (session) session.content = Buffer.concat([session.content, bytes])
      reply.destroy()
      return true
    })
    await expect(write('/file')).rejects.toMatchObject({ code: 'CONTENT' })
    expect(world.bucket.objects.has('file')).toBe(false)
  })

  it('commits where nothing may be changed for a time, however long it writes', async () => {
    world.bucket.retained = true
    const begun = Date.now()
    const writer = await world.driver.writer('/file')
    await writer.write(long.subarray(0, 2 * CHUNK))
    // Its lease is due by now, and its state must not be changed.
    jest.spyOn(Date, 'now').mockReturnValue(begun + 40_000)
    await writer.write(long.subarray(2 * CHUNK))
    await writer.commit()
    jest.restoreAllMocks()
    expect(Buffer.compare(await world.driver.getContent('/file'), long)).toBe(0)
    await expect(world.driver.putContent('/file', 'x')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    })
    await expect(world.driver.delete('/file')).rejects.toMatchObject({ code: 'MULTIPLE' })
  })

  it.each([
    ['upload: chunk', 'write'],
    ['upload: chunk', 'commit'],
    ['objects.insert', 'close'],
  ])('can be continued after %s has failed for good in %s', async (name, method) => {
    const writer = await world.driver.writer('/file')
    await writer.write(long.subarray(0, method === 'close' ? 10 : CHUNK + 10))
    world.proxy.rule = first(99, name, refused(503))
    const failing =
      method === 'write' ? writer.write(long.subarray(CHUNK + 10)) : writer[method as 'commit']()
    await expect(failing).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    world.proxy.rule = () => undefined
    if (method === 'commit') {
      await writer.commit()
      return holds('/file', long.subarray(0, CHUNK + 10))
    }
    await writer.close()
    const next = await world.driver.writer('/file', { append: true })
    await next.write(long.subarray(next.size))
    await next.commit()
    await holds('/file', long)
  })

  it('gives up on a service that stays silent, and leaves an upload', async () => {
    const writer = await (await world.open({ idleTimeout: 2_000, maxRetries: 1 })).writer('/file')
    await writer.write(long.subarray(0, CHUNK + 10))
    world.proxy.rule = ({ operation }) =>
      operation.startsWith('upload: ') ? { hold: () => new Promise(() => {}) } : undefined
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    world.proxy.rule = () => undefined
    await writer.commit()
    await holds('/file', long.subarray(0, CHUNK + 10))
  })
})

describe('requests', () => {
  it('wait a second at least where one object has changed too often', async () => {
    world.bucket.limitChanges = true
    await world.driver.putContent('/file', 'one')
    const begun = Date.now()
    await world.driver.putContent('/file', 'two')
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1000)
    expect(String(await world.driver.getContent('/file'))).toBe('two')
  })

  it('wait as long as the service asks for', async () => {
    await world.driver.putContent('/file', 'x')
    world.proxy.rule = first(1, 'objects.get', refused(503, 'backendError', 1))
    const begun = Date.now()
    await world.driver.stat('/file')
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1000)
  })

  it.each([
    [403, 'rateLimitExceeded', 'THROTTLED'],
    [403, 'forbidden', 'PERMISSION_DENIED'],
    // Retention: the object must not be changed or removed yet.
    [403, 'retentionPolicyNotMet', 'PERMISSION_DENIED'],
    [401, 'authError', 'CONFIG'],
    [501, 'notImplemented', 'DRIVER'],
    [503, 'backendError', 'UNAVAILABLE'],
    [408, 'requestTimeout', 'UNAVAILABLE'],
  ])('that are refused with %d %s are %s', async (status, reason, code) => {
    const driver = await world.open({ maxRetries: 0 })
    world.proxy.rule = () => refused(status, reason)
    await Promise.all(
      [
        driver.getContent('/file'),
        driver.putContent('/file', 'x'),
        driver.stat('/file'),
        collect(driver.list('/')),
        driver.writer('/file', { append: true }),
        driver.move('/file', '/other'),
        driver.purgeUploads('/'),
      ].map((call) => expect(call).rejects.toMatchObject({ code })),
    )
  })

  it('are sent once where they are refused for good', async () => {
    world.proxy.rule = () => refused(403, 'retentionPolicyNotMet')
    const sent = await world.proxy.during(async () => {
      await world.driver.putContent('/file', 'x').catch(() => {})
    })
    expect(sent).toEqual(['objects.insert'])
  })

  it('end at once when they are aborted while they wait for the next attempt', async () => {
    world.proxy.rule = () => refused(503, 'backendError', 100)
    const control = new AbortController()
    const call = world.driver.stat('/file', { signal: control.signal })
    call.catch(() => {})
    while (world.proxy.operations.length === 0) await new Promise((done) => setImmediate(done))
    control.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
    expect(world.proxy.operations).toEqual(['objects.get'])
  })
})

describe('a delete and a move', () => {
  it('succeed where the reply to what they did is lost', async () => {
    await world.driver.putContent('/file', 'x')
    world.proxy.rule = first(1, 'objects.delete', LOST)
    await world.driver.delete('/file')
    await world.driver.putContent('/one', 'x')
    for (const name of ['objects.rewrite', 'objects.delete']) {
      world.proxy.rule = first(1, name, LOST)
      const [from, to] = name === 'objects.rewrite' ? ['/one', '/two'] : ['/two', '/three']
      await world.driver.move(from as string, to as string)
    }
    expect(world.names()).toEqual(['three'])
  })

  it('find nothing where there was nothing, however often they must ask', async () => {
    world.proxy.rule = first(2, 'objects.delete', refused(429, 'rateLimitExceeded'))
    await expect(world.driver.delete('/file')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  })

  it('name what could not be removed, and remove the rest', async () => {
    for (const name of ['a', 'b', 'c']) await world.driver.putContent(`/dir/${name}`, 'x')
    world.proxy.rule = ({ operation, url }) =>
      operation === 'objects.delete' && url.pathname.endsWith('b')
        ? refused(403, 'retentionPolicyNotMet')
        : undefined
    await expect(world.driver.delete('/dir')).rejects.toMatchObject({
      code: 'MULTIPLE',
      errors: [expect.objectContaining({ code: 'PERMISSION_DENIED', path: '/dir/b' })],
    })
    expect(world.names()).toEqual(['dir/b'])
  })

  it('do not remove a source that was replaced meanwhile', async () => {
    await world.driver.putContent('/file', 'one')
    world.proxy.rule = first(1, 'objects.delete', {
      hold: () => {
        const none = new URLSearchParams()
        world.bucket.store('file', Buffer.from('two'), {}, none)
      },
    })
    // It counts as one that came after the move.
    await world.driver.move('/file', '/other')
    expect(String(await world.driver.getContent('/file'))).toBe('two')
    expect(String(await world.driver.getContent('/other'))).toBe('one')
  })
})

test('a request that is repeated after close leaves no connection', async () => {
  await write('/file', long.subarray(0, 10))
  const driver = await world.open()
  let held = true
  world.proxy.rule = () => (held ? { hold: () => new Promise(() => {}) } : undefined)
  await world.driver.close()
  const stat = driver.stat('/file')
  while (world.proxy.busy === 0) await new Promise((done) => setImmediate(done))
  held = false
  // Its socket is ended, and the driver tries again.
  await driver.close()
  expect((await stat).size).toBe(10)
  await until(async () => (await world.proxy.connections()) === 0)
})
