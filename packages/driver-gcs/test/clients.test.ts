// Every way to say where and as whom. The server is a fake of ours that wants credentials, and so are those who give
// tokens: see test/fake/README.md, helpers/tokens.ts and helpers/google-hosts.ts.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Storage } from '@google-cloud/storage'
import { jest } from '@jest/globals'
import { create, type StorageDriver } from '@stowage/core'
import type { GcsParameters } from '@stowage/driver-gcs'
import { FakeGcs } from './fake/server.ts'
import { CHUNK } from './helpers/storages.ts'
import { startTokens, TOKEN, type Tokens } from './helpers/tokens.ts'
import { use } from './helpers/use.ts'

const VARIABLES = ['GOOGLE_APPLICATION_CREDENTIALS', 'GCE_METADATA_HOST', 'STORAGE_EMULATOR_HOST']
const before = VARIABLES.map((name) => [name, process.env[name]] as const)
let fake: FakeGcs
let tokens: Tokens
let folder: string
/** The Authorization headers of what came, and where it went. */
let came: { authorization: string | undefined; path: string }[]
const opened: StorageDriver[] = []

beforeEach(async () => {
  fake = await FakeGcs.start()
  fake.createBucket('data')
  tokens = await startTokens()
  folder = await mkdtemp(join(tmpdir(), 'stowage-gcs-'))
  came = []
  fake.script = ({ request, path }) => {
    came.push({ authorization: request.headers.authorization, path })
    return false
  }
  for (const name of VARIABLES) delete process.env[name]
  // Whoever looks for the metadata server finds this one, and is seen.
  Object.assign(process.env, tokens.env)
  // Of credentials for a federation that it is handed, the SDK says on the console that they should be trusted.
  jest.spyOn(console, 'warn').mockImplementation(() => {})
})

