import { compareKeys, entryKey, type FileInfo, InvalidPathError, type Walk } from '@stowage/core'
import { type DriverWalkOptions, toStorageDriver } from '@stowage/core/driver'
import fc from 'fast-check'
import { Memory, storage } from './helpers/memory.ts'
import { collect, failure, gate, settle } from './helpers/util.ts'

// The tree of the Go registry's walk tests.
const TREE = Object.fromEntries(
  [
    '/file1',
    '/folder1/file1',
    '/folder1-suffix/file1',
    '/folder2/file1',
    '/folder3/subfolder1/subfolder1/file1',
    '/folder3/subfolder2/subfolder1/file1',
    '/folder4/file1',
  ].map((path) => [path, path]),
)
// In our order: that of the keys. The Go registry's fallback has /folder1 before /folder1-suffix.
const ALL = [
  '/file1',
  '/folder1-suffix/',
  '/folder1-suffix/file1',
  '/folder1/',
  '/folder1/file1',
  '/folder2/',
  '/folder2/file1',
  '/folder3/',
  '/folder3/subfolder1/',
  '/folder3/subfolder1/subfolder1/',
  '/folder3/subfolder1/subfolder1/file1',
  '/folder3/subfolder2/',
  '/folder3/subfolder2/subfolder1/',
  '/folder3/subfolder2/subfolder1/file1',
  '/folder4/',
  '/folder4/file1',
]

/** A driver with a walk of its own. */
class Native extends Memory {
  readonly hints: (string | undefined)[] = []
  async *walk(path: string, { startAfter }: DriverWalkOptions): AsyncGenerator<FileInfo> {
    this.hints.push(startAfter)
    const prefix = path === '/' ? '/' : `${path}/`
    for (const key of [...this.files.keys()].sort(compareKeys)) {
      if (key.startsWith(prefix)) yield await this.stat(key)
    }
  }
}

/** A driver that lists and walks by pages of two, some of them empty. */
class Paged extends Native {
  /** Pages that base has asked for. */
  asked = 0
  /** Waited for before each page. */
  hold: Promise<void> | undefined
  override walk = undefined as never
  override list = undefined as never

  async *walkPages(path: string, options: DriverWalkOptions): AsyncGenerator<FileInfo[]> {
    yield* this.#pages(super.walk(path, options))
  }

  async *listPages(path: string): AsyncGenerator<string[]> {
    yield* this.#pages(super.list(path))
  }

  async *#pages<T>(entries: AsyncIterable<T>): AsyncGenerator<T[]> {
    const all = await collect(entries)
    for (let at = 0; at < all.length; at += 2) {
      this.asked++
      await this.hold
      yield []
      yield all.slice(at, at + 2)
    }
  }
}

const KINDS = { 'by list': Memory, native: Native, 'by pages': Paged }

function make(kind: string, files: Record<string, string> = TREE): Memory {
  const memory = new KINDS[kind as keyof typeof KINDS]()
  for (const [path, content] of Object.entries(files)) memory.files.set(path, Buffer.from(content))
  return memory
}

const keys = async (walk: Walk): Promise<string[]> => (await collect(walk)).map(entryKey)
const after = (key: string): string[] => ALL.filter((other) => compareKeys(other, key) > 0)

