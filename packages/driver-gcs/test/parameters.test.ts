import { fromURL } from '../src/from-url.ts'
import { type GcsParameters, parse, type Settings } from '../src/parameters.ts'

const NONE = {}
const parsed = (raw: unknown): Settings => parse(raw, NONE)

function problems(raw: unknown): readonly string[] {
  try {
    parsed(raw)
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG' })
    return (error as { problems: string[] }).problems
  }
  return []
}

const key = { type: 'service_account', client_email: 'a@b', private_key: 'very secret' }

it('a storage section of the original is taken as it stands', () => {
  const section = {
    bucket: 'b',
    keyfile: '/etc/gcs.json',
    rootdirectory: '/registry',
    chunksize: 5_242_880,
    maxconcurrency: 30,
    useragent: 'me',
    credentials: key,
  }
  expect(parsed(section)).toMatchObject({
    ...{ bucket: 'b', keyFile: '/etc/gcs.json', rootDirectory: '/registry', chunkSize: 5_242_880 },
    ...{ maxConcurrency: 30, userAgent: 'me', credentials: key, anonymous: false },
  })
})

it('both spellings of every name mean the same', () => {
  const values: Required<GcsParameters> = {
    ...{ bucket: 'b', rootDirectory: '/r', chunkSize: 262_144, keyFile: 'k', credentials: key },
    ...{ credentialsType: 'service_account' },
    ...{ maxConcurrency: 26, userAgent: 'u', endpoint: 'https://e.example', anonymous: true },
    ...{ client: {}, userProject: 'p', maxRetries: 1, retryDelay: 2, idleTimeout: 3, pageSize: 4 },
  }
  for (const [name, value] of Object.entries(values)) {
    const given = parsed({ bucket: 'b', [name]: value })
    expect(parsed({ bucket: 'b', [name.toLowerCase()]: value })).toEqual(given)
    expect(given).toMatchObject({ [name]: value })
  }
})

it('what is left out has the original’s defaults', () => {
  expect(parsed({ bucket: 'b' })).toMatchObject({
    ...{ chunkSize: 16 * 1024 * 1024, maxConcurrency: 50, rootDirectory: '', userAgent: '' },
    ...{ keyFile: undefined, credentials: undefined, endpoint: undefined, anonymous: false },
    ...{ maxRetries: 6, retryDelay: 500, idleTimeout: 60_000, pageSize: 1000 },
  })
})

it.each([
  [{}, 'no bucket parameter provided'],
  [{ bucket: '' }, 'no bucket parameter provided'],
  [{ bucket: 'b', chunksize: 'many' }, 'chunksize must be an integer, many invalid'],
  [{ bucket: 'b', chunksize: 1.5 }, 'invalid valud for chunksize: 1.5'],
  [{ bucket: 'b', chunksize: true }, 'invalid valud for chunksize: true'],
  [{ bucket: 'b', chunksize: 1 }, 'chunksize 1 must be larger than or equal to 262144'],
  [{ bucket: 'b', chunksize: '0' }, 'chunksize 0 must be larger than or equal to 262144'],
  [{ bucket: 'b', chunksize: 262_145 }, 'chunksize should be a multiple of 262144'],
  [{ bucket: 'gs://b' }, 'bucket is the name of a bucket, without gs:// and without /'],
  [{ bucket: 'b/sub' }, 'without /'],
  [{ bucket: 'b', credentialstype: 'nothing' }, 'credentialsType'],
  [
    { bucket: 'b', credentials: { type: 'external_account' }, credentials_type: 'service_account' },
    'the credentials are of type external_account, but credentialsType allows service_account only',
  ],
  [
    { bucket: 'b', credentials: { type: 'a secret' }, credentials_type: 'service_account' },
    'the credentials are of no known type',
  ],
  [
    { bucket: 'b', credentials: 'text' },
    'the credentials were not specified in the correct format',
  ],
  [{ bucket: 'b', credentials: [key] }, 'the credentials were not specified in the correct format'],
  [
    { bucket: 'b', credentials: new Map([[7, 'x']]) },
    'one of the credential keys was not a string: 7',
  ],
  [{ bucket: 'b', maxconcurrency: 'x' }, 'maxConcurrency'],
  [{ bucket: 'b', pageSize: 1001 }, 'pageSize'],
  [{ bucket: 'b', client: 'x' }, 'a Storage of @google-cloud/storage'],
  [{ bucket: 'b', endpoint: 'http://[' }, 'should be a URL'],
  [{ bucket: 'b', bukket: 'x' }, 'bukket'],
])('%j is wrong: %s', (raw, text) => {
  expect(problems(raw).join('\n').toLowerCase()).toContain(text.toLowerCase())
})

