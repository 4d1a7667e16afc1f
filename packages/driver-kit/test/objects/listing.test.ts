// The one listing of object stores, on fakes of every order, against a plain model of what is stored.
import { randomInt } from 'node:crypto'
import { compareKeys, entryKey, type StorageDriver } from '@stowage/core'
import { type Driver, toStorageDriver } from '@stowage/core/driver'
import { childPages, hasFiles, type ListingOrder, walkPages } from '../../src/index.ts'
import { makeRandom, type Random } from '../random.ts'
import { MemoryBackend, type MemoryOptions } from './memory-backend.ts'

/** A driver of which only lists and walks work. */
function driverOf(backend: MemoryBackend): StorageDriver {
  const driver: Partial<Driver> = {
    name: 'memory',
    capabilities: {},
    walkPages: (path, options) => walkPages(backend, path, options),
    listPages: (path, options) => childPages(backend, path, options),
  }
  return toStorageDriver(driver as Driver)
}

async function collect<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const entry of entries) all.push(entry)
  return all
}

/** Nothing where the directory is not there. */
const orNone = <T>(entries: AsyncIterable<T>): Promise<T[]> =>
  collect(entries).catch((error: { code?: string }) => {
    if (error.code === 'PATH_NOT_FOUND') return []
    throw error
  })

const NAMES = ['a', 'b', 'a-', 'a.', 'a0', '\u00e9', '\ue000', '\uffee', '\u{1f600}', 'a\u{1f600}']

/** Keys of files, of other tools' markers, of the driver's own, and of no paths at all. */
function randomKeys(random: Random, root: string): string[] {
  const keys = new Set<string>()
  const count = random.below(40)
  for (let i = 0; i < count; i++) {
    const names = Array.from({ length: 1 + random.below(4) }, () => NAMES[random.below(10)])
    const end = random.below(4) === 0 ? '/' : ''
    keys.add(root + names.join(random.below(20) === 0 ? '//' : '/') + end)
  }
  for (let i = random.below(8); i > 0; i--) keys.add(`${root}.stowage/uploads/${i}`)
  return [...keys]
}

/** What a caller should see of the keys: files, and their directories with a final slash. */
function entriesOf(keys: readonly string[], root: string): string[] {
  const files = keys.map((key) => `/${key.slice(root.length)}`).filter(isFile)
  const entries = files.flatMap((file) =>
    [...file.matchAll(/\//g)]
      .map(({ index }) => file.slice(0, index + 1))
      .filter((key) => key !== '/'),
  )
  return [...new Set([...files, ...entries])].sort(compareKeys)
}

const isFile = (path: string): boolean => !/\/$|\/\/|^\/\.stowage\//.test(path)

/** Directories that a listing by delimiter shows: one that has no marker of its own may hold only other markers. */
function seenByDelimiter(keys: readonly string[], root: string): string[] {
  const paths = new Set(keys.map((key) => `/${key.slice(root.length)}`))
  return [...paths]
    .flatMap((path) => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index + 1)))
    .filter(
      (key) => key !== '/' && !paths.has(key) && isFile(key.slice(0, -1)) && key !== '/.stowage/',
    )
}

const ORDERS: Record<string, MemoryOptions> = {
  'bytes, after': { listing: { order: 'utf8', start: 'after', hidesMarkers: true } },
  'bytes, from': { listing: { order: 'utf8', start: 'from' }, namesMarkers: true },
  'bytes, no start': { listing: { order: 'utf8', start: 'none' }, namesMarkers: true },
  'bytes, though code units are announced': {
    listing: { order: 'utf16', start: 'from' },
    namesMarkers: true,
  },
  'code units, from': { listing: { order: 'utf16', start: 'from' }, namesMarkers: true },
  'code units, after': { listing: { order: 'utf16', start: 'after', hidesMarkers: true } },
  components: { listing: { order: 'tree', start: 'none', hidesMarkers: true } },
  none: { listing: { order: 'none', start: 'none', hidesMarkers: true } },
  'bytes, with repeats': {
    listing: { order: 'utf8', start: 'after', hidesMarkers: true },
    repeats: true,
  },
  'bytes, whatever the start': {
    listing: { order: 'utf8', start: 'from' },
    namesMarkers: true,
    ignoresStart: true,
  },
}