describe.each(Object.keys(KINDS))('walk %s', (kind) => {
  const driver = toStorageDriver(make(kind))

  it('gives everything, a directory before what is in it', async () => {
    expect(await keys(driver.walk('/'))).toEqual(ALL)
  })

  it('tells sizes of files, and 0 for directories', async () => {
    for (const info of await collect(driver.walk('/'))) {
      expect(info.size).toBe(info.isDir ? 0 : info.path.length)
    }
  })

  it.each([
    ['a file in the first folder', '/folder1/file1'],
    ['a deep file', '/folder3/subfolder1/subfolder1/file1'],
    ['a deep directory', '/folder3/subfolder1/'],
    ['the name of a directory without its slash', '/folder3/subfolder1'],
    ['the last entry', '/folder4/file1'],
    ['something past the end', '/zzz'],
    ['something before the start', '/aaa'],
    ['something that is not there', '/folder2/aaa'],
    ['something that is not there, past its directory', '/folder2/zzz'],
    ['something beneath a file', '/file1/x'],
  ])('starts after %s', async (_, startAfter) => {
    expect(await keys(driver.walk('/', { startAfter }))).toEqual(after(startAfter))
  })

  it('resumes after each of its entries', async () => {
    for (const [index, startAfter] of ALL.entries()) {
      expect(await keys(driver.walk('/', { startAfter }))).toEqual(ALL.slice(index + 1))
    }
  })

  it('gives everything after the root, and after the folder it starts in', async () => {
    expect(await keys(driver.walk('/', { startAfter: '/' }))).toEqual(ALL)
    expect(await keys(driver.walk('/folder3', { startAfter: '/folder3/' }))).toEqual(
      ALL.filter((key) => key.startsWith('/folder3/s')),
    )
  })

  it('starts in a folder, without that folder', async () => {
    expect(await keys(driver.walk('/folder1'))).toEqual(['/folder1/file1'])
    const deep = { startAfter: '/folder3/subfolder1/subfolder1/file1' }
    expect(await keys(driver.walk('/folder3', deep))).toEqual([
      '/folder3/subfolder2/',
      '/folder3/subfolder2/subfolder1/',
      '/folder3/subfolder2/subfolder1/file1',
    ])
  })

  it('leaves out a directory that is skipped', async () => {
    const seen: string[] = []
    const walk = driver.walk('/')
    for await (const info of walk) {
      seen.push(entryKey(info))
      if (info.path === '/folder1' || info.path === '/folder3/subfolder1') walk.skipDir()
      if (info.path === '/file1') walk.skipDir()
    }
    const skipped = [/^\/folder1\/./, /^\/folder3\/subfolder1\/./]
    expect(seen).toEqual(ALL.filter((key) => !skipped.some((pattern) => pattern.test(key))))
  })

  it('stops when it is left', async () => {
    const seen: string[] = []
    for await (const info of driver.walk('/')) {
      seen.push(entryKey(info))
      if (seen.length === 3) break
    }
    expect(seen).toEqual(ALL.slice(0, 3))
  })

  it('passes the error of its consumer on', async () => {
    const walk = async (): Promise<void> => {
      for await (const _ of driver.walk('/')) throw new RangeError('mine')
    }
    expect(await failure(walk())).toMatchObject({ name: 'RangeError', message: 'mine' })
  })

  it('of a file or of nothing is PathNotFoundError at the first step', async () => {
    for (const path of ['/file1', '/none', '/folder', '/folder1/none']) {
      const walk = driver.walk(path)
      const error = await failure(collect(walk))
      expect(error).toMatchObject({ code: 'PATH_NOT_FOUND', path, driver: 'memory' })
      expect((await failure(collect(driver.list(path)))).code).toBe('PATH_NOT_FOUND')
    }
  })

  it('of a directory is empty when all is before startAfter', async () => {
    expect(await keys(driver.walk('/folder1', { startAfter: '/folder2' }))).toEqual([])
    const none = await failure(keys(driver.walk('/none', { startAfter: '/zzz' })))
    expect(none.code).toBe('PATH_NOT_FOUND')
  })

  it('agrees with a plain sort for any tree and any start', async () => {
    const name = fc.constantFrom('a', 'b', 'a-', 'a0', 'ä', '\uffff', '\u{10000}')
    const path = fc
      .array(name, { minLength: 1, maxLength: 3 })
      .map((parts) => `/${parts.join('/')}`)
    const run = async (paths: string[], startAfter: string): Promise<void> => {
      const all = new Set(paths.flatMap((file) => [file, ...parents(file)]))
      const expected = [...all].filter((key) => compareKeys(key, startAfter) > 0).sort(compareKeys)
      const memory = make(kind, Object.fromEntries(paths.map((file) => [file, 'x'])))
      expect(await keys(toStorageDriver(memory).walk('/', { startAfter }))).toEqual(expected)
    }
    const seed = Number(process.env.FC_SEED ?? 20_261_124)
    await fc.assert(fc.asyncProperty(fc.array(path, { maxLength: 8 }), path, run), { seed })
  })
})

