import type { StorageDriver } from '@stowage/core'
import { toStorageDriver } from '@stowage/core/driver'
import {
  applyMiddleware,
  forwardingDriver,
  type MiddlewareEntry,
  registeredMiddleware,
  registerMiddleware,
} from '@stowage/core/middleware'
import { Memory, storage } from './helpers/memory.ts'
import { collect, content, failure } from './helpers/util.ts'

const table = (globalThis as unknown as Record<symbol, Map<string, unknown>>)[
  Symbol.for('@stowage/core/middleware')
]

afterEach(() => table?.clear())

/** A driver that redirects to this URL. */
function redirecting(url: string | undefined): StorageDriver {
  class Redirecting extends Memory {
    redirectURL = async () => url
    constructor() {
      super({ redirectURL: true })
    }
  }
  return toStorageDriver(new Redirecting())
}

const apply = (driver: StorageDriver, ...entries: MiddlewareEntry[]): Promise<StorageDriver> =>
  applyMiddleware(driver, entries)

describe('the registry', () => {
  it('wraps in order: the first around the driver, the last outermost', async () => {
    registerMiddleware('tag', (inner, { tag }) =>
      forwardingDriver(inner, { name: `${tag}(${inner.name})` }),
    )
    registerMiddleware('later', async (inner) =>
      forwardingDriver(inner, { name: `later(${inner.name})` }),
    )
    const driver = await apply(
      storage().driver,
      { name: 'tag', options: { tag: 'a' } },
      { name: 'later', options: null },
      { name: 'tag', options: { tag: 'off' }, disabled: true },
      { name: 'tag', options: { tag: 'b' }, disabled: false },
    )
    expect(driver.name).toBe('b(later(a(memory)))')
  })

  it('names what is not registered before it runs anything', async () => {
    let ran = 0
    registerMiddleware('counts', (inner) => {
      ran++
      return inner
    })
    const error = await failure(apply(storage().driver, { name: 'counts' }, { name: 'none' }))
    expect(error.code).toBe('CONFIG')
    expect(error.message).toBe(
      'no storage middleware registered with name: none (registered now: counts, redirect, regulator, rewrite)',
    )
    expect(ran).toBe(0)
    await apply(storage().driver, { name: 'none', disabled: true })
  })

  it('takes the same middleware again and no other, nor what is no function', () => {
    const middleware = (inner: StorageDriver): StorageDriver => inner
    registerMiddleware('one', middleware)
    registerMiddleware('one', middleware)
    for (const name of ['one', 'redirect', 'rewrite', 'regulator']) {
      expect(() => registerMiddleware(name, (inner) => inner)).toThrow(
        `name already registered: ${name}`,
      )
    }
    expect(() => registerMiddleware('nil', undefined as never)).toThrow(
      'a middleware is a function',
    )
    expect(registeredMiddleware()).toEqual(['one', 'redirect', 'regulator', 'rewrite'])
  })

  it('closes the driver through the outermost', async () => {
    const closed: string[] = []
    const memory = Object.assign(new Memory(), { close: async () => void closed.push('driver') })
    const inner = toStorageDriver(memory)
    const driver = forwardingDriver(inner, {
      async close() {
        closed.push('middleware')
        await inner.close()
      },
    })
    await driver[Symbol.asyncDispose]()
    expect(closed).toEqual(['middleware', 'driver'])
  })
})

it('forwards every method of a driver with all its arguments', async () => {
  const seen: unknown[][] = []
  const target = storage().driver
  const inner = new Proxy(target, {
    get: (object, key) => {
      const value = Reflect.get(object, key)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        seen.push([key, ...args])
        return key
      }
    },
  })
  const driver = forwardingDriver(inner, {}) as unknown as Record<
    string,
    (...args: unknown[]) => unknown
  >
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(target)).filter(
    (name) => name !== 'constructor',
  )
  expect(methods).toHaveLength(14)
  for (const method of methods) {
    expect(driver[method]?.(1, 2, 3)).toBe(method)
  }
  const args = (method: string): number[] => (method === 'close' ? [] : [1, 2, 3])
  expect(seen).toEqual(methods.map((method) => [method, ...args(method)]))
  expect(driver.capabilities).toBe(target.capabilities)
})

