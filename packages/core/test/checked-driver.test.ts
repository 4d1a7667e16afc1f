import { Readable } from 'node:stream'
import {
  type Capabilities,
  PermissionError,
  type StorageDriver,
  toStorageDriver,
  type UploadInfo,
} from '@stowage/core/driver'
import { Memory, storage } from './helpers/memory.ts'
import { collect, content, countListeners, failure, gate, settle } from './helpers/util.ts'

const CALLS: [string, (driver: StorageDriver, path: string, signal?: AbortSignal) => unknown][] = [
  ['getContent', (driver, path, signal) => driver.getContent(path, { signal })],
  ['putContent', (driver, path, signal) => driver.putContent(path, 'x', { signal })],
  ['reader', (driver, path, signal) => driver.reader(path, { signal })],
  ['writer', (driver, path, signal) => driver.writer(path, { signal })],
  ['stat', (driver, path, signal) => driver.stat(path, { signal })],
  ['list', (driver, path, signal) => collect(driver.list(path, { signal }))],
  ['walk', (driver, path, signal) => collect(driver.walk(path, { signal }))],
  ['walk after', (driver, path, signal) => collect(driver.walk('/', { startAfter: path, signal }))],
  ['move from', (driver, path, signal) => driver.move(path, '/other', { signal })],
  ['move to', (driver, path, signal) => driver.move('/other', path, { signal })],
  ['delete', (driver, path, signal) => driver.delete(path, { signal })],
  ['redirectURL', (driver, path, signal) => driver.redirectURL(path, { signal })],
  ['purgeUploads', (driver, path, signal) => driver.purgeUploads(path, { signal })],
]
const ROOT = ['stat', 'list', 'walk', 'walk after', 'purgeUploads']

class Everything extends Memory {
  readonly calls: string[] = []
  constructor(capabilities: Partial<Capabilities> = {}) {
    super({ append: true, purgeUploads: true, redirectURL: true, ...capabilities })
    const { calls } = this
    for (const method of ['getContent', 'putContent', 'reader', 'writer', 'stat', 'list']) {
      const target = this as unknown as Record<string, (...args: unknown[]) => unknown>
      const before = target[method]?.bind(this)
      target[method] = (...args) => {
        calls.push(method)
        return before?.(...args)
      }
    }
  }
  async *purgeUploads(path: string): AsyncGenerator<UploadInfo> {
    this.calls.push('purgeUploads')
    yield { path, startedAt: new Date(0) }
  }
  async redirectURL(path: string, options: object): Promise<string> {
    this.calls.push(`redirectURL ${JSON.stringify(options)}`)
    return `https://example${path}`
  }
  override async move(source: string, destination: string): Promise<void> {
    this.calls.push('move')
    await super.move(source, destination)
  }
  override async delete(path: string): Promise<void> {
    this.calls.push('delete')
    await super.delete(path)
  }
}

describe.each(CALLS)('%s', (name, call) => {
  it('refuses an invalid path, names the driver, and calls nothing', async () => {
    const inner = new Everything()
    const driver = toStorageDriver(inner)
    for (const path of ['a', '/a/../b', '/a\n', '//a', '']) {
      const error = await failure(Promise.resolve(call(driver, path)))
      expect(error).toMatchObject({ code: 'INVALID_PATH', driver: 'memory', path })
      expect(error.message).toMatch(/^memory: invalid path: /)
    }
    expect(inner.calls).toEqual([])
  })

  it(`${ROOT.includes(name) ? 'takes' : 'refuses'} the root`, async () => {
    const result = Promise.resolve(call(toStorageDriver(new Everything()), '/'))
    const code = await result.then(
      () => 'fine',
      (error) => error.code,
    )
    expect(code).toBe(ROOT.includes(name) ? 'fine' : 'INVALID_PATH')
  })

  it('starts nothing when the signal is aborted already', async () => {
    const inner = new Everything()
    const reason = new Error('enough')
    const error = await failure(
      Promise.resolve(call(toStorageDriver(inner), '/a', AbortSignal.abort(reason))),
    )
    expect(error).toBe(reason)
    expect(inner.calls).toEqual([])
  })
})

describe('reader', () => {
  it('looks at offset and length before the path', async () => {
    const { driver } = storage()
    for (const options of [
      { offset: -1 },
      { offset: 0.5 },
      { offset: Number.NaN },
      { length: -1 },
    ]) {
      const error = await failure(driver.reader('not a path', options))
      expect(error).toMatchObject({ code: 'INVALID_OFFSET', driver: 'memory' })
    }
    const error = await failure(driver.reader('/a', { offset: 2 ** 53 }))
    expect(error.message).toBe('memory: invalid offset: 9007199254740992 for path: /a')
  })
})