function parents(file: string): string[] {
  const cuts = [...file].flatMap((char, index) => (char === '/' && index > 0 ? [index] : []))
  const units = (count: number): string => [...file].slice(0, count + 1).join('')
  return cuts.map(units)
}

describe('walk by list', () => {
  it('leaves out what vanishes meanwhile, and only that', async () => {
    const memory = make('by list')
    const { stat } = memory
    memory.stat = async function (path) {
      if (path === '/folder2/file1') this.files.delete(path)
      return stat.call(this, path)
    }
    const { list } = memory
    memory.list = async function* (path) {
      for await (const key of list.call(this, path)) {
        if (key === '/folder4/') this.files.delete('/folder4/file1')
        yield key
      }
    }
    expect(await keys(toStorageDriver(memory).walk('/'))).toEqual(
      ALL.filter((key) => !/^\/folder[24]/.test(key)),
    )
  })

  it('fails on any other error', async () => {
    const memory = make('by list')
    memory.stat = async () => {
      throw new InvalidPathError('/x')
    }
    expect((await failure(collect(toStorageDriver(memory).walk('/')))).code).toBe('INVALID_PATH')
  })

  it('does not list what is skipped or wholly before startAfter', async () => {
    const memory = make('by list')
    const listed: string[] = []
    const { list } = memory
    memory.list = function (path) {
      listed.push(path)
      return list.call(this, path)
    }
    const walk = toStorageDriver(memory).walk('/', { startAfter: '/folder2/file1' })
    for await (const info of walk) if (info.path === '/folder3/subfolder1') walk.skipDir()
    expect(listed).not.toContain('/folder1')
    expect(listed).toEqual(expect.arrayContaining(['/', '/folder3', '/folder4']))
  })
})

describe('pages', () => {
  it('are asked for when the one before is used up', async () => {
    const paged = make('by pages') as Paged
    const walk = toStorageDriver(paged).walk('/')
    const seen: string[] = []
    const asked: number[] = []
    for await (const info of walk) {
      seen.push(entryKey(info))
      asked.push(paged.asked)
    }
    expect(seen).toEqual(ALL)
    // A page has two files; directories are in none.
    const page = (key: string): number =>
      Math.floor(ALL.filter((other) => !other.endsWith('/') && other < key).length / 2) + 1
    expect(asked).toEqual(ALL.map(page))
  })

  it.each(['walk', 'list'] as const)(
    'give calls of next that come together all entries of a %s in order',
    async (method) => {
      const paged = make('by pages') as Paged
      const open = gate()
      paged.hold = open.opened
      const entries: AsyncIterator<unknown> = toStorageDriver(paged)
        [method]('/')
        [Symbol.asyncIterator]()
      const calls = Array.from({ length: 30 }, () => entries.next())
      open.open()
      const steps = await Promise.all(calls)
      const values = steps.filter(({ done }) => !done).map(({ value }) => value)
      const all = await collect<unknown>(toStorageDriver(make('by pages'))[method]('/'))
      expect(values).toEqual(all)
      expect(steps.slice(all.length).every(({ done }) => done)).toBe(true)
    },
  )

  it('mix calls that find an entry at hand with calls that wait', async () => {
    const entries = toStorageDriver(make('by pages')).walk('/')[Symbol.asyncIterator]()
    const seen: string[] = []
    for (let round = 0; seen.length < ALL.length; round++) {
      const steps = await Promise.all(Array.from({ length: 1 + (round % 3) }, () => entries.next()))
      for (const { value, done } of steps) if (!done) seen.push(entryKey(value))
    }
    expect(seen).toEqual(ALL)
  })

  it('end with the signal while one is under way, for all who wait', async () => {
    const paged = make('by pages') as Paged
    paged.hold = new Promise(() => {})
    const abort = new AbortController()
    const entries = toStorageDriver(paged)
      .walk('/', { signal: abort.signal })
      [Symbol.asyncIterator]()
    const calls = [entries.next(), entries.next()].map(failure)
    await settle()
    abort.abort(new RangeError('mine'))
    expect((await Promise.all(calls)).map(({ message }) => message)).toEqual(['mine', 'mine'])
    expect(await entries.next()).toEqual({ done: true, value: undefined })
  })

  it('are not asked for once the caller has left', async () => {
    const paged = make('by pages') as Paged
    for await (const _ of toStorageDriver(paged).list('/')) break
    expect(paged.asked).toBe(1)
  })

  it('a driver without list and listPages says so', async () => {
    const memory = make('by list')
    memory.list = undefined as never
    expect((await failure(collect(toStorageDriver(memory).list('/')))).message).toContain(
      'listPages',
    )
  })
})

