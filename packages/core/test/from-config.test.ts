import { jest } from '@jest/globals'
import { createFromConfig } from '@stowage/core/config'
import { register } from '@stowage/core/driver'
import { Memory } from './helpers/memory.ts'
import { failure } from './helpers/util.ts'

let given: [name: string, parameters: unknown][] = []
for (const name of ['s3', 'filesystem', 'inmemory', 'with_underscore']) {
  register(name, (parameters) => {
    given.push([name, parameters])
    return new Memory()
  })
}
beforeEach(() => {
  given = []
})

const made = async (
  config: unknown,
  env?: Record<string, string | undefined>,
): Promise<unknown> => {
  await createFromConfig(config, { env })
  return given[0]
}

describe('the storage section', () => {
  const reserved = {
    maintenance: { uploadpurging: { enabled: true }, readonly: { enabled: false } },
    cache: { blobdescriptor: 'redis' },
    delete: { enabled: true },
    redirect: { disable: true },
    tag: { concurrencylimit: 5 },
  }

  it.each([
    ['the whole', { version: 0.1, storage: { s3: { bucket: 'b' }, ...reserved }, http: {} }],
    ['the section', { s3: { bucket: 'b' }, ...reserved }],
    ['the section alone', { s3: { bucket: 'b' } }],
  ])('may be given as %s', async (_, config) => {
    expect(await made(config)).toEqual(['s3', { bucket: 'b' }])
  })

  it.each([
    ['inmemory'],
    [{ storage: 'inmemory' }],
    [{ inmemory: null }],
    [{ storage: { inmemory: null, ...reserved } }],
    [{ storage: { inmemory: {} } }],
  ])('may have no parameters: %j', async (config) => {
    expect(await made(config)).toEqual(['inmemory', {}])
  })

  it.each([
    [{ s3: {}, filesystem: {} }, '[s3 filesystem]'],
    [{ storage: reserved }, '[]'],
    [{ storage: null }, '[]'],
    [{}, '[]'],
    [undefined, '[]'],
  ])('names exactly one driver: %j', async (config, provided) => {
    expect(await failure(createFromConfig(config))).toMatchObject({
      code: 'CONFIG',
      message: `must provide exactly one storage type. Provided: ${provided}`,
    })
  })

  it.each([[7], [['s3']], [{ storage: [] }]])('is a map or a name: %j', async (config) => {
    expect((await failure(createFromConfig(config))).message).toMatch(/^storage is a map of one/)
  })

  it('names the package of an unknown driver', async () => {
    expect((await failure(createFromConfig({ acme: {} }))).code).toBe('UNKNOWN_DRIVER')
  })
})

describe('the middleware list', () => {
  const storage = { inmemory: null }

  it('is applied in order, disabled entries left out', async () => {
    const driver = await createFromConfig({
      storage,
      middleware: {
        registry: [{ name: 'whatever' }],
        storage: [
          { name: 'redirect', options: { baseurl: 'https://cdn.example/x' } },
          { name: 'rewrite', options: { host: 'off' }, disabled: true },
          { name: 'rewrite', options: { trimpathprefix: '/x' } },
        ],
      },
    })
    expect(await driver.redirectURL('/a')).toBe('https://cdn.example/a')
  })

  it.each([
    [{ storage: {} }],
    [{ storage: 'redirect' }],
    [{ storage: ['redirect'] }],
    [{ storage: [{ options: {} }] }],
  ])('is refused as %j', async (middleware) => {
    const error = await failure(createFromConfig({ storage, middleware }))
    expect(error.message).toBe('middleware.storage is a list of maps, each with a name')
    expect(given).toEqual([])
  })

  it('that fails has the driver closed', async () => {
    const close = jest.fn(async () => {})
    register('closing', () => Object.assign(new Memory(), { close }))
    const middleware = { storage: [{ name: 'none' }] }
    const error = await failure(createFromConfig({ storage: { closing: null }, middleware }))
    expect(error.message).toContain('no storage middleware registered with name: none')
    expect(close).toHaveBeenCalledTimes(1)
  })

  it('may be absent or empty', async () => {
    for (const middleware of [undefined, null, {}, { storage: null }, { storage: [] }]) {
      await createFromConfig({ storage, middleware })
    }
    expect(given).toHaveLength(5)
  })
})

describe('the environment', () => {
  const config = { s3: { bucket: 'b', rootDirectory: '/a', nested: { deep: { x: 1 } } } }

  it('is not looked at unless it is handed in', async () => {
    process.env.REGISTRY_STORAGE_S3_BUCKET = 'other'
    try {
      expect(await made({ s3: { bucket: 'b' } })).toEqual(['s3', { bucket: 'b' }])
    } finally {
      delete process.env.REGISTRY_STORAGE_S3_BUCKET
    }
  })

  it('overrides parameters in whatever spelling, and adds some', async () => {
    const env = {
      REGISTRY_STORAGE_S3_ROOTDIRECTORY: '/b',
      REGISTRY_STORAGE_S3_MAX_RETRIES: '3',
      REGISTRY_STORAGE_S3_NESTED_DEEP_X: '2',
      REGISTRY_STORAGE_S3_UNSET: undefined,
      REGISTRY_STORAGE_DELETE_ENABLED: 'true',
      REGISTRY_STORAGE_: 'x',
      REGISTRY_STORAGE_S3: 'x',
      REGISTRY_STORAGEX_Y: 'x',
      PATH: '/bin',
    }
    expect(await made(config, env)).toEqual([
      's3',
      { bucket: 'b', rootdirectory: '/b', max_retries: 3, nested: { deep: { x: 2 } } },
    ])
    expect(config.s3).toEqual({ bucket: 'b', rootDirectory: '/a', nested: { deep: { x: 1 } } })
  })

  it.each([
    ['true', true],
    ['false', false],
    ['5', 5],
    ['-5', -5],
    ['1.5', 1.5],
    ['005', '005'],
    ['1.50', '1.50'],
    ['12345678901234567890', '12345678901234567890'],
    ['5Mi', '5Mi'],
    ['', ''],
    ['null', null],
    ['"5"', '5'],
    ['[1,"a"]', [1, 'a']],
    ['{"a":1}', { a: 1 }],
    ['{broken', '{broken'],
    ['yes', 'yes'],
  ])('reads %j as %j', async (value, expected) => {
    const env = { REGISTRY_STORAGE_S3_P: value }
    expect(await made({ s3: null }, env)).toEqual(['s3', { p: expected }])
  })

  it('names the driver, alone or by a parameter', async () => {
    expect(await made({ s3: {} }, { REGISTRY_STORAGE: 'inmemory' })).toEqual(['inmemory', {}])
    given = []
    const env = { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: '/x' }
    expect(await made(undefined, env)).toEqual(['filesystem', { rootdirectory: '/x' }])
    const two = await failure(createFromConfig({ s3: {} }, { env }))
    expect(two.message).toContain('Provided: [s3 filesystem]')
  })

  it('finds a driver whose name has an underscore in the configuration', async () => {
    const env = { REGISTRY_STORAGE_WITH_UNDERSCORE_P: '1' }
    expect(await made({ with_underscore: null }, env)).toEqual(['with_underscore', { p: 1 }])
  })

  it('cannot reach a prototype', async () => {
    const env = { REGISTRY_STORAGE_S3___PROTO__: '{"polluted":true}' }
    const [, parameters] = (await made({ s3: {} }, env)) as [string, object]
    expect('polluted' in parameters).toBe(false)
    expect(Object.keys(parameters)).toEqual(['__proto__'])
  })
})
