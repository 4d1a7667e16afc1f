// Answers that say less than they should, or something else. The server is a fake of ours.
import { newSessionId } from '@stowage/driver-kit'
import { modTimeMetadata, modTimeOf } from '../src/mod-time.ts'
import { parse } from '../src/parameters.ts'
import { begunAt, decodeState } from '../src/state.ts'
import { always } from './helpers/answers.ts'
import { data } from './helpers/data.ts'
import { newWorld, type World } from './helpers/world.ts'

let world: World

beforeEach(async () => {
  world = await newWorld({ maxRetries: 0 })
})

afterEach(() => world[Symbol.asyncDispose]())

it.each([
  ['a page', '<html>portal</html>'],
  ['JSON of somebody else', '{"login":"/portal"}'],
  ['an error', JSON.stringify({ error: { code: 503, message: 'later', errors: [] } })],
])('a delete that is answered with 200 and %s is not believed', async (_, body) => {
  await world.driver.putContent('/file', 'x')
  world.fake.script = (exchange, server) =>
    exchange.request.method === 'DELETE' ? always(200, body)(exchange, server) : false
  const error = await world.driver.delete('/file').catch((reason) => reason)
  // What fails of one object is collected, and the rest is deleted all the same.
  const each = error.code === 'MULTIPLE' ? error.errors : [error]
  expect(each).toEqual([
    expect.objectContaining({ code: expect.stringMatching(/^(CONFIG|UNAVAILABLE|DRIVER)$/) }),
  ])
  await expect(world.driver.move('/file', '/other')).rejects.toThrow()
})

describe('a session of a writer on another machine', () => {
  beforeEach(async () => {
    const writer = await world.driver.writer('/file')
    await writer.write(data(10))
    await writer.close()
  })

  /** Says that such a writer has it, and hands out something else for the times. */
  function give(more: object): void {
    for (const [name, object] of world.bucket.objects) {
      const metadata = { ...object.metadata, stowageowner: `${'f'.repeat(16)}.1.${'0'.repeat(16)}` }
      world.bucket.objects.set(name, { ...object, metadata, ...more } as typeof object)
    }
  }

  it('stays that writer’s where the service’s Date is none', async () => {
    give({ updated: new Date() })
    world.proxy.rule = () => ({
      change: ({ status, headers }) => ({ status, headers: { ...headers, date: 'yesterday' } }),
    })
    await expect(world.driver.writer('/file', { append: true })).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
    })
  })

  it('is not purged for a time that is none', async () => {
    give({ updated: new Date() })
    for (const [name, object] of world.bucket.objects) {
      const metadata = { ...object.metadata, stowageowner: '', stowagebegun: '1e400' }
      world.bucket.objects.set(name, { ...object, metadata } as typeof object)
    }
    expect(await world.driver.purgeUploads('/', { olderThan: new Date(0) })).toEqual([])
  })
})

it.each(['1e400', '-1e400', '8.65e15', 'x'])('of %s a session’s id tells the time', (begun) => {
  const id = newSessionId('b')
  const time = begunAt(id, { stowagebegun: begun }, new Date())
  expect(Math.abs(time.getTime() - Date.now())).toBeLessThan(60_000)
})

it.each([{ uri: 5 }, { uri: { a: 1 } }, { stored: -1 }, { stored: 1.5 }, { crc: 'x' }])(
  'a state with %j cannot be read',
  (wrong) => {
    const head = JSON.stringify({ version: 1, uri: 'https://x', stored: 0, tail: 0, ...wrong })
    expect(() => decodeState(Buffer.from(`${head}\n`), '/a')).toThrow('cannot be read')
  },
)

it('parameters that were read from files end in a line break', () => {
  const given = {
    bucket: 'b',
    keyFile: '/key.json\n',
    endpoint: ' http://h:1 \n',
    userProject: 'p\r\n',
  }
  expect(parse(given, {})).toMatchObject({
    ...{ keyFile: '/key.json', endpoint: 'http://h:1', userProject: 'p' },
  })
  expect(parse({ bucket: 'b' }, { STORAGE_EMULATOR_HOST: ' h:1 \n' }).endpoint).toBe('http://h:1')
})

it.each([
  '+012026-01-01T00:00:00.500Z',
  '+275760-09-13T00:00:00.000Z',
  '-000001-01-01T00:00:00.500Z',
])('the time %s is kept', (text) => {
  const metadata = modTimeMetadata(new Date(text)) ?? {}
  expect(modTimeOf({ metadata, updated: new Date(5) })).toEqual(new Date(text))
})
