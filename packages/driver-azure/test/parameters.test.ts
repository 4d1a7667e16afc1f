import { expect, test } from '@jest/globals'
import { fromURL } from '../src/from-url.ts'
import { type AzureSettings, parse } from '../src/parameters.ts'

const key = Buffer.from('a key').toString('base64')
const account = { accountname: 'acc', container: 'c' }

function problems(raw: unknown): readonly string[] {
  try {
    parse(raw)
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG' })
    return (error as { problems: string[] }).problems
  }
  return []
}

function connection(raw: unknown): AzureSettings['connection'] {
  return parse(raw).connection
}

test('a storage section of the original is taken as it stands', () => {
  const raw = {
    accountname: 'acc',
    accountkey: key,
    container: 'c',
    credentials: { type: 'shared_key' },
    realm: 'core.windows.net',
    rootdirectory: '/registry',
    max_retries: 3,
    retry_delay: '200ms',
    skipverify: true,
    useragent: 'me',
  }
  expect(parse(raw)).toMatchObject({
    connection: {
      serviceURL: 'https://acc.blob.core.windows.net',
      authorization: { kind: 'key', accountName: 'acc', accountKey: key },
    },
    ...{ container: 'c', rootDirectory: '/registry', maxRetries: 3, retryDelay: 200 },
    ...{ skipVerify: true, userAgent: 'me' },
  })
})

test.each([
  [{}, 'no accountname parameter provided'],
  [{ accountname: 'acc', accountkey: key }, 'no container parameter provider'],
  [{ ...account, credentials: { type: 'shared_key' } }, 'no accountkey parameter provided'],
  [{ ...account, credentials: { type: 'magic' } }, 'invalid credentials type: "magic"'],
  [{ ...account, credentials: { type: 'client_secret' } }, 'need tenantid, clientid and secret'],
  [account, 'no credentials'],
  [{ ...account, accountkey: 'no key!' }, 'an account key in base64'],
  [{ ...account, accountkey: key, max_retries: '3' }, 'an integer'],
  [{ ...account, accountkey: key, retry_delay: 100 }, 'a duration'],
  [{ ...account, accountkey: key, retry_delay: 'soon' }, 'a duration'],
  [{ ...account, accountkey: key, retry_delay: '-1s' }, 'a duration'],
  [{ ...account, accountkey: key, skipverify: 'true' }, 'true or false'],
  [{ ...account, accountkey: key, container: 7 }, 'container is 7'],
  [{ ...account, accountkey: key, credentials: { type: 'shared_key', key } }, 'unknown parameter'],
  [{ ...account, connectionstring: 'what?' }, 'connectionString lacks'],
  [{ ...account, accountkey: key, serviceurl: 'ftp://x' }, 'http or https URL'],
])('%j is wrong: %s', (raw, text) => {
  expect(problems(raw).join('\n')).toContain(text)
})

test('all problems are told at once, the account before the container', () => {
  const found = problems({ max_retries: 'x', credentials: { type: 3 } })
  expect(found).toEqual([
    expect.stringContaining('max_retries'),
    expect.stringContaining('type is 3'),
  ])
  expect(problems({})).toEqual([
    'no accountname parameter provided',
    'no container parameter provider',
  ])
})

test('no secret is in a problem', () => {
  const secret = 'very secret!'
  const raw = {
    accountname: 'a',
    container: 'c',
    accountkey: secret,
    sasToken: 3,
    connectionstring: 5,
  }
  expect(problems(raw).join('\n')).not.toContain(secret)
  const nested = { ...account, credentials: { type: 'client_secret', secret: 7 } }
  expect(problems(nested).join('\n')).toContain('(not shown)')
})

test.each([
  ['core.chinacloudapi.cn', 'https://acc.blob.core.chinacloudapi.cn'],
  ['core.usgovcloudapi.net', 'https://acc.blob.core.usgovcloudapi.net'],
])('the realm %s is %s', (realm, serviceURL) => {
  expect(connection({ ...account, accountkey: key, realm })).toMatchObject({ realm, serviceURL })
})

test('max_retries is the original’s: 0 is its default, -1 none', () => {
  const retries = (max_retries?: number) =>
    parse({ ...account, accountkey: key, ...(max_retries !== undefined && { max_retries }) })
      .maxRetries
  expect([retries(), retries(0), retries(-1), retries(2)]).toEqual([5, 5, 0, 2])
})