it('passes the key of a path on through every layer, and checks the path', async () => {
  class Bucket extends Memory {
    bucketKey = (path: string) => `root${path}`
  }
  const driver = await apply(
    toStorageDriver(new Bucket({ redirectURL: true })),
    { name: 'regulator', options: { maxConcurrency: 1 } },
    { name: 'rewrite' },
  )
  expect(driver.bucketKey?.('/a')).toBe('root/a')
  expect(() => driver.bucketKey?.('/a/')).toThrow('invalid path: /a/')
  expect(storage().driver.bucketKey?.('/a')).toBeUndefined()
})

describe('redirect', () => {
  const redirect = (options: Record<string, unknown> | undefined): Promise<StorageDriver> =>
    apply(storage().driver, { name: 'redirect', options })

  it.each([
    [undefined, 'no baseurl provided'],
    [{}, 'no baseurl provided'],
    [{ baseurl: '' }, 'no baseurl provided'],
    [{ baseurl: 7 }, 'baseurl must be a string'],
    [{ baseurl: 'example.com' }, 'no scheme specified for redirect baseurl'],
    [{ baseurl: '//example.com' }, 'no scheme specified for redirect baseurl'],
    [{ baseurl: 'https:///path' }, 'no host specified for redirect baseurl'],
    [{ baseurl: 'javascript://h/%0aalert(1)' }, 'the scheme of redirect baseurl is http or https'],
    [{ baseurl: 'file://h/a' }, 'the scheme of redirect baseurl is http or https'],
    [{ baseurl: 'localhost:5000' }, 'no host specified for redirect baseurl'],
    [
      { baseurl: 'https://exa mple/a?k=SECRET' },
      'unable to parse redirect baseurl: https://exa mple/a',
    ],
    [{ baseurl: 'https://u:SECRET@a:b' }, 'unable to parse redirect baseurl: https://a:b'],
    [{ baseurl: 'https://a', wrong: 1 }, 'unknown parameter wrong: known are baseURL'],
  ])('%j: %s', async (options, message) => {
    const error = await failure(redirect(options))
    expect(error).toMatchObject({ code: 'CONFIG', message: `redirect: ${message}` })
  })

  it.each([
    ['https://example.com', '/a/b', 'https://example.com/a/b'],
    ['https://example.com:5443', '/a', 'https://example.com:5443/a'],
    ['https://example.com:443', '/a', 'https://example.com:443/a'],
    ['http://example.com', '/a', 'http://example.com/a'],
    ['https://example.com/path', '/a', 'https://example.com/path/a'],
    ['https://example.com/path/', '/a', 'https://example.com/path/a'],
    ['https://example.com//x/../path//', '/a', 'https://example.com/path/a'],
    ['https://user:pw@example.com/p?query#hash', '/a', 'https://example.com/p/a'],
    ['https://[::1]:8080', '/a', 'https://[::1]:8080/a'],
    ['https://example.com', '/a b?c#d%e/ä', 'https://example.com/a%20b%3Fc%23d%25e/%C3%A4'],
  ])('%s and %s', async (baseURL, path, expected) => {
    const driver = await redirect({ baseURL })
    expect(driver.capabilities.redirectURL).toBe(true)
    expect(await driver.redirectURL(path)).toBe(expected)
    expect(await driver.redirectURL(path, { method: 'HEAD' })).toBe(expected)
  })

  it('is for GET and HEAD, for valid paths, and ends with the signal', async () => {
    const driver = await redirect({ baseURL: 'https://a' })
    expect(await driver.redirectURL('/a', { method: 'PUT' })).toBeUndefined()
    const error = await failure(driver.redirectURL('/../a'))
    expect(error).toMatchObject({ code: 'INVALID_PATH', driver: 'memory' })
    const reason = new Error('enough')
    const aborted = driver.redirectURL('/a', { signal: AbortSignal.abort(reason) })
    expect(await failure(aborted)).toBe(reason)
  })

  it('leaves the rest to the driver', async () => {
    const { memory, driver } = storage({ '/a': 'x', '/d/b': 'y' })
    const wrapped = await apply(driver, { name: 'redirect', options: { baseurl: 'https://a' } })
    expect(await content(await wrapped.reader('/a'))).toEqual(Buffer.from('x'))
    expect(await collect(wrapped.list('/'))).toEqual(['/a', '/d'])
    await wrapped.delete('/a')
    expect([...memory.files.keys()]).toEqual(['/d/b'])
  })
})

