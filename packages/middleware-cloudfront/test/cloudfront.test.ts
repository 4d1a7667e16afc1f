import { generateKeyPairSync, verify } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, type StorageDriver } from '@stowage/core'
import { createFromConfig } from '@stowage/core/config'
import { toStorageDriver } from '@stowage/core/driver'
import {
  applyMiddleware,
  type MiddlewareEntry,
  registeredMiddleware,
} from '@stowage/core/middleware'
import { until } from '@stowage-internal/jest-preset/patience'
import '@stowage/driver-inmemory'
import { InMemoryDriver } from '@stowage/driver-inmemory'
import '@stowage/driver-s3'
import '@stowage/middleware-cloudfront'
import { signCannedPolicy } from '../src/sign.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
let folder: string
let least: { baseurl: string; privatekey: string; keypairid: string; warn: (text: string) => void }
let warnings: string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-cloudfront-'))
  const file = join(folder, 'key.pem')
  await writeFile(file, privateKey.export({ type: 'pkcs1', format: 'pem' }))
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  await writeFile(join(folder, 'ec.pem'), ec.export({ type: 'sec1', format: 'pem' }))
  least = {
    baseurl: 'd1.cloudfront.net',
    privatekey: file,
    keypairid: 'K1',
    warn: (text) => warnings.push(text),
  }
})
beforeEach(() => {
  warnings = []
})
afterAll(() => rm(folder, { recursive: true }))

/** An S3 driver never makes a request here: to redirect needs none. */
async function around(options: object, ...outer: MiddlewareEntry[]): Promise<StorageDriver> {
  const driver = await create('s3', {
    ...{ bucket: 'my-bucket', region: 'eu-west-1', rootDirectory: '/root' },
    ...{ accessKey: 'AKEXAMPLE', secretKey: 'secret' },
  })
  return applyMiddleware(driver, [
    { name: 'rewrite', options: {} },
    { name: 'regulator', options: { maxConcurrency: 4 } },
    { name: 'cloudfront', options: { ...least, ...options } },
    ...outer,
  ])
}

/** What CloudFront checks: the signature over the canned policy of the URL and its expiry. */
function check(signedURL: string): { url: string; expires: number } {
  const [, url = '', expires = '', signature = '', pair] =
    /^(.*)\?Expires=(\d+)&Signature=([^&]*)&Key-Pair-Id=(.*)$/.exec(signedURL) ?? []
  expect(pair).toBe('K1')
  expect(signature).toMatch(/^[A-Za-z0-9~_-]+$/)
  const policy = `{"Statement":[{"Resource":"${url}","Condition":{"DateLessThan":{"AWS:EpochTime":${expires}}}}]}`
  const bytes = Buffer.from(
    signature.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/'),
    'base64',
  )
  expect(verify('RSA-SHA1', Buffer.from(policy), publicKey, bytes)).toBe(true)
  return { url, expires: Number(expires) - Math.floor(Date.now() / 1000) }
}

describe('a redirect URL', () => {
  it('is the encoded key in the bucket, signed for as long as was said, through other middleware', async () => {
    const driver = await around({ baseurl: 'http://cdn.example.com/base', duration: '1h' })
    const { url, expires } = check((await driver.redirectURL('/dir/a b+é?#%')) ?? '')
    expect(url).toBe('http://cdn.example.com/base/root/dir/a%20b%2B%C3%A9%3F%23%25')
    expect(Math.abs(expires - 3600)).toBeLessThan(5)
    const sooner = check((await driver.redirectURL('/a', { expiresIn: 60, method: 'HEAD' })) ?? '')
    expect(Math.abs(sooner.expires - 60)).toBeLessThan(5)
  })

  it.each(['/uploads/*', '/a?b', '/*/*'])('of %s is good for that file only', async (path) => {
    const { url } = check((await (await around({})).redirectURL(path)) ?? '')
    expect(url).not.toMatch(/[*?]/)
    expect(decodeURIComponent(new URL(url).pathname)).toBe(`/root${path}`)
  })

  it('is https and good for 20 minutes where nothing is said', async () => {
    const { url, expires } = check((await (await around({})).redirectURL('/a')) ?? '')
    expect(url).toBe('https://d1.cloudfront.net/root/a')
    expect(Math.abs(expires - 1200)).toBeLessThan(5)
  })

  it('is not made for other methods, invalid paths and aborted calls', async () => {
    const driver = await around({})
    expect(await driver.redirectURL('/a', { method: 'PUT' })).toBeUndefined()
    await expect(driver.redirectURL('a')).rejects.toMatchObject({ code: 'INVALID_PATH' })
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await expect(driver.redirectURL('/a', { signal })).rejects.toBe(reason)
  })

  it('is left to a driver that has no bucket, with one warning', async () => {
    const driver = await applyMiddleware(toStorageDriver(new InMemoryDriver()), [
      { name: 'cloudfront', options: least },
    ])
    expect(await driver.redirectURL('/a')).toBeUndefined()
    expect(await driver.redirectURL('/a')).toBeUndefined()
    expect(warnings).toEqual(['cloudfront: inmemory has no bucket: not used'])
  })

  it("comes from a registry's configuration as it stands", async () => {
    const driver = await createFromConfig({
      storage: { s3: { bucket: 'my-bucket', region: 'eu-west-1' } },
      middleware: { storage: [{ name: 'cloudfront', options: least }] },
    })
    check((await driver.redirectURL('/a')) ?? '')
    expect(registeredMiddleware()).toContain('cloudfront')
  })
})

