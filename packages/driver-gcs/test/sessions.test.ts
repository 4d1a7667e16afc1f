// Unfinished uploads: where they are, who continues them, what ends them. On a fake of ours: see test/fake/README.md.
import { collect, data } from './helpers/data.ts'
import { CHUNK } from './helpers/storages.ts'
import { first, LOST, newWorld, type World } from './helpers/world.ts'

const long = data(3 * CHUNK + 100)
const SESSION = /^\.stowage\/uploads\/dir\/file\/[0-9a-z]{25}$/
const anyAge = (): Date => new Date(Date.now() + 1e6)
let world: World

beforeEach(async () => {
  world = await newWorld()
})

afterEach(() => world[Symbol.asyncDispose]())

/** Leaves an upload with the first bytes. */
async function begin(size: number, path = '/dir/file'): Promise<void> {
  const writer = await world.driver.writer(path)
  await writer.write(long.subarray(0, size))
  await writer.close()
}

async function holds(path: string, content: Uint8Array): Promise<void> {
  expect(Buffer.compare(await world.driver.getContent(path), content)).toBe(0)
}

/** Says of the session that a process of another machine has it, and since when. */
function giveAway(ageMs: number): void {
  for (const [name, object] of world.bucket.objects) {
    if (!SESSION.test(name)) continue
    const metadata = { ...object.metadata, stowageowner: `${'f'.repeat(16)}.1.${'0'.repeat(16)}` }
    const updated = new Date(Date.now() - ageMs)
    world.bucket.objects.set(name, { ...object, metadata, updated })
  }
}

it('nothing is stored at the path or visible beneath it, and no address is in metadata', async () => {
  await begin(CHUNK + 10)
  expect(world.names()).toEqual([expect.stringMatching(SESSION)])
  const [state] = world.bucket.objects.values()
  const metadata = JSON.stringify(state?.metadata)
  const [id = ''] = world.fake.uploads.sessions.keys()
  expect(metadata).not.toContain(id)
  expect(String(state?.content)).toContain(id)
  expect(await collect(world.driver.list('/'))).toEqual([])
  expect(await collect(world.driver.walk('/'))).toEqual([])
  expect(await world.driver.stat('/')).toMatchObject({ isDir: true })
  await expect(world.driver.stat('/dir')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
})

it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 100])(
  'a tail of any length is durable at close: %d bytes',
  async (size) => {
    await begin(size)
    const other = await world.stranger()
    const writer = await other.writer('/dir/file', { append: true })
    expect(writer.size).toBe(size)
    await writer.write(long.subarray(size))
    await writer.commit()
    await holds('/dir/file', long)
    expect(world.names()).toEqual(['dir/file'])
  },
)

it('the service is sent whole granules, and what has been sent is not sent again', async () => {
  await begin(CHUNK + 300)
  world.proxy.reset()
  const writer = await world.driver.writer('/dir/file', { append: true })
  await writer.write(long.subarray(writer.size))
  await writer.commit()
  const sent = world.proxy.seen.filter(({ operation }) => operation === 'upload: chunk')
  expect(sent.map(({ headers }) => headers['content-range'])).toEqual([
    `bytes ${CHUNK}-${2 * CHUNK - 1}/*`,
    `bytes ${2 * CHUNK}-${3 * CHUNK - 1}/*`,
    `bytes ${3 * CHUNK}-${long.length - 1}/${long.length}`,
  ])
})

it('after a crash the service says how far the upload is, and it is believed', async () => {
  const writer = await (await world.stranger()).writer('/dir/file')
  await writer.write(long.subarray(0, 2 * CHUNK + 7))
  // Its process ends here: nothing is closed.
  const next = await world.driver.writer('/dir/file', { append: true })
  expect(next.size).toBe(2 * CHUNK)
  await next.write(long.subarray(next.size))
  await next.commit()
  await holds('/dir/file', long)
  await expect(writer.write(long)).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
})