/** The order in which the store really lists. */
function storeOf(name: string, options: MemoryOptions): MemoryBackend {
  const store = new MemoryBackend(options)
  if (!name.includes('announced')) return store
  const real = new MemoryBackend({
    ...options,
    listing: { ...options.listing, order: 'utf8' } as ListingOrder,
  })
  store.list = (request, context) => real.list(request, context)
  store.store = (key, content) => real.store(key, content)
  return store
}

describe.each(Object.entries(ORDERS))('a store that lists by %s', (name, options) => {
  it.each(['', 'root', 'r\ue000t'])(
    'shows what is stored, in byte order, beneath the root %j',
    async (root) => {
      const seed = String(randomInt(2 ** 31))
      const random = makeRandom(seed)
      for (let round = 0; round < 25; round++) {
        const pageSize = [1, 2, 3, 7, 1000][random.below(5)] as number
        const store = storeOf(name, { ...options, pageSize, names: { root } })
        const keys = randomKeys(random, store.names.root)
        for (const key of keys) store.store(key, 'x')
        const all = entriesOf(keys, store.names.root)
        const directories = ['/', ...all.filter((key) => key.endsWith('/'))]
        const path = directories[random.below(directories.length)] as string
        const beneath = all.filter((key) => key.startsWith(path) && key !== path)
        const starts = [undefined, ...all, '/a', '/zz', `${path}a/`]
        const startAfter = starts[random.below(starts.length)]
        const skipped = directories[random.below(directories.length)] as string
        const driver = driverOf(store)
        const directory = path === '/' ? path : path.slice(0, -1)
        const about = { seed, round, pageSize, directory, startAfter, skipped, keys }
        const expectSame = (got: string[], want: string[]): void =>
          expect({ ...about, got }).toEqual({ ...about, got: want })

        expectSame((await orNone(driver.walk(directory))).map(entryKey), beneath)
        const rest = beneath.filter(
          (key) => startAfter === undefined || compareKeys(key, startAfter) > 0,
        )
        expectSame((await orNone(driver.walk(directory, { startAfter }))).map(entryKey), rest)

        const walk = driver.walk(directory)
        const seen: string[] = []
        for await (const info of { [Symbol.asyncIterator]: () => walk[Symbol.asyncIterator]() }) {
          seen.push(entryKey(info))
          if (entryKey(info) === skipped) walk.skipDir()
        }
        const left = beneath.filter(
          (key) => !key.startsWith(skipped) || key === skipped || !beneath.includes(skipped),
        )
        expectSame(seen, left)

        const known = options.namesMarkers ? seenByDelimiter(keys, store.names.root) : []
        const shown = [...new Set([...beneath, ...known])].sort(compareKeys)
        const children = shown.filter(
          (key) => key.startsWith(path) && /^[^/]+\/?$/.test(key.slice(path.length)),
        )
        const names = [...new Set(children.map((key) => key.replace(/\/$/, '')))]
        expectSame(await orNone(driver.list(directory)), names)
        expect(await hasFiles(store, directory, undefined)).toBe(beneath.length > 0)
      }
    },
  )
})

const numbered = (count: number, name: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => name(100 + i))

function storing(keys: readonly string[], options: MemoryOptions): MemoryBackend {
  const store = new MemoryBackend({ pageSize: 10, ...options })
  for (const key of keys) store.store(key, 'x')
  return store
}

const walked = async (driver: StorageDriver, options = {}): Promise<string[]> =>
  (await collect(driver.walk('/', options))).map(entryKey)