test('each way of authorisation is understood', () => {
  const credential = { getToken: async () => null }
  const kinds = [
    { ...account, accountKey: key },
    { ...account, sasToken: '?sv=1&sig=x' },
    { ...account, credential },
    { ...account, credentials: { type: 'default' } },
    { ...account, credentials: { type: 'default_credentials' } },
    {
      ...account,
      credentials: { type: 'client_secret', clientid: 'i', tenantid: 't', secret: 's' },
    },
    { container: 'c', serviceURL: 'https://acc.blob.core.windows.net/?sv=1&sig=x' },
  ].map((raw) => connection(raw)?.authorization)
  expect(kinds).toEqual([
    { kind: 'key', accountName: 'acc', accountKey: key },
    { kind: 'sas', token: 'sv=1&sig=x' },
    { kind: 'credential', credential },
    { kind: 'default' },
    { kind: 'default' },
    { kind: 'secret', tenantId: 't', clientId: 'i', secret: 's' },
    { kind: 'sas', token: 'sv=1&sig=x' },
  ])
})

test('a connection string says where and who', () => {
  const text = `DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=${key};EndpointSuffix=core.usgovcloudapi.net`
  expect(connection({ container: 'c', connectionString: text })).toMatchObject({
    serviceURL: 'https://acc.blob.core.usgovcloudapi.net',
    authorization: { kind: 'key', accountKey: key },
  })
  const sas = 'BlobEndpoint=https://acc.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x%3D'
  expect(connection({ container: 'c', connectionString: sas })).toMatchObject({
    serviceURL: 'https://acc.blob.core.windows.net',
    authorization: { kind: 'sas', token: 'sv=1&sig=x%3D' },
  })
})

test('the emulator’s account is there by one switch, and by its connection string', () => {
  const expected = {
    serviceURL: 'http://127.0.0.1:10000/devstoreaccount1',
    authorization: { kind: 'key', accountName: 'devstoreaccount1' },
  }
  expect(connection({ container: 'c', emulator: true })).toMatchObject(expected)
  const connectionString = 'UseDevelopmentStorage=true'
  expect(connection({ container: 'c', connectionString })).toMatchObject(expected)
  const serviceURL = 'http://127.0.0.1:9/devstoreaccount1'
  expect(connection({ container: 'c', emulator: true, serviceURL })).toMatchObject({ serviceURL })
})

test.each([
  ['100ms', 100],
  ['1.5s', 1500],
  ['2m30s', 150_000],
  ['0', 0],
])('%s is %d ms', (text, ms) => {
  expect(parse({ ...account, accountkey: key, retry_delay: text }).retryDelay).toBe(ms)
})

test.each([
  [
    'azure://data/a%20root/sub?accountName=123&maxRetries=2',
    { accountName: '123', maxRetries: 2, credentials: { type: 'default' } },
  ],
  ['azure://data/a%20root/sub?emulator=true', { emulator: true }],
  [
    'azure://data/a%20root/sub?accountname=acc&sasToken=sv%3D1%26sig%3Dx',
    { accountname: 'acc', sasToken: 'sv=1&sig=x' },
  ],
  [
    'azure://data/a%20root/sub?accountName=acc&credentials=default',
    { accountName: 'acc', credentials: { type: 'default' } },
  ],
])('%s is understood', (text, expected) => {
  const parameters = fromURL(new URL(text))
  expect(parameters).toEqual({ ...expected, container: 'data', rootDirectory: '/a root/sub' })
  expect(parse(parameters)).toMatchObject({ container: 'data', rootDirectory: '/a root/sub' })
})

test.each(['azure:///root', 'azure://user:secret@data', 'azure://data/x#part', 'azure://data/%zz'])(
  '%s is refused, and shows no secret',
  (text) => {
    expect(() => fromURL(new URL(text))).toThrow(expect.objectContaining({ code: 'CONFIG' }))
    expect(() => fromURL(new URL(text))).not.toThrow('secret')
  },
)