describe('errors', () => {
  it('become a DriverError with the cause, the path and one driver name', async () => {
    const cause = Object.assign(new Error('boom'), { code: 'EBOOM' })
    class Failing extends Memory {
      override async getContent(): Promise<Uint8Array> {
        throw cause
      }
    }
    const error = await failure(toStorageDriver(new Failing()).getContent('/a'))
    expect(error).toMatchObject({ code: 'DRIVER', driver: 'memory', path: '/a', cause })
    expect(error.message).toBe('memory: boom')
  })

  it('of core are named once, also through two bases', async () => {
    const { memory, driver } = storage()
    class Outer extends Memory {
      override readonly name = 'outer'
      override getContent(path: string): Promise<Uint8Array> {
        return driver.getContent(path)
      }
    }
    const error = await failure(toStorageDriver(new Outer()).getContent('/a'))
    expect(error.message).toBe('memory: Path not found: /a')
    expect(memory.files.size).toBe(0)
  })

  it.each([
    ['a string', 'boom', 'memory: boom'],
    ['undefined', undefined, 'memory: undefined'],
    ['an error without a message', new TypeError(), 'memory: TypeError'],
  ])('may be %s', async (_, thrown, message) => {
    class Failing extends Memory {
      override stat(): never {
        throw thrown // also: not as a rejection
      }
    }
    const error = await failure(toStorageDriver(new Failing()).stat('/a'))
    expect(error).toMatchObject({ code: 'DRIVER', message, cause: thrown })
  })

  it('of wrong use stay TypeErrors', async () => {
    const { driver } = storage()
    expect(await failure(driver.putContent('/a', 7 as never))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
    })
    const writer = await driver.writer('/a')
    expect(await failure(writer.write('text' as never))).toMatchObject({ name: 'TypeError' })
    await writer.write(Buffer.from('x'))
    await writer.commit()
  })
})

describe('an abort', () => {
  it('rejects at once, closes what comes late, and leaves no listener', async () => {
    const opening = gate()
    const source = Readable.from([Buffer.from('x')])
    class Slow extends Memory {
      override async reader(): Promise<Readable> {
        await opening.opened
        return source
      }
    }
    const abort = new AbortController()
    const listeners = countListeners(abort.signal)
    const opened = toStorageDriver(new Slow()).reader('/a', { signal: abort.signal })
    await settle()
    expect(listeners()).toBe(1)
    abort.abort(new Error('enough'))
    expect((await failure(opened)).message).toBe('enough')
    expect(source.destroyed).toBe(false)
    opening.open()
    await settle()
    expect(source.destroyed).toBe(true)
  })

  it.each([
    [false, 0, 'cancel'],
    [true, 3, 'close'],
    // A session that append has begun on an empty file.
    [true, 0, 'cancel'],
  ])('ends a writer that comes late: append %s, %i bytes: %s', async (append, size, method) => {
    const opening = gate()
    const calls: string[] = []
    const noted = async (name: string) => void calls.push(name)
    class Slow extends Memory {
      override async writer(): Promise<never> {
        await opening.opened
        return { size, close: () => noted('close'), cancel: () => noted('cancel') } as never
      }
    }
    const abort = new AbortController()
    const opened = toStorageDriver(new Slow()).writer('/a', { append, signal: abort.signal })
    await settle()
    abort.abort(new Error('enough'))
    expect((await failure(opened)).message).toBe('enough')
    opening.open()
    await settle()
    expect(calls).toEqual([method])
  })

  it('swallows an error that comes late', async () => {
    const opening = gate()
    class Slow extends Memory {
      override async stat(): Promise<never> {
        await opening.opened
        throw new Error('late')
      }
    }
    const abort = new AbortController()
    const call = toStorageDriver(new Slow()).stat('/a', { signal: abort.signal })
    abort.abort(new Error('enough'))
    expect((await failure(call)).message).toBe('enough')
    opening.open()
    await settle()
  })

  it('leaves no listener behind when all goes well', async () => {
    const { driver } = storage({ '/a': 'x' })
    const { signal } = new AbortController()
    const listeners = countListeners(signal)
    await driver.getContent('/a', { signal })
    await content(await driver.reader('/a', { signal }))
    await collect(driver.walk('/', { signal }))
    await failure(driver.stat('/none', { signal }))
    const writer = await driver.writer('/b', { signal })
    await writer.write(Buffer.from('x'))
    await writer.commit()
    const cancelled = await driver.writer('/b', { signal })
    await cancelled.cancel()
    await settle()
    expect(listeners()).toBe(0)
  })
})

