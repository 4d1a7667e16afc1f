// Signed URLs: against the SDK's own, and by a program that uses Google's own hosts, for which a proxy stands in.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Storage } from '@google-cloud/storage'
import { jest } from '@jest/globals'
import { create, type StorageDriver } from '@stowage/core'
import type { GcsParameters } from '@stowage/driver-gcs'
import { canServeHttps } from '@stowage-internal/test-servers'
import { FakeGcs } from './fake/server.ts'
import { type GoogleHosts, startGoogleHosts } from './helpers/google-hosts.ts'
import { EMAIL, publicKeyOf, serviceAccount } from './helpers/keys.ts'
import { PROGRAM_PARAMETERS } from './helpers/use.ts'

const account = serviceAccount()
const opened: AsyncDisposable[] = []

afterEach(async () => {
  jest.useRealTimers()
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]()
})

async function open(parameters: Partial<GcsParameters>): Promise<StorageDriver> {
  const driver = await create('gcs', { bucket: 'data', ...parameters })
  opened.push(driver)
  return driver
}

const NAMES = ['/file', '/a b/c+d', '/100%', '/a&b=c;d', '/x#y', "/it's(1)*!", '/q?r', '/é/日本/😀']

describe('with a key', () => {
  it.each(NAMES)('the URL of %s is the SDK’s own, to the letter', async (path) => {
    jest.useFakeTimers({
      now: Date.UTC(2026, 0, 2, 3, 4, 5),
      doNotFake: ['nextTick', 'setImmediate'],
    })
    const driver = await open({ credentials: account })
    const client = new Storage()
    Object.assign(client.authClient, { jsonContent: account })
    const [url] = await client
      .bucket('data')
      .file(path.slice(1))
      .getSignedUrl({
        ...{ version: 'v4', action: 'read', expires: Date.now() + 600_000 },
      })
    expect(await driver.redirectURL(path, { expiresIn: 600 })).toBe(url)
  })

  it('it lives 20 minutes, seven days at most, and is for one method', async () => {
    const driver = await open({ credentials: account })
    const read = async (options = {}): Promise<URL> =>
      new URL((await driver.redirectURL('/file', options)) ?? '')
    expect((await read()).searchParams.get('X-Goog-Expires')).toBe('1200')
    expect((await read({ expiresIn: 1e9 })).searchParams.get('X-Goog-Expires')).toBe('604800')
    const [get, head] = [await read(), await read({ method: 'HEAD' })]
    expect(get.searchParams.get('X-Goog-Signature')).not.toBe(
      head.searchParams.get('X-Goog-Signature'),
    )
    expect(await driver.redirectURL('/file', { method: 'PUT' })).toBeUndefined()
  })

  it('a server that checks takes it, and none that was tampered with', async () => {
    const fake = await FakeGcs.start()
    opened.push({ [Symbol.asyncDispose]: () => fake.stop() })
    fake.createBucket('data')
    fake.publicKey = publicKeyOf(account)
    const { endpoint } = fake
    const driver = await open({ endpoint, credentials: account, anonymous: true, userProject: 'p' })
    await driver.putContent('/a file', 'content')
    await driver.putContent('/other', 'content')
    const url = (await driver.redirectURL('/a file')) ?? ''
    expect(await (await fetch(url)).text()).toBe('content')
    expect((await fetch(url, { headers: { range: 'bytes=1-2' } })).status).toBe(206)
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(403)
    for (const wrong of [
      url.replace('/a%20file', '/other'),
      url.replace('X-Goog-Expires=1200', 'X-Goog-Expires=12000'),
      url.replace('userProject=p', 'userProject=q'),
    ]) {
      expect((await fetch(wrong)).status).toBe(403)
    }
  })

  it('nothing is signed where there is nothing to sign with, nor asked', async () => {
    const driver = await open({ endpoint: 'http://127.0.0.1:1' })
    expect(driver.capabilities.redirectURL).toBe(false)
    expect(await driver.redirectURL('/file')).toBeUndefined()
  })
})

const onHosts = canServeHttps() ? describe : describe.skip
onHosts(`on Google’s own hosts${canServeHttps() ? '' : ' (skipped: no openssl on PATH)'}`, () => {
  let fake: FakeGcs
  let hosts: GoogleHosts

  beforeEach(async () => {
    fake = await FakeGcs.start()
    opened.push({ [Symbol.asyncDispose]: () => fake.stop() })
    fake.createBucket('data')
    fake.authenticated = true
    hosts = await startGoogleHosts(fake.endpoint)
    opened.push(hosts)
    fake.publicKey = hosts.publicKey
  })

  /** What the program prints; on standard error there is to be nothing. */
  async function run(parameters: Partial<GcsParameters>, env = {}): Promise<string> {
    const flags = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']
    const program = fileURLToPath(new URL('./helpers/use.ts', import.meta.url))
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, program], {
      env: {
        ...{ PATH: process.env.PATH, ...hosts.env, ...env },
        [PROGRAM_PARAMETERS]: JSON.stringify({ bucket: 'data', ...parameters }),
      },
    })
    expect(stderr).toBe('')
    return stdout.trim()
  }

  /** The URL, asked for where the host is in truth. */
  async function read(url: string): Promise<string> {
    const { pathname, search, host } = new URL(url)
    fake.signedHost = host
    return (await fetch(`${fake.endpoint}${pathname}${search}`)).text()
  }

  const metadata = (): string[] => hosts.seen.filter((line) => line.includes('computeMetadata'))

  it.each([
    ['a key file', async () => [{ keyFile: hosts.keyFile }, {}] as const],
    [
      'the default credentials’ file',
      async () => [{}, { GOOGLE_APPLICATION_CREDENTIALS: hosts.keyFile }] as const,
    ],
  ])('everything works with %s, through a proxy; it signs itself', async (_way, make) => {
    const [parameters, env] = await make()
    const url = await run(parameters, env)
    expect(url).toMatch(/^https:\/\/storage\.googleapis\.com\/data\/kept\?/)
    expect(await read(url)).toBe('a file')
    expect(metadata()).toEqual([])
    expect(hosts.seen.filter((line) => line.startsWith('iamcredentials'))).toEqual([])
    expect(hosts.seen.some((line) => /^oauth2.* POST \/token/.test(line))).toBe(true)
  })

  it('without a key IAM signs, in the name of the machine’s account', async () => {
    const url = await run({})
    expect(new URL(url).searchParams.get('X-Goog-Credential')).toContain(EMAIL)
    expect(await read(url)).toBe('a file')
    const asked = hosts.seen.filter((line) => line.startsWith('iamcredentials'))
    expect(asked).toEqual([
      expect.stringContaining(`POST /v1/projects/-/serviceAccounts/${EMAIL}:signBlob`),
    ])
  })

  it('where IAM does not let it sign, there is no redirect, and the rest works', async () => {
    hosts.refuseToSign = true
    expect(await run({})).toBe('')
  })
})