describe('rewrite', () => {
  const signed = 'https://bucket.example:9000/some/path/a%20b?X-Sig=a%2Fb+c&d=/some/#h'
  const rewrite = async (
    options: Record<string, unknown>,
    url: string | undefined = signed,
  ): Promise<string | undefined> => {
    const driver = await apply(redirecting(url), { name: 'rewrite', options })
    return driver.redirectURL('/a')
  }

  it.each([
    [{}, signed],
    [{ scheme: '', host: '', trimpathprefix: '' }, signed],
    [{ scheme: 'http' }, signed.replace('https', 'http')],
    [{ host: 'proxy' }, signed.replace('bucket.example:9000', 'proxy')],
    [
      { scheme: 'http', host: 'proxy:80' },
      signed.replace('https://bucket.example:9000', 'http://proxy:80'),
    ],
    [{ trimPathPrefix: '/some/path' }, signed.replace('/some/path', '')],
    [{ trimpathprefix: '/some/path/' }, signed.replace('/some/path', '')],
    [{ trimpathprefix: '/some/path/a b' }, signed.replace('/some/path/a%20b', '')],
    [{ trimpathprefix: '/other' }, signed],
    [{ trimpathprefix: '/path' }, signed],
  ])('%j', async (options, expected) => {
    expect(await rewrite(options)).toBe(expected)
  })

  it.each([
    [{ scheme: 1 }, 'scheme must be a string'],
    [{ host: true }, 'host must be a string'],
    [{ trimpathprefix: [] }, 'trimpathprefix must be a string'],
    [{ trimPathPrefix: [] }, 'trimpathprefix must be a string'],
  ])('%j: %s', async (options, message) => {
    const error = await failure(rewrite(options))
    expect(error).toMatchObject({ code: 'CONFIG', message: `rewrite: ${message}` })
  })

  it('leaves it alone where the driver does not redirect', async () => {
    const driver = await apply(redirecting(undefined), { name: 'rewrite', options: { host: 'x' } })
    expect(await driver.redirectURL('/a')).toBeUndefined()
    const empty = await apply(redirecting(''), { name: 'rewrite', options: { host: 'x' } })
    expect(await empty.redirectURL('/a')).toBeUndefined()
    const without = await apply(storage().driver, { name: 'rewrite', options: { host: 'x' } })
    expect(without.capabilities.redirectURL).toBe(false)
    expect(await without.redirectURL('/a')).toBeUndefined()
  })

  it('shows nothing of a URL that it cannot take apart', async () => {
    const error = await failure(rewrite({ host: 'x' }, '/relative?sig=SECRET'))
    expect(error).toMatchObject({ code: 'DRIVER', driver: 'memory', path: '/a' })
    expect(error.message).not.toContain('SECRET')
  })

  it('rewrites what redirect gives when it comes after it', async () => {
    const driver = await apply(
      storage().driver,
      { name: 'redirect', options: { baseurl: 'https://cdn.example/base' } },
      { name: 'rewrite', options: { host: 'proxy', trimpathprefix: '/base' } },
    )
    expect(driver.capabilities.redirectURL).toBe(true)
    expect(await driver.redirectURL('/a')).toBe('https://proxy/a')
  })
})
