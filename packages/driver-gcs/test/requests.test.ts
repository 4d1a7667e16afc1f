// The README's table of requests, counted on the wire: in front of a fake of ours, which answers as documented.
import { counted, tableBelow } from '@stowage-internal/test-servers'
import { collect, data } from './helpers/data.ts'
import { serviceAccount } from './helpers/keys.ts'
import { CHUNK } from './helpers/storages.ts'
import { newWorld, type World } from './helpers/world.ts'

const long = data(3 * CHUNK + 1)
const small = data(10)
let world: World

beforeEach(async () => {
  world = await newWorld()
})

afterEach(() => world[Symbol.asyncDispose]())

const nothing = async (): Promise<void> => {}
const put = (path: string): Promise<void> => world.driver.putContent(path, small)
const putThree = async (): Promise<void> => {
  for (const name of ['a', 'b', 'c']) await put(`/dir/${name}`)
}

async function write(bytes: Uint8Array, how: 'commit' | 'close' | 'cancel', append = false) {
  const writer = await world.driver.writer('/file', { append })
  await writer.write(bytes)
  await writer[how]()
}

const anyAge = (): Date => new Date(Date.now() + 1_000_000)
const missing = (call: Promise<unknown>): Promise<unknown> =>
  expect(call).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })

type Call = [before: () => Promise<unknown>, call: () => Promise<unknown>]

/** For each row of the table: what is there before, and the call. */
const CALLS: Readonly<Record<string, Call>> = {
  '`getContent`, `reader`': [() => put('/file'), () => world.driver.getContent('/file')],
  '`reader` from an offset': [
    () => put('/file'),
    async () => (await world.driver.reader('/file', { offset: 10 })).toArray(),
  ],
  '`putContent`, up to one chunk': [nothing, () => put('/file')],
  '`writer` to `commit`, up to one chunk': [
    nothing,
    () => write(long.subarray(0, CHUNK), 'commit'),
  ],
  '`writer` to `commit`, 4 chunks': [nothing, () => write(long, 'commit')],
  '`writer` to `close`, nothing written': [nothing, () => write(new Uint8Array(), 'close')],
  '`writer` to `close`, less than 256 KiB': [nothing, () => write(small, 'close')],
  '`writer` to `close`, 4 chunks': [nothing, () => write(long, 'close')],
  '`writer` to `cancel`, less than a chunk': [nothing, () => write(small, 'cancel')],
  '`writer` to `cancel`, 4 chunks': [nothing, () => write(long, 'cancel')],
  '`writer` with `append`, an upload': [
    () => write(long, 'close'),
    () => world.driver.writer('/file', { append: true }),
  ],
  '`writer` with `append`, an upload after a crash': [
    async () => (await (await world.stranger()).writer('/file')).write(long),
    () => world.driver.writer('/file', { append: true }),
  ],
  '`writer` with `append` to `close`, 4 chunks more': [
    () => write(small, 'close'),
    () => write(long, 'close', true),
  ],
  '`writer` with `append` to `commit`, nothing more': [
    () => write(long, 'close'),
    () => write(new Uint8Array(), 'commit', true),
  ],
  '`writer` with `append` to `commit`, all in one chunk': [
    () => write(small, 'close'),
    () => write(small, 'commit', true),
  ],
  '`writer` with `append`, an empty file': [
    () => world.driver.putContent('/file', ''),
    () => world.driver.writer('/file', { append: true }),
  ],
  '`writer` with `append`, nothing there': [
    nothing,
    () => missing(world.driver.writer('/file', { append: true })),
  ],
  '`stat` of a file': [() => put('/file'), () => world.driver.stat('/file')],
  '`stat` of a directory': [putThree, () => world.driver.stat('/dir')],
  '`stat` of nothing': [nothing, () => missing(world.driver.stat('/file'))],
  '`list`, a page': [putThree, () => collect(world.driver.list('/dir'))],
  '`walk`, a page': [putThree, () => collect(world.driver.walk('/'))],
  '`move` of a file': [() => put('/file'), () => world.driver.move('/file', '/other')],
  '`move` of a directory of 3 files': [putThree, () => world.driver.move('/dir', '/to')],
  '`delete` of a file': [() => put('/file'), () => world.driver.delete('/file')],
  '`delete` of a directory of 3 files': [putThree, () => world.driver.delete('/dir')],
  '`purgeUploads`, one upload': [
    () => write(long, 'close'),
    () => world.driver.purgeUploads('/', { olderThan: anyAge() }),
  ],
  '`redirectURL` with a key': [
    nothing,
    async () => {
      const driver = await world.open({ credentials: serviceAccount(), anonymous: true })
      expect(await driver.redirectURL('/file')).toBeDefined()
    },
  ],
}

const table = tableBelow('## Requests per call', new URL('../README.md', import.meta.url)).map(
  ([call = '', requests = '']): [string, string] => [call, requests],
)

it('the table has a row for each call', () => {
  // The test of signed URLs counts that one: it needs a stand-in for Google’s hosts.
  const without = '`redirectURL` without a key'
  expect(table.map(([call]) => call)).toEqual([...Object.keys(CALLS), without])
})

it.each(table.filter(([call]) => call in CALLS))('%s: %s', async (call, requests) => {
  const [before, run] = CALLS[call] ?? [nothing, nothing]
  await before()
  expect(counted(await world.proxy.during(run))).toBe(requests)
})