describe('signing', () => {
  const signer = { key: privateKey, keyPairId: 'K1', expires: 1 }
  it.each([
    ['https://h/é', 'ASCII'],
    ['ftp://h/a', 'http, https or rtmp'],
    ['https://h/a?Expires=1', 'Expires'],
    ['https://h/a?Key-Pair-Id=1', 'Key-Pair-Id'],
    ['no url', 'ASCII'],
    ['nourl', 'no URL'],
    ['https://h/a/*', 'no *'],
    ['https://h/a?b=c?d', 'at most one ?'],
  ])('refuses %s', (url, problem) => {
    expect(() => signCannedPolicy(url, signer)).toThrow(problem)
  })

  it('keeps a query', () => {
    expect(signCannedPolicy('https://h/a?b=c', signer)).toMatch(
      /^https:\/\/h\/a\?b=c&Expires=1&Signature=/,
    )
  })
})

describe('options', () => {
  it.each<[object, string]>([
    [{ baseurl: undefined }, 'no baseurl provided'],
    [{ baseurl: 7 }, 'baseurl must be a string'],
    [{ baseurl: 'http://[' }, 'invalid baseurl: http://['],
    [{ privatekey: undefined }, 'no privatekey provided'],
    [{ privatekey: 7 }, 'privatekey must be a string'],
    [{ privatekey: '/no/such/file' }, 'failed to read privatekey file: ENOENT'],
    [{ keypairid: undefined }, 'no keypairid provided'],
    [{ keypairid: 7 }, 'keypairid must be a string'],
    [{ duration: 'long' }, 'invalid duration: time: invalid duration "long"'],
    [{ updatefrequency: 'often' }, 'invalid updatefrequency: time: invalid duration "often"'],
    [{ updatefrequency: '-1s' }, 'invalid updatefrequency'],
    [{ iprangesurl: 7 }, 'iprangesurl must be a string'],
    [{ ipfilteredby: 'country' }, 'ipfilteredby only allows for values none, aws or awsregion'],
    [{ ipfilteredby: 'awsregion' }, 'awsRegion is not defined'],
    [
      { ipfilteredby: 'awsregion', awsregion: 7 },
      'awsRegion must be a comma separated string of valid aws regions',
    ],
  ])('%j are refused: %s', async (options, problem) => {
    await expect(around(options)).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(problem),
    })
  })

  it('refuse a key that is no RSA key, and show nothing of it', async () => {
    await expect(around({ privatekey: join(folder, 'ec.pem') })).rejects.toMatchObject({
      message: 'cloudfront: failed to decode private key as an rsa private key',
    })
  })

  it('ignore a duration that is no text, as the Go registry does', async () => {
    check((await (await around({ duration: 5 })).redirectURL('/a')) ?? '')
  })
})

