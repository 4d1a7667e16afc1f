// A file's own time, in the form that rclone's backend for Google Cloud Storage reads and writes. The server is a fake of
// ours: see test/fake/README.md.
import { collect, data } from './helpers/data.ts'
import { CHUNK } from './helpers/storages.ts'
import { newWorld, type World } from './helpers/world.ts'

const TIME = new Date('2001-02-03T04:05:06.789Z')
let world: World

beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world[Symbol.asyncDispose]())

it.each([10, CHUNK + 10])(
  'is metadata of the object, of %d bytes, and a listing has it',
  async (size) => {
    await world.driver.putContent('/put', data(size), { modTime: TIME })
    const writer = await world.driver.writer('/written', { modTime: TIME })
    await writer.write(data(size))
    await writer.commit()
    for (const name of ['put', 'written']) {
      expect(world.bucket.objects.get(name)?.metadata).toEqual({
        ...{ mtime: '2001-02-03T04:05:06.789Z', 'goog-reserved-file-mtime': '981173106' },
      })
    }
    world.proxy.reset()
    const walked = await collect(world.driver.walk('/'))
    expect(walked.map(({ modTime }) => modTime)).toEqual([TIME, TIME])
    expect(world.proxy.operations).toEqual(['objects.list'])
  },
)

it.each([
  [{ mtime: '2001-02-03T04:05:06.789123456Z' }, '2001-02-03T04:05:06.789Z'],
  [{ mtime: '2001-02-03T06:05:06+02:00' }, '2001-02-03T04:05:06.000Z'],
  [{ 'goog-reserved-file-mtime': '981173106' }, '2001-02-03T04:05:06.000Z'],
  [{ 'goog-reserved-file-mtime': '-1' }, '1969-12-31T23:59:59.000Z'],
  [{ mtime: '2001-02-03T04:05:06Z', 'goog-reserved-file-mtime': '1' }, '2001-02-03T04:05:06.000Z'],
  [{ mtime: 'a while ago', 'goog-reserved-file-mtime': '1' }, '1970-01-01T00:00:01.000Z'],
])('is read where others have kept it: %j', async (metadata, time) => {
  world.bucket.store('file', Buffer.from('x'), { metadata } as object, new URLSearchParams())
  expect((await world.driver.stat('/file')).modTime.toISOString()).toBe(time)
})

it.each([{}, { mtime: '' }, { mtime: '1' }, { 'goog-reserved-file-mtime': '1e3' }])(
  'is that of the upload where nobody has kept one: %j',
  async (metadata) => {
    world.bucket.store('file', Buffer.from('x'), { metadata } as object, new URLSearchParams())
    const { updated } = world.bucket.objects.get('file') ?? {}
    expect((await world.driver.stat('/file')).modTime).toEqual(updated)
  },
)

it('is kept by a move', async () => {
  await world.driver.putContent('/file', 'x', { modTime: TIME })
  await world.driver.move('/file', '/moved')
  expect((await world.driver.stat('/moved')).modTime).toEqual(TIME)
})
