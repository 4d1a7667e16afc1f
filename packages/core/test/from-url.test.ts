import { inspect } from 'node:util'
import { createFromURL, PathNotFoundError } from '@stowage/core'
import { parameter, parseParameters, queryParameters, register } from '@stowage/core/driver'
import { Memory } from './helpers/memory.ts'
import { failure } from './helpers/util.ts'

let given: unknown[] = []

/** A driver like that of a bucket, with parameters in every part of its URL. */
const bucketSchema = {
  bucket: parameter.string(),
  prefix: parameter.string(),
  region: parameter.string(),
  key: parameter.string(),
  secret: parameter.string({ secret: true }),
}
register(
  'bucket',
  (parameters) => {
    given.push(parseParameters('bucket', bucketSchema, parameters))
    return new Memory()
  },
  {
    fromURL: (url) => ({
      ...queryParameters(url),
      bucket: url.host,
      prefix: decodeURIComponent(url.pathname.slice(1)),
      ...(url.username ? { key: url.username, secret: url.password } : {}),
    }),
  },
)
register('plain', (parameters) => {
  given.push(parameters)
  return new Memory()
})

beforeEach(() => {
  given = []
})

it('takes the scheme for the name, and lets the driver read the rest', async () => {
  await createFromURL('bucket://data/a%20b/c?region=eu-1')
  await createFromURL(new URL('bucket://key:pw@data'))
  expect(given).toMatchObject([
    { bucket: 'data', prefix: 'a b/c', region: 'eu-1', key: undefined },
    { bucket: 'data', prefix: '', key: 'key', secret: 'pw' },
  ])
})

it('takes the query for the parameters where the driver says nothing', async () => {
  for (const url of ['plain:', 'PLAIN:', 'plain:?a=1&b=%20x', 'plain:///?a='])
    await createFromURL(url)
  expect(given).toEqual([{}, {}, { a: '1', b: ' x' }, { a: '' }])
})

it.each(['plain:///var/data', 'plain://host', 'plain:data', 'plain://u:p@h', 'plain:#x'])(
  'refuses what such a driver would ignore: %s',
  async (url) => {
    const error = await failure(createFromURL(url))
    expect(error.message).toBe('plain: a URL of this driver is plain: and perhaps ?parameter=value')
  },
)

it('refuses a parameter that is given twice', async () => {
  const error = await failure(createFromURL('plain:?a=1&a=2'))
  expect(error).toMatchObject({ code: 'CONFIG', message: 'a is given twice in the URL' })
})

it('names the package of an unknown driver', async () => {
  const error = await failure(createFromURL('acme://u:SECRET@x'))
  expect(error).toMatchObject({ code: 'UNKNOWN_DRIVER', driverName: 'acme' })
  expect(error.message).toContain('npm install stowage-driver-acme')
})

it.each([
  '/var/SECRET',
  'bucket://u:SECRET@[bad',
  'bucket://u:SECRET@host:port?secret=SECRET',
  'bucket://u:SECRET@host/?secrt=SECRET',
  'unknown://u:SECRET@host/?key=SECRET',
  'plain://u:SECRET@host/?key=SECRET',
  '://SECRET',
])('shows nothing that may be secret: %s', async (url) => {
  const error = await failure(createFromURL(url))
  expect(error.message.length).toBeGreaterThan(10)
  expect(`${inspect(error, { depth: 9 })}${JSON.stringify(error)}`).not.toContain('SECRET')
})

it('lets an error of the factory through with its driver', async () => {
  register('failing', () => {
    throw new PathNotFoundError('/root')
  })
  expect((await failure(createFromURL('failing:'))).driver).toBe('failing')
})

it.each(['..%2f..%2fx', 'a/%2e%2e%2fb', 'a%5c..%5cb', '%2E.%2Fx', 'a%2f.%2fb'])(
  'refuses an encoded .. in the path: %s',
  async (path) => {
    expect(await failure(createFromURL(`bucket://data/${path}`))).toMatchObject({ code: 'CONFIG' })
    expect(given).toEqual([])
  },
)

it.each(['..%2f..%2fx', '../%2e%2e/x', './a%2f..%2fb'])(
  'refuses an encoded .. in a relative path: %s',
  async (path) => {
    expect(await failure(createFromURL(`bucket:${path}`))).toMatchObject({ code: 'CONFIG' })
    expect(given).toEqual([])
  },
)

it.each(['.', '..', '../data', './data'])('takes a relative path as typed: %s', async (path) => {
  await createFromURL(`bucket:${path}`)
  expect(given).toHaveLength(1)
})

it('takes names that only look like it', async () => {
  await createFromURL('bucket://data/a..b%2F...%2Fc?region=..%2f')
  expect(given).toMatchObject([{ prefix: 'a..b/.../c' }])
})