test('blanks and newlines around values are left out', () => {
  const raw = { accountName: 'acc\n', accountKey: ` ${key}\n`, container: ' c\n' }
  expect(parse(raw)).toMatchObject({
    container: 'c',
    connection: { authorization: { kind: 'key', accountName: 'acc', accountKey: key } },
  })
  for (const sasToken of [' sv=1&sig=x\n', '?sv=1&sig=x', '&sv=1&sig=x']) {
    expect(connection({ ...account, sasToken })?.authorization).toEqual({
      ...{ kind: 'sas', token: 'sv=1&sig=x' },
    })
  }
  const quoted = `"BlobEndpoint=https://acc.blob.core.windows.net;SharedAccessSignature=?sv=1&sig=x"\n`
  expect(connection({ container: 'c', connectionString: quoted })).toMatchObject({
    ...{ serviceURL: 'https://acc.blob.core.windows.net' },
    authorization: { kind: 'sas', token: 'sv=1&sig=x' },
  })
})

test.each([
  ['https://acc.blob.core.windows.net/data?sv=1&sr=c&sig=x', 'https://acc.blob.core.windows.net'],
  ['https://acc.blob.core.windows.net/data/?sv=1&sig=x', 'https://acc.blob.core.windows.net'],
  ['http://127.0.0.1:10000/acc/data?sv=1&sr=c&sig=x', 'http://127.0.0.1:10000/acc'],
])('the URL of a container says the container: %s', (url, serviceURL) => {
  for (const raw of [{ serviceURL: url }, { serviceURL: url, container: 'data' }]) {
    expect(parse(raw)).toMatchObject({
      container: 'data',
      connection: { serviceURL, authorization: { kind: 'sas' } },
    })
  }
  expect(problems({ serviceURL: url.replace('/data', '/data?sr=c&'), container: 'other' })).toEqual(
    [expect.stringContaining('container')],
  )
})

test.each(['http://127.0.0.1:10000/data', 'http://127.0.0.1:10000/data/'])(
  'an account in the path is no container, even of the same name: %s',
  (serviceURL) => {
    const raw = { accountName: 'data', accountKey: key, container: 'data', serviceURL }
    expect(parse(raw).connection?.serviceURL).toBe('http://127.0.0.1:10000/data')
  },
)

test('without an account it is the one of AZURE_STORAGE_CONNECTION_STRING', () => {
  process.env.AZURE_STORAGE_CONNECTION_STRING = `AccountName=env;AccountKey=${key}`
  try {
    const expected = { authorization: { kind: 'key', accountName: 'env' } }
    expect(connection({ container: 'c' })).toMatchObject(expected)
    expect(connection(fromURL(new URL('azure://c/root')))).toMatchObject(expected)
    expect(connection(fromURL(new URL('azure://c/root?accountName=acc')))).toMatchObject({
      authorization: { kind: 'default' },
    })
    expect(connection({ ...account, accountKey: key })).toMatchObject({
      authorization: { kind: 'key', accountName: 'acc' },
    })
  } finally {
    delete process.env.AZURE_STORAGE_CONNECTION_STRING
  }
})

test('a storage section of GitLab’s registry is understood', () => {
  const raw = {
    ...{ accountname: 'acc', container: 'c', credentialstype: 'client_secret' },
    ...{ tenantid: 't', clientid: 'i', secret: 's', trimlegacyrootprefix: true },
    ...{ maxretries: 3, retrydelay: '1s', max_retry_delay: '20s', retry_try_timeout: '5s' },
    ...{ debuglog: true, debuglogevents: 'request', apipoolmaxinterval: '1s' },
  }
  expect(parse(raw)).toMatchObject({
    connection: { authorization: { kind: 'secret', tenantId: 't', clientId: 'i', secret: 's' } },
    ...{ maxRetries: 3, retryDelay: 1000, maxRetryDelay: 20_000 },
  })
  const shared = { ...account, credentials_type: 'shared_key', accountkey: key }
  expect(connection(shared)?.authorization.kind).toBe('key')
  for (const legacy of [{ legacyrootprefix: true }, { trimlegacyrootprefix: false }]) {
    expect(problems({ ...shared, ...legacy })).toEqual([expect.stringContaining('legacy layout')])
  }
})

test('access tiers are written in any case', () => {
  expect(parse({ ...account, accountKey: key, accessTier: 'cool' }).accessTier).toBe('Cool')
  expect(problems({ ...account, accountKey: key, accessTier: 'warm' })).toEqual([
    expect.stringContaining('one of Hot, Cool, Cold, Archive'),
  ])
})