describe.each(['from', 'after'] as const)('pages that nobody wants, start %s', (start) => {
  const KEYS = [...numbered(80, (i) => `a/${i}`), 'b']
  const listing: ListingOrder = { order: 'utf8', start }

  it('are not requested in a directory that is skipped', async () => {
    const store = storing(KEYS, { listing })
    const walk = driverOf(store).walk('/')
    const seen: string[] = []
    for await (const { path, isDir } of walk) {
      seen.push(path)
      if (isDir) walk.skipDir()
    }
    expect(seen).toEqual(['/a', '/b'])
    expect(store.requests).toHaveLength(2)
  })

  it('are not requested among the driver’s own keys', async () => {
    const own = numbered(80, (i) => `.stowage/uploads/${i}`)
    const store = storing([...own, 'b'], { listing })
    expect(await walked(driverOf(store))).toEqual(['/b'])
    expect(store.requests).toHaveLength(2)
    expect(await hasFiles(store, '/', undefined)).toBe(true)
  })

  it('are not requested before the start, nor where everything is before it', async () => {
    const store = storing(KEYS, { listing })
    expect(await walked(driverOf(store), { startAfter: '/a/179' })).toEqual(['/b'])
    expect(store.requests).toHaveLength(1)
    await orNone(driverOf(store).walk('/a', { startAfter: '/b' }))
    // The one that tells whether the directory is there.
    expect(store.requests).toHaveLength(2)
  })

  it('are asked for once more where the store takes no notice of a start', async () => {
    const store = storing(KEYS, { listing, ignoresStart: true })
    const walk = driverOf(store).walk('/')
    const seen: string[] = []
    for await (const { path, isDir } of walk) {
      seen.push(path)
      if (isDir) walk.skipDir()
    }
    expect(seen).toEqual(['/a', '/b'])
    expect(store.requests).toHaveLength(1 + 9)
  })
})

it('a page is requested when the one before is used up', async () => {
  const store = storing(numbered(30, String), {})
  let count = 0
  for await (const _ of driverOf(store).walk('/')) {
    expect(store.requests).toHaveLength(Math.floor(count / 10) + 1)
    count++
  }
  expect(count).toBe(30)
})

it('a marker of the service is no file, and hides no other', async () => {
  const store = storing(['a/x', 'b'], { listing: { order: 'utf8', start: 'from' } })
  store.store('a', '', { marker: 'folder' })
  store.store('b', 'parked', { marker: 'upload' })
  store.store('c', '', { marker: 'folder' })
  expect(await walked(driverOf(store))).toEqual(['/a/', '/a/x'])
  expect(await collect(driverOf(store).list('/'))).toEqual(['/a'])
})

describe('a page that cannot be', () => {
  const good = { key: 'a', size: 1, modTime: new Date(0) }
  const page = { objects: [good], prefixes: [], more: false }
  const BAD: Record<string, object> = {
    'says more without a token': { ...page, more: true },
    'says more with an empty token': { ...page, more: true, token: '' },
    'says more with one token': { ...page, more: true, token: 'x' },
    'has a key that is not there': { ...page, objects: [{ ...good, key: undefined }] },
    'has an empty key': { ...page, objects: [{ ...good, key: '' }] },
    'has a size that is none': { ...page, objects: [{ ...good, size: Number.NaN }] },
    'has a negative size': { ...page, objects: [{ ...good, size: -1 }] },
    'has a time that is none': { ...page, objects: [{ ...good, modTime: new Date(Number.NaN) }] },
    'has directories though files were asked for': { ...page, prefixes: ['b/'] },
    'is in no order': { ...page, objects: [{ ...good, key: 'b' }, good] },
  }

  it.each(Object.keys(BAD))('is refused where it %s', async (what) => {
    const store = new MemoryBackend({
      listing: { order: 'utf8', start: 'from', operation: 'Get Keys' },
    })
    let asked = 0
    store.list = async () => {
      if (++asked > 20) throw new RangeError('it goes on for ever')
      return BAD[what] as never
    }
    await expect(walked(driverOf(store))).rejects.toMatchObject({
      code: 'DRIVER',
      path: '/',
      message: expect.stringContaining('Get Keys'),
    })
  })

  it('is refused where a key is not beneath the directory', async () => {
    const store = new MemoryBackend()
    store.list = async () => page
    await expect(collect(driverOf(store).walk('/b'))).rejects.toMatchObject({ code: 'DRIVER' })
  })

  it.each([2, 5, 11])('is refused where tokens go round in a circle of %d', async (length) => {
    const store = new MemoryBackend()
    let asked = 0
    store.list = async () => ({ ...page, objects: [], more: true, token: `t${asked++ % length}` })
    await expect(walked(driverOf(store))).rejects.toMatchObject({ code: 'DRIVER' })
    expect(asked).toBeLessThan(3 * length + 2)
  })
})