it('numbers may be text, as in a configuration file', () => {
  expect(parsed({ bucket: 123, chunksize: '524288' })).toMatchObject({
    ...{ bucket: '123', chunkSize: 524_288 },
  })
})

it('a line break at the end of a name, as files of secrets have it, is no part of it', () => {
  expect(parsed({ bucket: 'data\n' }).bucket).toBe('data')
})

it('credentials may be the text of a key file, with a byte order mark too', () => {
  expect(parsed({ bucket: 'b', credentials: `\ufeff${JSON.stringify(key)}` }).credentials).toEqual(
    key,
  )
})

it('a limit below the original’s least one counts as that', () => {
  expect(parsed({ bucket: 'b', maxconcurrency: 3 }).maxConcurrency).toBe(25)
})

it('credentials may be a map, as YAML parsers make it', () => {
  expect(parsed({ bucket: 'b', credentials: new Map(Object.entries(key)) }).credentials).toEqual(
    key,
  )
})

it('all problems are told at once, and no secret is in them', () => {
  const found = problems({ chunksize: 'x', credentials: 'very secret', maxRetries: -1 })
  expect(found).toHaveLength(4)
  expect(found.join('\n')).not.toContain('very secret')
})

it.each([
  // Who gives the endpoint says who is asked; who gives credentials says as whom.
  [{}, {}, undefined, false],
  [{ endpoint: 'http://127.0.0.1:1' }, {}, 'http://127.0.0.1:1', true],
  [{ endpoint: 'http://127.0.0.1:1', credentials: key }, {}, 'http://127.0.0.1:1', false],
  [{ endpoint: 'http://127.0.0.1:1', anonymous: false }, {}, 'http://127.0.0.1:1', false],
  [{ endpoint: 'storage.example/' }, {}, 'https://storage.example', true],
  [
    { endpoint: 'https://storage-x.p.googleapis.com' },
    {},
    'https://storage-x.p.googleapis.com',
    false,
  ],
  [{}, { STORAGE_EMULATOR_HOST: 'localhost:9000' }, 'http://localhost:9000', true],
  [{}, { STORAGE_EMULATOR_HOST: 'https://e:1/storage/v1/' }, 'https://e:1', true],
  [{ keyFile: 'k' }, { STORAGE_EMULATOR_HOST: 'localhost:9000' }, 'http://localhost:9000', true],
  [{ endpoint: 'http://a' }, { STORAGE_EMULATOR_HOST: 'localhost:9000' }, 'http://a', true],
  [{ client: {} }, { STORAGE_EMULATOR_HOST: 'localhost:9000' }, undefined, false],
])('%j with %j asks %s, without credentials: %s', (raw, env, endpoint, anonymous) => {
  expect(parse({ bucket: 'b', ...raw }, env)).toMatchObject({ endpoint, anonymous })
})

it.each([
  ['gcs://data/a%20root/sub?keyfile=%2Fk.json', { keyfile: '/k.json' }],
  [
    'gcs://data/a%20root/sub?anonymous=true&endpoint=http://h:1',
    { anonymous: 'true', endpoint: 'http://h:1' },
  ],
])('%s is understood', (text, expected) => {
  const parameters = fromURL(new URL(text))
  expect(parameters).toEqual({ ...expected, bucket: 'data', rootDirectory: '/a root/sub' })
  expect(parsed(parameters)).toMatchObject({ bucket: 'data', rootDirectory: '/a root/sub' })
})

it.each(['gcs:///root', 'gcs://user:secret@data', 'gcs://data/x#part', 'gcs://data/%zz'])(
  '%s is refused, and shows no secret',
  (text) => {
    expect(() => fromURL(new URL(text))).toThrow(expect.objectContaining({ code: 'CONFIG' }))
    expect(() => fromURL(new URL(text))).not.toThrow('secret')
  },
)
