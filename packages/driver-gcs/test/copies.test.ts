// Moves of what takes the service several requests to copy. The server is a fake of ours: see test/fake/README.md.
import { collect, data } from './helpers/data.ts'
import { first, LOST, newWorld, refused, type World } from './helpers/world.ts'

const content = data(1000)
let world: World

beforeEach(async () => {
  world = await newWorld()
  await world.driver.putContent('/file', content)
  world.proxy.reset()
})

afterEach(() => world[Symbol.asyncDispose]())

async function moved(): Promise<void> {
  expect(Buffer.from(await world.driver.getContent('/moved')).equals(content)).toBe(true)
  expect(world.names()).toEqual(['moved'])
}

it('a copy goes on until the service is done, with the token of the answer before', async () => {
  world.fake.copies.bytesPerRewrite = 300
  await world.driver.move('/file', '/moved')
  await moved()
  const rewrites = world.proxy.seen.filter(({ operation }) => operation === 'objects.rewrite')
  const tokens = rewrites.map(({ url }) => url.searchParams.get('rewriteToken'))
  expect([tokens.length, new Set(tokens).size, tokens[0]]).toEqual([4, 4, null])
})

it.each([
  ['lost', LOST],
  ['refused', refused(503)],
])('a step whose answer is %s is made again, not the whole', async (_what, fault) => {
  world.fake.copies.bytesPerRewrite = 300
  let count = 0
  world.proxy.rule = ({ operation }) =>
    operation === 'objects.rewrite' && ++count === 3 ? fault : undefined
  await world.driver.move('/file', '/moved')
  await moved()
  expect(count).toBe(5)
})

it('a source that changes between the steps is not mixed, and stays', async () => {
  world.fake.copies.bytesPerRewrite = 300
  let count = 0
  world.proxy.rule = ({ operation }) =>
    operation === 'objects.rewrite' && ++count === 3
      ? {
          hold: () => {
            world.bucket.store('file', data(1000, 2), {}, new URLSearchParams())
          },
        }
      : undefined
  await expect(world.driver.move('/file', '/moved')).rejects.toMatchObject({
    code: 'REVISION_CHANGED',
  })
  expect(world.names()).toEqual(['file'])
})

it('an aborted copy publishes nothing and keeps the source', async () => {
  world.fake.copies.bytesPerRewrite = 300
  const control = new AbortController()
  world.proxy.rule = first(1, 'objects.rewrite', {
    holdReply: () => control.abort(new Error('enough')),
  })
  await expect(world.driver.move('/file', '/moved', { signal: control.signal })).rejects.toThrow(
    'enough',
  )
  await world.proxy.settled()
  expect(world.names()).toEqual(['file'])
})

it('content type, metadata and encoding come along', async () => {
  const about = { contentType: 'text/x', metadata: { a: 'b' }, contentEncoding: 'gzip' }
  world.bucket.store('file', content, about, new URLSearchParams())
  await world.driver.move('/file', '/moved')
  expect(world.bucket.objects.get('moved')).toMatchObject(about)
})

it('a file that is moved onto itself stays', async () => {
  await world.driver.move('/file', '/file')
  expect(Buffer.from(await world.driver.getContent('/file')).equals(content)).toBe(true)
})

it('a failed removal of the source is told, and the destination is whole', async () => {
  world.proxy.rule = first(1, 'objects.delete', refused(403, 'retentionPolicyNotMet'))
  await expect(world.driver.move('/file', '/moved')).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
  })
  expect(world.names()).toEqual(['file', 'moved'])
  expect(Buffer.from(await world.driver.getContent('/moved')).equals(content)).toBe(true)
})

it('a directory whose files would have too long names is not touched', async () => {
  await world.driver.putContent(`/dir/${'x'.repeat(900)}`, 'x')
  await world.driver.putContent('/dir/a', 'x')
  const before = world.names()
  await expect(world.driver.move('/dir', `/${'y'.repeat(200)}`)).rejects.toMatchObject({
    code: 'INVALID_PATH',
  })
  expect(world.names()).toEqual(before)
})

it('a directory is copied several files at a time, and none is lost when one fails', async () => {
  for (let i = 0; i < 40; i++) await world.driver.putContent(`/dir/${i}`, String(i))
  let most = 0
  world.proxy.rule = ({ operation }) => {
    most = Math.max(most, world.proxy.busy)
    return operation === 'objects.rewrite'
      ? { hold: () => new Promise((done) => setTimeout(done, 5)) }
      : undefined
  }
  await world.driver.move('/dir', '/to')
  expect(most).toBeGreaterThan(4)
  expect(await collect(world.driver.list('/to'))).toHaveLength(40)
  world.proxy.rule = ({ operation, url }) =>
    operation === 'objects.rewrite' && url.pathname.includes('%2F7/')
      ? refused(403, 'forbidden')
      : undefined
  await expect(world.driver.move('/to', '/back')).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
  })
  expect(await collect(world.driver.list('/to'))).toHaveLength(40)
})

it('of a directory, what others delete meanwhile is passed by', async () => {
  for (const name of ['a', 'b']) await world.driver.putContent(`/dir/${name}`, name)
  await world.driver.putContent('/to/a', 'old')
  world.proxy.rule = first(1, 'objects.rewrite', {
    hold: () => {
      world.bucket.objects.delete('dir/a')
    },
  })
  await world.driver.move('/dir', '/to')
  expect(world.names()).toEqual(['file', 'to/b'])
})

it('a directory of which others have deleted everything meanwhile is missing', async () => {
  await world.driver.putContent('/dir/a', 'a')
  world.proxy.rule = first(1, 'objects.rewrite', {
    hold: () => {
      world.bucket.objects.delete('dir/a')
    },
  })
  await expect(world.driver.move('/dir', '/to')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  expect(world.names()).toEqual(['file'])
})