afterEach(async () => {
  jest.restoreAllMocks()
  for (const driver of opened.splice(0)) await driver.close()
  await fake.stop()
  await tokens[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
})

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** Workload identity federation: the token of another cloud, in a file, is given for one of Google's. */
async function federated(impersonate = false): Promise<Record<string, unknown>> {
  const account = 'projects/-/serviceAccounts/tester@test.iam.gserviceaccount.com'
  return {
    type: 'external_account',
    audience:
      '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${tokens.endpoint}/sts`,
    credential_source: { file: await file('subject', 'a-token-of-another-cloud') },
    ...(impersonate && {
      service_account_impersonation_url: `${tokens.endpoint}/v1/${account}:generateAccessToken`,
    }),
  }
}

async function open(parameters: Partial<GcsParameters>): Promise<StorageDriver> {
  const driver = await create('gcs', {
    ...{ bucket: 'data', chunkSize: CHUNK, retryDelay: 1, ...parameters },
  })
  opened.push(driver)
  return driver
}

const ADC = 'GOOGLE_APPLICATION_CREDENTIALS'

/** Those that need no host of Google's own; redirect.test.ts has the others. */
const WAYS: Readonly<Record<string, () => Promise<Partial<GcsParameters>>>> = {
  'workload identity federation, inline': async () => ({ credentials: await federated() }),
  'workload identity federation, as a map': async () => ({
    credentials: new Map(Object.entries(await federated())),
  }),
  'a key file, which comes before a key inline': async () => ({
    keyFile: await file('key.json', await federated()),
    credentials: { type: 'service_account', client_email: 'x', private_key: 'wrong' },
  }),
  'a federation that acts as a service account': async () => ({
    keyFile: await file('key.json', await federated(true)),
  }),
  'the default credentials’ file': async () => {
    process.env[ADC] = await file('key.json', await federated())
    return { anonymous: false }
  },
}

describe('with credentials', () => {
  beforeEach(() => {
    fake.authenticated = true
  })

  it.each(Object.keys(WAYS))(
    'everything works with %s, and no metadata server is asked',
    async (way) => {
      await use(await open({ endpoint: fake.endpoint, ...(await WAYS[way]?.()) }))
      for (const { authorization } of came) expect(authorization).toBe(`Bearer ${TOKEN}`)
      expect(tokens.seen.filter((line) => line.includes('computeMetadata'))).toEqual([])
      // Asked for once, not for each request.
      expect(tokens.seen.length).toBeLessThanOrEqual(2)
    },
  )

  it('everything works with the account of the machine, by the metadata server', async () => {
    await use(await open({ endpoint: fake.endpoint, anonymous: false }))
    for (const { authorization } of came) expect(authorization).toBe(`Bearer ${TOKEN}`)
    expect(tokens.seen.some((line) => line.includes('service-accounts/default/token'))).toBe(true)
  })

  it('everything works with a client that was handed over, and goes on to', async () => {
    const client = new Storage({ apiEndpoint: fake.endpoint, useAuthWithCustomEndpoint: true })
    await use(await open({ client }))
    await opened.splice(0)[0]?.close()
    await use(await open({ client }))
  })

  it('credentials come anew where the service refuses those that there are', async () => {
    const driver = await open({ endpoint: fake.endpoint, credentials: await federated() })
    await driver.putContent('/file', 'x')
    let refusals = 1
    fake.script = ({ reply }) => {
      if (refusals-- <= 0) return false
      reply.writeHead(401, { 'content-type': 'application/json' })
      reply.end('{"error":{"message":"expired"}}')
      return true
    }
    tokens.seen.length = 0
    expect(String(await driver.getContent('/file'))).toBe('x')
    expect(tokens.seen).toEqual(['POST /sts'])
  })

  it('without any, the first call says so', async () => {
    process.env[ADC] = join(folder, 'none.json')
    const driver = await open({ endpoint: fake.endpoint, anonymous: false })
    await expect(driver.stat('/file')).rejects.toMatchObject({ code: 'CONFIG' })
  })

  it.each([
    ['that is not there', async () => join(folder, 'none.json'), 'ENOENT'],
    ['that is no JSON', () => file('key.json', '{"private_key": "a secret'), 'not a JSON object'],
    ['that is something else', () => file('key.json', '"a secret"'), 'not a JSON object'],
  ])(
    'a key file %s is a configuration error, which shows none of it',
    async (_what, make, text) => {
      const driver = await open({ endpoint: fake.endpoint, keyFile: await make() })
      const error = await driver.stat('/file').catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'CONFIG', message: expect.stringContaining(text) })
      expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain(
        'a secret',
      )
    },
  )
})

describe('with an emulator', () => {
  function setEmulator(value: string): Partial<GcsParameters> {
    process.env.STORAGE_EMULATOR_HOST = value
    return {}
  }

  it.each([
    ['the endpoint', (host: string) => ({ endpoint: `http://${host}` })],
    ['STORAGE_EMULATOR_HOST', (host: string) => setEmulator(`http://${host}`)],
    ['STORAGE_EMULATOR_HOST without a scheme', (host: string) => setEmulator(host)],
    [
      'STORAGE_EMULATOR_HOST and a key',
      (host: string) => ({ ...setEmulator(host), credentials: tokens.account }),
    ],
  ])('every request goes to %s, and none looks for a token', async (_way, parameters) => {
    // As emulators say that do not know under which name they are reached.
    fake.sessionOrigin = 'http://storage.googleapis.com'
    await use(await open(parameters(new URL(fake.endpoint).host)))
    expect(came.some(({ path }) => path.startsWith('/upload/'))).toBe(true)
    expect(came.map(({ authorization }) => authorization).filter(Boolean)).toEqual([])
    expect(tokens.seen).toEqual([])
  })

  it('who pays is named in every request', async () => {
    await use(await open({ endpoint: fake.endpoint, userProject: 'payer' }))
    expect(fake.log.filter((line) => !/userProject=payer|upload_id=/.test(line))).toEqual([])
  })

  it('an endpoint that is not there is unavailable, and says so', async () => {
    const driver = await open({ endpoint: 'http://127.0.0.1:1', maxRetries: 1 })
    await expect(driver.stat('/file')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})
