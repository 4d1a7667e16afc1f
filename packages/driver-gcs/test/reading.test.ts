// Bodies that break, lie, or change midway. The server is a fake of ours behind a proxy that does harm.

import { gzipSync } from 'node:zlib'
import { until } from '@stowage-internal/jest-preset/patience'
import { data } from './helpers/data.ts'
import { first, newWorld, type World } from './helpers/world.ts'

const content = data(200_000)
const MEDIA = 'objects.get media'
let world: World

beforeEach(async () => {
  world = await newWorld()
  await world.driver.putContent('/file', content)
  world.proxy.reset()
})

afterEach(() => world[Symbol.asyncDispose]())

const read = async (): Promise<Buffer> => Buffer.from(await world.driver.getContent('/file'))
const store = (bytes: Buffer, about = {}): unknown =>
  world.bucket.store('file', bytes, about, new URLSearchParams())

it('a body that breaks again and again is read on from the next byte of the same generation', async () => {
  world.proxy.rule = () => ({ cutReply: { after: 50_000, how: 'close' } })
  expect((await read()).equals(content)).toBe(true)
  const { generation } = world.bucket.objects.get('file') ?? {}
  expect(
    world.proxy.seen.map(({ headers, url }) => [headers.range, url.searchParams.get('generation')]),
  ).toEqual([
    [undefined, null],
    ...[50_000, 100_000, 150_000].map((at) => [`bytes=${at}-${content.length - 1}`, generation]),
  ])
})

it('a body that goes silent is read to its end', async () => {
  world.proxy.rule = first(1, MEDIA, { cutReply: { after: 1000, how: 'stall' } })
  const driver = await world.open({ idleTimeout: 2_000 })
  expect(Buffer.from(await driver.getContent('/file')).equals(content)).toBe(true)
})

it('a caller who does not read for a while is not a silent server', async () => {
  const stream = await (await world.open({ idleTimeout: 1_000 })).reader('/file')
  const chunks: Buffer[] = []
  for await (const chunk of stream) {
    chunks.push(chunk)
    // Longer than a socket may be silent.
    if (chunks.length === 1) await new Promise((done) => setTimeout(done, 1_500))
  }
  expect(Buffer.concat(chunks).equals(content)).toBe(true)
})

it('a body that brings nothing in any attempt is an error', async () => {
  world.proxy.rule = ({ operation }) =>
    operation === MEDIA ? { cutReply: { after: 0, how: 'close' } } : undefined
  await expect(read()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

it.each(['replaced', 'removed'])(
  'a file that is %s while its body breaks is never mixed',
  async (how) => {
    world.proxy.rule = first(1, MEDIA, { cutReply: { after: 1000, how: 'close' } })
    const stream = await world.driver.reader('/file')
    if (how === 'replaced') store(data(content.length, 2))
    else await world.driver.delete('/file')
    await expect(stream.toArray()).rejects.toMatchObject({ code: 'REVISION_CHANGED' })
  },
)

it('a server that goes on with another generation is not believed', async () => {
  let count = 0
  world.proxy.rule = () =>
    ++count === 1
      ? { cutReply: { after: 1000, how: 'close' } }
      : {
          change: ({ status, headers }) => ({
            status,
            headers: { ...headers, 'x-goog-generation': '1' },
          }),
        }
  // Not getContent: that reads a file that was replaced from its start again.
  const stream = await world.driver.reader('/file')
  await expect(stream.toArray()).rejects.toMatchObject({ code: 'REVISION_CHANGED' })
})

it.each([
  ['another range', { 'content-range': 'bytes 0-9/10' }, 206],
  ['all of it', { 'content-range': undefined }, 200],
])('an answer with %s instead of the range is an error', async (_what, headers, status) => {
  world.proxy.rule = () => ({
    change: (head) => ({ status, headers: { ...head.headers, ...headers } }),
  })
  await expect(world.driver.reader('/file', { offset: 5 })).rejects.toMatchObject({
    code: 'CONTENT',
  })
})

it('content that is not what the service has stored is an error at its end', async () => {
  world.proxy.rule = () => ({
    change: ({ status, headers }) => ({
      status,
      headers: { ...headers, 'x-goog-hash': 'crc32c=AAAAAA==' },
    }),
  })
  await expect(read()).rejects.toMatchObject({ code: 'CONTENT' })
  const stream = await world.driver.reader('/file')
  await expect(stream.toArray()).rejects.toMatchObject({ code: 'CONTENT' })
  // Of a part nobody knows the checksum.
  const part = await world.driver.reader('/file', { offset: 10, length: 5 })
  expect(Buffer.concat(await part.toArray()).equals(content.subarray(10, 15))).toBe(true)
})

it('what other tools have stored with an encoding is read as it is stored, whole and in ranges', async () => {
  const zipped = gzipSync(content)
  store(zipped, { contentEncoding: 'gzip' })
  expect((await world.driver.stat('/file')).size).toBe(zipped.length)
  expect((await read()).equals(zipped)).toBe(true)
  const part = await world.driver.reader('/file', { offset: 100, length: 50 })
  expect(Buffer.concat(await part.toArray()).equals(zipped.subarray(100, 150))).toBe(true)
})

it('content that somebody has compressed or decompressed on the way is an error', async () => {
  world.proxy.rule = () => ({
    change: ({ status, headers }) => ({
      status,
      headers: { ...headers, 'content-encoding': 'gzip' },
    }),
  })
  await expect(read()).rejects.toMatchObject({ code: 'CONTENT' })
})

it('a reader makes one request, at any offset, the end and an empty file included', async () => {
  await world.driver.putContent('/empty', '')
  for (const [path, options] of [
    ['/file', {}],
    ['/file', { offset: 1 }],
    ['/file', { offset: content.length }],
    ['/file', { length: 0 }],
    ['/empty', {}],
    ['/empty', { length: 5 }],
  ] as const) {
    const sent = await world.proxy.during(async () => {
      await (await world.driver.reader(path, options)).toArray()
    })
    expect([path, options, sent]).toEqual([path, options, [MEDIA]])
  }
  const ranges = world.proxy.seen.map(({ headers }) => headers.range)
  expect(ranges).not.toContain('bytes=0-')
})

it('a destroyed stream frees its socket at once', async () => {
  store(data(4_000_000))
  const driver = await world.open({ idleTimeout: 600_000 })
  const streams = await Promise.all(Array.from({ length: 5 }, () => driver.reader('/file')))
  const before = await world.proxy.connections()
  for (const stream of streams) stream.destroy()
  await until(async () => (await world.proxy.connections()) === before - 5)
})

it('an aborted read makes no further request', async () => {
  world.proxy.rule = () => ({ cutReply: { after: 1000, how: 'stall' } })
  const control = new AbortController()
  const reading = world.driver.getContent('/file', { signal: control.signal })
  reading.catch(() => {})
  while (world.proxy.operations.length === 0) await new Promise((done) => setImmediate(done))
  control.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
  world.proxy.rule = () => undefined
  for (let i = 0; i < 20; i++) await world.driver.stat('/file')
  expect(world.proxy.operations.filter((name) => name === MEDIA)).toHaveLength(1)
})