it('what a session had when it was continued survives a crash of who continued it', async () => {
  await begin(1000)
  const writer = await (await world.stranger()).writer('/dir/file', { append: true })
  await writer.write(data(500, 2))
  const next = await world.driver.writer('/dir/file', { append: true })
  expect(next.size).toBe(1000)
})

it('of two writers that continue one session only the last one commits it', async () => {
  await begin(CHUNK + 7)
  const [one, two] = [await world.stranger(), await world.stranger()]
  const early = await one.writer('/dir/file', { append: true })
  const late = await two.writer('/dir/file', { append: true })
  await late.write(long.subarray(late.size))
  await late.commit()
  await early.write(data(2 * CHUNK, 9)).catch(() => {})
  await expect(early.commit()).rejects.toMatchObject({
    code: expect.stringMatching(/UPLOAD|WRITER/),
  })
  await early.cancel()
  await holds('/dir/file', long)
  expect(world.names()).toEqual(['dir/file'])
})

it.each([
  ['of another size', long],
  ['of the same size', data(CHUNK + 7 + 10, 5)],
])(
  'an upload that another one has ended with content %s is not taken for the own',
  async (_what, bytes) => {
    await begin(CHUNK + 7)
    const early = await (await world.stranger()).writer('/dir/file', { append: true })
    const late = await (await world.stranger()).writer('/dir/file', { append: true })
    await late.write(bytes.subarray(late.size))
    await late.commit()
    await early.write(long.subarray(CHUNK + 7, CHUNK + 17))
    await expect(early.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
    await early.cancel()
    const content = Buffer.concat([long.subarray(0, CHUNK + 7), bytes.subarray(CHUNK + 7)])
    await holds('/dir/file', content)
  },
)

it('after a crash, of which no checksum is known, only what the service says itself counts', async () => {
  for (const other of [long.subarray(1), data(long.length, 9)]) {
    await (await (await world.stranger()).writer('/dir/file')).write(long.subarray(0, 2 * CHUNK))
    const next = await world.driver.writer('/dir/file', { append: true })
    await next.write(long.subarray(next.size))
    // It looks as if it had been committed, to whoever looks at the path.
    await world.driver.putContent('/dir/file', other)
    world.fake.uploads.end(410)
    await expect(next.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
    await next.cancel()
    await holds('/dir/file', other)
  }
})

it('an upload that another one has ended shorter is not taken for the own, checksum or not', async () => {
  await (await (await world.stranger()).writer('/dir/file')).write(long.subarray(0, 2 * CHUNK))
  const early = await (await world.stranger()).writer('/dir/file', { append: true })
  const late = await (await world.stranger()).writer('/dir/file', { append: true })
  await late.commit()
  await early.write(Buffer.from('more'))
  await expect(early.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  expect(Number((await world.driver.stat('/dir/file')).size)).toBe(late.size)
})

it('a writer that lost its session removes nothing of the next one’s when it is cancelled', async () => {
  await begin(CHUNK + 7)
  const early = await (await world.stranger()).writer('/dir/file', { append: true })
  const late = await (await world.stranger()).writer('/dir/file', { append: true })
  await early.cancel()
  await late.write(long.subarray(late.size))
  await late.commit()
  await holds('/dir/file', long)
})

it('two that continue one session at the same time do not both get it', async () => {
  await begin(10)
  const drivers = await Promise.all([world.stranger(), world.stranger(), world.stranger()])
  // All have listed it before one has taken it over.
  const attempts = drivers.map((driver) => driver.writer('/dir/file', { append: true }))
  const writers = (await Promise.allSettled(attempts)).flatMap((one) =>
    one.status === 'fulfilled' ? [one.value] : [],
  )
  const ends = await Promise.allSettled(
    writers.map(async (writer, i) => {
      await writer.write(Buffer.from(String(i)))
      await writer.commit()
    }),
  )
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const content = String(await world.driver.getContent('/dir/file'))
  expect(content).toHaveLength(11)
})

it('a session of another machine is its own while its lease lasts', async () => {
  await begin(10)
  giveAway(50_000)
  const other = await world.stranger()
  await expect(other.writer('/dir/file', { append: true })).rejects.toMatchObject({
    code: 'PATH_NOT_FOUND',
  })
  expect(await other.purgeUploads('/', { olderThan: anyAge() })).toEqual([])
  giveAway(70_000)
  const writer = await other.writer('/dir/file', { append: true })
  expect(writer.size).toBe(10)
})

it('an expired upload is not continued: what is behind it is, or nothing', async () => {
  await begin(CHUNK + 10)
  await begin(20)
  const newest = await world.driver.writer('/dir/file', { append: true })
  expect(newest.size).toBe(20)
  await newest.cancel()
  // A week later; the state still says that it was closed in order.
  world.fake.uploads.end(410)
  const late = await world.driver.writer('/dir/file', { append: true })
  await late.write(long.subarray(0, CHUNK)).catch(() => {})
  await expect(late.commit()).rejects.toMatchObject({
    code: expect.stringMatching(/UPLOAD_NOT_FOUND|WRITER_STATE/),
  })
  await late.cancel()
  expect(world.names()).toEqual([])
  await expect(world.driver.writer('/dir/file', { append: true })).rejects.toMatchObject({
    code: 'PATH_NOT_FOUND',
  })
})

it('a crashed upload that has expired is cleared away', async () => {
  await (await (await world.stranger()).writer('/dir/file')).write(long.subarray(0, CHUNK + 1))
  world.fake.uploads.end(410)
  await expect(world.driver.writer('/dir/file', { append: true })).rejects.toMatchObject({
    code: 'PATH_NOT_FOUND',
  })
  expect(world.names()).toEqual([])
})

it.each(['cancel', 'purge', 'delete', 'delete of a directory'])(
  '%s ends the upload at the service too',
  async (how) => {
    const writer = await world.driver.writer('/dir/file')
    await writer.write(long)
    expect(world.openUploads()).toBe(1)
    if (how === 'cancel') await writer.cancel()
    else await writer.close()
    if (how === 'purge') await world.driver.purgeUploads('/', { olderThan: anyAge() })
    if (how === 'delete') await world.driver.delete('/dir/file')
    if (how === 'delete of a directory') await world.driver.delete('/dir')
    expect(world.openUploads()).toBe(0)
    expect(world.names()).toEqual([])
  },
)

it('a cancel whose answers are lost leaves nothing', async () => {
  for (const name of ['objects.delete', 'upload: cancel']) {
    const writer = await world.driver.writer('/dir/file')
    await writer.write(long)
    world.proxy.rule = first(1, name, LOST)
    await writer.cancel()
  }
  expect([world.openUploads(), world.names()]).toEqual([0, []])
})

it('a state whose answer was lost is this writer’s all the same', async () => {
  const writer = await world.driver.writer('/dir/file')
  world.proxy.rule = first(1, 'objects.insert', LOST)
  await writer.write(long)
  world.proxy.rule = first(1, 'objects.insert', LOST)
  const sent = await world.proxy.during(() => writer.close())
  // Tried again, refused, and found to be stored.
  expect(sent).toEqual(['objects.insert', 'objects.insert', 'objects.get'])
  world.proxy.rule = first(1, 'objects.insert', LOST)
  const next = await world.driver.writer('/dir/file', { append: true })
  expect(next.size).toBe(long.length)
  await next.commit()
  await holds('/dir/file', long)
})

it('a delete by another process ends the upload of a writer that goes on', async () => {
  const writer = await world.driver.writer('/dir/file')
  await writer.write(long)
  await (await world.stranger()).delete('/dir')
  await expect(
    (async () => {
      await writer.write(long)
      await writer.commit()
    })(),
  ).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  await writer.cancel()
  expect(world.names()).toEqual([])
})

it('a delete waits for what is under way, and leaves nothing of it', async () => {
  let release = (): void => {}
  const held = new Promise<void>((done) => {
    release = done
  })
  world.proxy.rule = first(1, 'objects.insert', { hold: () => held })
  const writer = await world.driver.writer('/dir/file')
  const writing = writer.write(long)
  writing.catch(() => {})
  while (!world.proxy.operations.includes('objects.insert')) {
    await new Promise((done) => setImmediate(done))
  }
  const deleting = world.driver.delete('/dir')
  for (let i = 0; i < 5; i++) await world.driver.stat('/')
  release()
  await deleting
  await writing.catch(() => {})
  await expect(writer.commit()).rejects.toMatchObject({
    code: expect.stringMatching(/UPLOAD|WRITER/),
  })
  expect(world.names()).toEqual([])
})

it('uploads of the longest paths are kept apart, continued, listed and removed', async () => {
  const longest = (last: string): string => `/${'d'.repeat(900)}/${'e'.repeat(121)}${last}`
  await begin(100, longest('x'))
  await begin(101, longest('y'))
  const next = await world.driver.writer(longest('y'), { append: true })
  expect(next.size).toBe(101)
  await next.commit()
  const purged = await world.driver.purgeUploads('/', { olderThan: anyAge() })
  expect(purged).toEqual([expect.objectContaining({ path: longest('x'), size: 100 })])
})

it('a state that nobody can read is an error where it is continued, and can be removed', async () => {
  await begin(10)
  const [name = ''] = world.names()
  const object = world.bucket.objects.get(name)
  if (object) world.bucket.objects.set(name, { ...object, content: Buffer.from('{"secret') })
  await expect(world.driver.writer('/dir/file', { append: true })).rejects.toMatchObject({
    code: 'CONTENT',
    message: expect.not.stringContaining('secret'),
  })
  await world.driver.delete('/dir')
  expect(world.names()).toEqual([])
})

it('the place of the uploads is nobody else’s', async () => {
  const { driver } = world
  for (const path of ['/.stowage', '/.stowage/uploads/x']) {
    await Promise.all(
      [
        driver.putContent(path, 'x'),
        driver.stat(path),
        driver.getContent(path),
        driver.writer(path),
        driver.delete(path),
        driver.move('/a', path),
        collect(driver.list(path)),
      ].map((call) => expect(call).rejects.toMatchObject({ code: 'INVALID_PATH' })),
    )
  }
})

it('many uploads do not slow down a look at the root', async () => {
  for (let i = 0; i < 30; i++) await begin(1, `/dir/${i}`)
  await world.driver.putContent('/file', 'x')
  const driver = await world.open({ pageSize: 5 })
  const sent = await world.proxy.during(() => driver.stat('/'))
  expect(sent.length).toBeLessThan(4)
})

describe('the newest upload', () => {
  const states = (): string[] => world.names().filter((name) => name.includes('/uploads/'))

  it.each([10, CHUNK + 10])('of %d bytes is found although a clock was set back', async (size) => {
    const begin = async (seed: number): Promise<void> => {
      const writer = await (await world.stranger()).writer('/file')
      await writer.write(data(size, seed))
      await writer.close()
    }
    await begin(1)
    // As if its process had an hour more on its clock.
    const [key = ''] = states()
    const ahead = (Date.now() + 3_600_000).toString(36).padStart(9, '0')
    const state = world.bucket.objects.get(key)
    const renamed = key.replace(/[^/]{9}([^/]*)$/, `${ahead}$1`)
    world.bucket.objects.delete(key)
    if (state) world.bucket.objects.set(renamed, { ...state, name: renamed })
    await begin(2)
    expect(states()).toHaveLength(2)
    expect(states()[1]).toBe(renamed)
    const [first] = await world.driver.purgeUploads('/', { olderThan: new Date(), dryRun: true })
    expect(first?.startedAt.getTime()).toBeLessThanOrEqual(Date.now())
    const found = await world.driver.writer('/file', { append: true })
    await found.commit()
    expect(Buffer.from(await world.driver.getContent('/file')).equals(data(size, 2))).toBe(true)
    // What is continued keeps its age.
    const older = await world.driver.writer('/file', { append: true })
    await older.close()
    await begin(3)
    const newest = await world.driver.writer('/file', { append: true })
    await newest.commit()
    expect(Buffer.from(await world.driver.getContent('/file')).equals(data(size, 3))).toBe(true)
  })
})
