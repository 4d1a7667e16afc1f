// No error, whatever way it is looked at, shows a key, a token, a signature or the address of an upload.
import { tracingChannel } from 'node:diagnostics_channel'
import { jest } from '@jest/globals'
import { OPERATION_CHANNEL, type StorageDriver } from '@stowage/core'
import { SecretSearch } from '@stowage/testsuite'
import { Api } from '../src/api.ts'
import { thrownFailure } from '../src/errors.ts'
import { parse } from '../src/parameters.ts'
import { data } from './helpers/data.ts'
import { serviceAccount } from './helpers/keys.ts'
import { CHUNK } from './helpers/storages.ts'
import { startTokens, TOKEN, type Tokens } from './helpers/tokens.ts'
import { newWorld, refused, type World } from './helpers/world.ts'

const account = serviceAccount()
/** Of the key, what is in its middle. */
const KEY = (account.private_key ?? '').split('\n')[5] ?? ''
let world: World
let tokens: Tokens

beforeEach(async () => {
  world = await newWorld({ maxRetries: 0 })
  tokens = await startTokens()
})

afterEach(async () => {
  jest.restoreAllMocks()
  await world[Symbol.asyncDispose]()
  await tokens[Symbol.asyncDispose]()
})

async function failures(driver: StorageDriver): Promise<unknown[]> {
  const results = await Promise.allSettled([
    driver.getContent('/file'),
    driver.putContent('/file', 'x'),
    driver.putContent('/file', data(2 * CHUNK)),
    driver.stat('/file'),
    driver.delete('/file'),
    driver.move('/file', '/other'),
    driver.writer('/file', { append: true }),
    driver.purgeUploads('/'),
  ])
  return results.map((result) => (result.status === 'rejected' ? result.reason : undefined))
}

it.each([401, 403, 500, 503])('not in a call that is refused with %d', async (status) => {
  const federated = {
    type: 'external_account',
    audience: 'x',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${tokens.endpoint}/sts`,
    credential_source: { file: '/dev/null' },
  }
  // Its warning of credentials that it is handed.
  jest.spyOn(console, 'warn').mockImplementation(() => {})
  for (const parameters of [
    { credentials: account, anonymous: true },
    { credentials: federated },
    // What is no key is not even sent.
    { credentials: { ...account, private_key: `-----BEGIN PRIVATE KEY-----\n${KEY}\n` } },
  ]) {
    const driver = await world.open(parameters)
    world.proxy.rule = () => refused(status)
    for (const value of [...(await failures(driver)), driver]) {
      expect(value).toBeDefined()
      new SecretSearch({ KEY, TOKEN, begin: 'BEGIN PRIVATE' }).assertNone('what is thrown', value)
    }
  }
})

it('not a key that was given in the place of its file', async () => {
  const driver = await world.open({ keyFile: JSON.stringify(account) })
  for (const error of await failures(driver)) {
    expect(error).toMatchObject({ code: 'CONFIG' })
    new SecretSearch({ KEY }).assertNone('what is thrown', error)
  }
})

it('not the address of an upload, by which anybody could write to it', async () => {
  const writer = await world.driver.writer('/file')
  await writer.write(data(CHUNK + 1))
  const [id = ''] = world.fake.uploads.sessions.keys()
  world.proxy.rule = ({ url }) =>
    url.searchParams.has('upload_id')
      ? { answer: { status: 500, body: `cannot go on with ${url.href}` } }
      : undefined
  const error = await writer.commit().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'UNAVAILABLE' })
  for (const value of [error, writer, world.driver]) {
    new SecretSearch({ id }).assertNone('what is thrown', value)
  }
})

it('not in what is published of operations', async () => {
  const search = new SecretSearch({ KEY })
  const events: unknown[] = []
  const channel = tracingChannel(OPERATION_CHANNEL)
  const note = (event: unknown): void => void events.push(event)
  const handlers = { start: note, end: note, asyncStart: note, asyncEnd: note, error: note }
  channel.subscribe(handlers)
  try {
    const driver = await world.open({ credentials: account, anonymous: true })
    const writer = await driver.writer('/file')
    await writer.write(data(CHUNK + 1))
    await writer.commit()
    const url = (await driver.redirectURL('/file')) ?? ''
    const signature = new URL(url).searchParams.get('X-Goog-Signature') ?? ''
    const [id = ''] = world.fake.uploads.sessions.keys()
    search.add('the upload', id)
    search.add('the signature', signature)
    expect(signature).toHaveLength(512)
    expect(events.length).toBeGreaterThan(4)
    search.assertNone('an event', events)
  } finally {
    channel.unsubscribe(handlers)
  }
})

it.each([
  [`request to https://h/o?upload_id=AABB-CC_dd&x=1 failed`, 'AABB-CC_dd'],
  [`GET https://h/o?X-Goog-Signature=00ff00ff&x=1`, '00ff00ff'],
  [`authorization: Bearer ya29.abc-DEF`, 'abc-DEF'],
  [`{"private_key":"-----BEGIN PRIVATE KEY-----\\nMIIEprivate","x":1}`, 'MIIEprivate'],
  [`-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----`, 'MIIEabc'],
  [`{"refresh_token": "1//0secret", "client_secret": "hush"}`, '0secret'],
])('not where the SDK or the network repeats it: %s', (message, secret) => {
  const native = Object.assign(new Error(message), {
    ...{ code: 'ECONNRESET', config: { headers: { authorization: secret } } },
    response: { status: 0, data: { secret } },
  })
  const api = new Api(parse({ bucket: 'b' }, {}))
  const error = api.error(thrownFailure(native), { operation: 'objects.get', path: '/p' })
  expect(error).toMatchObject({ code: 'UNAVAILABLE' })
  new SecretSearch({ secret }).assertNone('the error', error)
  expect(String(error)).toContain('***')
})

it('a missing bucket and wrong credentials are configuration errors in every call', async () => {
  const elsewhere = await world.open({ bucket: 'not-there' })
  for (const error of await failures(elsewhere)) expect(error).toMatchObject({ code: 'CONFIG' })
  await expect(elsewhere.stat('/')).rejects.toThrow('bucket')
  world.fake.authenticated = true
  for (const error of await failures(world.driver)) expect(error).toMatchObject({ code: 'CONFIG' })
})

it('a file whose name speaks of buckets is a missing file', async () => {
  const path = '/the bucket does not exist'
  await expect(world.driver.stat(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND', path })
})