describe('with filtering by address', () => {
  const ranges = {
    prefixes: [
      { ip_prefix: '10.1.0.0/16', region: 'eu-west-1', service: 'EC2' },
      { ip_prefix: '10.2.0.0/16', region: 'US-EAST-1', service: 'S3' },
      { ip_prefix: 'nonsense', region: 'eu-west-1', service: 'S3' },
    ],
    ipv6_prefixes: [{ ipv6_prefix: 'fd00:1::/32', region: 'eu-west-1', service: 'S3' }],
  }
  let server: Server
  let reply: { status: number; body: unknown }
  let fetched: number
  let iprangesurl: string
  let opened: StorageDriver[]
  beforeEach(async () => {
    reply = { status: 200, body: ranges }
    fetched = 0
    opened = []
    server = createServer((_, response) => {
      fetched++
      response.writeHead(reply.status).end(JSON.stringify(reply.body))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    iprangesurl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  })
  afterEach(async () => {
    for (const driver of opened) await driver.close()
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })

  async function filtering(options: object): Promise<StorageDriver> {
    const driver = await around({ iprangesurl, ...options })
    opened.push(driver)
    return driver
  }

  /** Where a client of that address is sent. */
  async function route(driver: StorageDriver, request: object): Promise<string> {
    return new URL((await driver.redirectURL('/a', { request })) ?? '').host
  }
  const bucket = 'my-bucket.s3.eu-west-1.amazonaws.com'
  const cdn = 'd1.cloudfront.net'

  it.each<[object, string]>([
    [{ remoteAddress: '10.1.2.3' }, bucket],
    [{ remoteAddress: '10.2.2.3:1234' }, bucket],
    [{ remoteAddress: '::ffff:10.1.2.3' }, bucket],
    [{ remoteAddress: '10.3.0.1' }, cdn],
    [{ remoteAddress: '[fd00:1::5]:80' }, bucket],
    [{ remoteAddress: 'fd00:2::5' }, cdn],
    [{ remoteAddress: '10.3.0.1', headers: { 'X-Forwarded-For': '10.1.0.1, 10.3.0.9' } }, bucket],
    [{ remoteAddress: '10.1.0.1', headers: { 'x-forwarded-for': '10.3.0.1' } }, cdn],
    [
      { remoteAddress: '10.3.0.1', headers: { 'x-forwarded-for': '?', 'x-real-ip': '10.2.0.1' } },
      bucket,
    ],
    [{ remoteAddress: 'unknown' }, cdn],
    [{}, cdn],
  ])('%j goes to %s', async (request, host) => {
    expect(await route(await filtering({ ipfilteredby: ' AWS ' }), request)).toBe(host)
  })

  it('of some regions, only their clients go to the bucket', async () => {
    const driver = await filtering({ ipfilteredby: 'awsregion', awsregion: ' us-east-1 ,x' })
    expect(await route(driver, { remoteAddress: '10.2.0.1' })).toBe(bucket)
    expect(await route(driver, { remoteAddress: '10.1.0.1' })).toBe(cdn)
  })

  it('everybody goes to CloudFront until the networks are known, and they are fetched again', async () => {
    reply = { status: 500, body: {} }
    const driver = await filtering({ ipfilteredby: 'aws', updatefrequency: '20ms' })
    expect(await route(driver, { remoteAddress: '10.1.0.1' })).toBe(cdn)
    await until(() => warnings.some((text) => text.includes('status 500')))
    reply = { status: 200, body: ranges }
    await until(async () => (await route(driver, { remoteAddress: '10.1.0.1' })) === bucket)
    // A later failure keeps what is known.
    for (const later of [
      { status: 500, body: {} },
      { status: 200, body: {} },
      { status: 200, body: { prefixes: [], ipv6_prefixes: [] } },
      { status: 200, body: { prefixes: [{ ip_prefix: 'none', region: 'x' }] } },
    ]) {
      reply = later
      const before = fetched
      await until(() => fetched > before + 1)
      expect(await route(driver, { remoteAddress: '10.1.0.1' })).toBe(bucket)
    }
  })

  it('nothing is fetched after close, and the old misspelling counts', async () => {
    const driver = await filtering({
      ipfilteredby: 'aws',
      updatefrequency: '1h',
      updatefrenquency: '10ms',
    })
    await until(() => fetched > 2)
    await driver.close()
    const after = fetched
    await new Promise((done) => setTimeout(done, 60))
    expect(fetched).toBeLessThanOrEqual(after + 1)
    expect(warnings.join()).toContain('misspelling')
  })
})