describe('list', () => {
  const files = { '/a': '1', '/a-b': '2', '/a/x': '3', '/a/y/z': '4', '/b/x': '5', '/a.': '6' }

  it('gives each child once, although it is a file and a directory', async () => {
    const { driver } = storage(files, { fileAndDirectory: true })
    expect(await collect(driver.list('/'))).toEqual(['/a', '/a-b', '/a.', '/b'])
    expect(await collect(driver.list('/a'))).toEqual(['/a/x', '/a/y'])
  })

  it('walks both', async () => {
    const { driver } = storage(files, { fileAndDirectory: true })
    const all = ['/a', '/a-b', '/a.', '/a/', '/a/x', '/a/y/', '/a/y/z', '/b/', '/b/x']
    expect(await keys(driver.walk('/'))).toEqual(all)
    for (const [index, startAfter] of all.entries()) {
      expect(await keys(driver.walk('/', { startAfter }))).toEqual(all.slice(index + 1))
    }
  })
})

describe('an iteration', () => {
  it('happens once', async () => {
    const walk = storage({ '/a': 'x' }).driver.walk('/')
    await collect(walk)
    await expect(async () => collect(walk)).rejects.toThrow(/iterated once/)
  })

  it('asks the driver for nothing before its first step', async () => {
    const memory = new Native()
    toStorageDriver(memory).walk('/')
    await settle()
    expect(memory.hints).toEqual([])
  })

  it('checks startAfter as a path', async () => {
    const { driver } = storage()
    for (const startAfter of ['x', '/a/../b', '/a//', '']) {
      expect((await failure(keys(driver.walk('/', { startAfter })))).code).toBe('INVALID_PATH')
    }
  })

  it('returns the iterator of the driver when it is left or aborted', async () => {
    let returned = 0
    const waiting = gate()
    class Slow extends Memory {
      override async *list(): AsyncGenerator<string> {
        try {
          yield '/a'
          await waiting.opened
          yield '/b'
        } finally {
          returned++
        }
      }
    }
    for await (const _ of toStorageDriver(new Slow()).list('/')) break
    expect(returned).toBe(1)

    const abort = new AbortController()
    const reason = new Error('enough')
    const rest = collect(toStorageDriver(new Slow()).list('/', { signal: abort.signal }))
    await settle()
    abort.abort(reason)
    expect(await failure(rest)).toBe(reason)
    waiting.open()
    await settle()
    expect(returned).toBe(2)
  })

  it('ends between two steps of a slow consumer when it is aborted', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const seen: string[] = []
    const { memory, driver } = storage()
    let steps = 0
    memory.list = async function* () {
      for (const path of ['/a', '/b']) {
        steps++
        yield path
      }
    }
    const run = async (): Promise<void> => {
      for await (const path of driver.list('/', { signal: abort.signal })) {
        seen.push(path)
        abort.abort(reason)
      }
    }
    expect(await failure(run())).toBe(reason)
    expect([seen, steps]).toEqual([['/a'], 1])
  })
})

it('list names a child once, also where another tool has left a directory marker beside the file', async () => {
  class Marked extends Memory {
    override async *list(): AsyncGenerator<string> {
      yield* ['/plain', '/plain-b', '/plain/', '/z/']
    }
  }
  expect(await collect(toStorageDriver(new Marked()).list('/'))).toEqual([
    '/plain',
    '/plain-b',
    '/z',
  ])
})