describe('the root', () => {
  it('exists although the backend finds nothing', async () => {
    const info = await storage().driver.stat('/')
    expect(info).toEqual({ path: '/', size: 0, modTime: new Date(0), isDir: true })
    expect(await collect(storage().driver.list('/'))).toEqual([])
    expect(await collect(storage().driver.walk('/'))).toEqual([])
  })

  it('does not hide other errors of the backend', async () => {
    class Closed extends Memory {
      override async stat(): Promise<never> {
        throw new PermissionError('no')
      }
    }
    expect((await failure(toStorageDriver(new Closed()).stat('/'))).code).toBe('PERMISSION_DENIED')
  })
})

describe('move', () => {
  it('onto itself does nothing if it is there', async () => {
    const inner = new Everything()
    inner.files.set('/a', Buffer.from('x'))
    const driver = toStorageDriver(inner)
    await driver.move('/a', '/a')
    expect((await failure(driver.move('/b', '/b'))).code).toBe('PATH_NOT_FOUND')
    expect(inner.calls).toEqual(['stat', 'stat'])
  })

  it('refuses one path beneath the other', async () => {
    const { driver } = storage({ '/a': 'x', '/a-b': 'y' })
    for (const [from, to] of [
      ['/a', '/a/b'],
      ['/a/b', '/a'],
    ] as const) {
      const error = await failure(driver.move(from, to))
      expect(error).toMatchObject({ code: 'INVALID_PATH', path: to })
    }
    await driver.move('/a-b', '/a')
  })
})

describe('what a driver does not do', () => {
  it('is refused: append and purgeUploads', async () => {
    const { driver } = storage({}, {})
    expect((await failure(driver.writer('/a', { append: true }))).message).toBe(
      'memory: unsupported method (this driver cannot continue an upload)',
    )
    expect((await failure(driver.purgeUploads('/'))).code).toBe('UNSUPPORTED_METHOD')
  })

  it('is no redirect', async () => {
    const inner = new Everything({ redirectURL: false })
    expect(await toStorageDriver(inner).redirectURL('/a')).toBeUndefined()
    expect(inner.calls).toEqual([])
  })
})

describe('redirectURL', () => {
  it('hands the completed options on', async () => {
    const inner = new Everything()
    expect(await toStorageDriver(inner).redirectURL('/a')).toBe('https://example/a')
    await toStorageDriver(inner).redirectURL('/a', { method: 'HEAD', expiresIn: 5 })
    expect(inner.calls).toEqual([
      'redirectURL {"method":"GET","expiresIn":1200}',
      'redirectURL {"method":"HEAD","expiresIn":5}',
    ])
  })

  it('is for GET and HEAD, and for a sensible time', async () => {
    const inner = new Everything()
    for (const method of ['PUT', 'DELETE', 'get']) {
      expect(await toStorageDriver(inner).redirectURL('/a', { method })).toBeUndefined()
    }
    for (const expiresIn of [0, -1, 1.5, Number.NaN, '9' as never]) {
      expect((await failure(toStorageDriver(inner).redirectURL('/a', { expiresIn }))).name).toBe(
        'TypeError',
      )
    }
    expect(inner.calls).toEqual([])
  })
})

it('purges from the age of the Go registry on', async () => {
  const seen: { olderThan: Date; dryRun: boolean }[] = []
  class Purging extends Memory {
    constructor() {
      super({ purgeUploads: true })
    }
    async *purgeUploads(path: string, options: { olderThan: Date; dryRun: boolean }) {
      seen.push(options)
      yield { path, startedAt: new Date(0) }
    }
  }
  const found = await toStorageDriver(new Purging()).purgeUploads('/a')
  expect(found).toEqual([{ path: '/a', startedAt: new Date(0) }])
  expect(seen[0]?.dryRun).toBe(false)
  expect(Date.now() - Number(seen[0]?.olderThan) - 168 * 3600_000).toBeLessThan(60_000)
})

it('tells which uploads were removed before a purge failed', async () => {
  class Failing extends Memory {
    constructor() {
      super({ purgeUploads: true })
    }
    async *purgeUploads(path: string) {
      yield { path, startedAt: new Date(0) }
      throw new PermissionError('no')
    }
  }
  const driver = toStorageDriver(new Failing())
  const error = await failure(driver.purgeUploads('/a'))
  expect(error).toMatchObject({ code: 'PERMISSION_DENIED', path: '/a' })
  expect(error.purged).toEqual([{ path: '/a', startedAt: new Date(0) }])
  expect(Object.hasOwn(await failure(driver.purgeUploads('/a', { dryRun: true })), 'purged')).toBe(
    false,
  )
})

it('stores a string as UTF-8', async () => {
  const { memory, driver } = storage()
  await driver.putContent('/a', 'é')
  expect(memory.files.get('/a')).toEqual(Buffer.from([0xc3, 0xa9]))
})
