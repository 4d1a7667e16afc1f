// What other tools leave in a bucket: markers of folders, names that are no paths, unfinished uploads of the original.
import { collect } from './helpers/data.ts'
import { newWorld, type World } from './helpers/world.ts'

const PARKED = {
  contentType: 'application/x-docker-upload-session',
  metadata: { 'Session-URI': 'https://www.googleapis.com/upload/x', Offset: '262144' },
}
let world: World

beforeEach(async () => {
  world = await newWorld({ pageSize: 2 })
})

afterEach(() => world[Symbol.asyncDispose]())

const put = (name: string, content = '', about = {}): unknown =>
  world.bucket.store(name, Buffer.from(content), about, new URLSearchParams())
const list = (path: string): Promise<string[]> => collect(world.driver.list(path))
const walk = async (path: string): Promise<string[]> =>
  (await collect(world.driver.walk(path))).map((entry) => entry.path)

it('a marker is no file, and a directory with nothing else is none', async () => {
  for (const name of ['empty/', 'dir/', 'dir/file', 'dir/sub/', 'dir/sub/deep/']) put(name, '')
  expect(await list('/')).toEqual(['/dir'])
  expect(await list('/dir')).toEqual(['/dir/file'])
  expect(await walk('/')).toEqual(['/dir', '/dir/file'])
  for (const path of ['/empty', '/dir/sub']) {
    await expect(world.driver.stat(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(list(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  }
  expect(await world.driver.stat('/dir')).toMatchObject({ isDir: true, size: 0 })
})

it('markers go with their directory: a move deletes them at both ends, a delete with the rest', async () => {
  for (const name of ['dir/', 'dir/sub/', 'dir/empty/', 'to/', 'to/old/']) put(name)
  for (const name of ['dir/file', 'dirt']) put(name, 'x')
  await world.driver.move('/dir', '/to')
  expect(world.names()).toEqual(['dirt', 'to/file'])
  put('to/')
  await world.driver.delete('/to')
  expect(world.names()).toEqual(['dirt'])
})

it('what no path can name moves along with its directory, a marker that is not empty too', async () => {
  for (const name of ['dir//x', 'dir/data/', 'dir/file', 'to//old']) put(name, name)
  await world.driver.move('/dir', '/to')
  expect(world.names()).toEqual(['to//x', 'to/data/', 'to/file'])
})

it('a name that is no path is no entry, and does not hide others', async () => {
  for (const name of ['a//b', '../x', 'a/./c', 'a/ok', 'a\u0007', 'z']) put(name, 'x')
  expect(await walk('/')).toEqual(['/a', '/a/ok', '/z'])
  expect(await list('/')).toEqual(['/a', '/z'])
})

it('an unfinished upload of the original is no file in any call', async () => {
  put('dir/data', 'the tail', PARKED)
  const { driver } = world
  await Promise.all(
    [
      driver.stat('/dir/data'),
      driver.getContent('/dir/data'),
      driver.reader('/dir/data', { offset: 3 }),
      driver.writer('/dir/data', { append: true }),
      driver.move('/dir/data', '/x'),
      driver.move('/dir', '/x'),
      driver.stat('/dir'),
      list('/dir'),
    ].map((call) => expect(call).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })),
  )
  expect(await walk('/')).toEqual([])
  // One level up the service names only the prefix; to look into each would cost a request for each.
  expect(await list('/')).toEqual(['/dir'])
  expect(world.names()).toEqual(['dir/data'])
})

it('it stays where it is when its directory moves, is replaced by a file, and goes with a delete', async () => {
  put('dir/data', 'the tail', PARKED)
  put('dir/file', 'x')
  await world.driver.move('/dir', '/to')
  expect(world.names()).toEqual(['dir/data', 'to/file'])
  await world.driver.putContent('/dir/data', 'a file')
  expect(String(await world.driver.getContent('/dir/data'))).toBe('a file')
  put('dir/data', 'the tail', PARKED)
  await world.driver.delete('/dir/data')
  put('dir/data', 'the tail', PARKED)
  await world.driver.delete('/dir')
  expect(world.names()).toEqual(['to/file'])
})

it('a file and what is beneath its name are independent, and a delete takes both', async () => {
  for (const name of ['a', 'a/b', 'a/c', 'a-b', 'a.txt', 'ab']) put(name, 'x')
  expect(await world.driver.stat('/a')).toMatchObject({ isDir: false })
  expect(await list('/a')).toEqual(['/a/b', '/a/c'])
  await world.driver.delete('/a')
  expect(world.names()).toEqual(['a-b', 'a.txt', 'ab'])
})

it('no request asks for an ACL, and the original’s content type is kept', async () => {
  await world.driver.putContent('/file', 'x')
  expect(world.bucket.objects.get('file')).toMatchObject({
    ...{ contentType: 'application/octet-stream', metadata: undefined },
  })
  for (const { url } of world.proxy.seen) expect(url.search).not.toMatch(/acl/i)
})
