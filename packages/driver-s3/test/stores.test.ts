// What is special to some parameters, on real stores.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { S3Parameters } from '@stowage/driver-s3'
import { loadClientSdk, loadPresigner } from '../src/client.ts'
import { PART } from './helpers/storages.ts'
import { clientOf, collect, data, describeOn, itUnless, oneServer, World } from './helpers/world.ts'

const server = await oneServer('stores')
const onServer = describeOn(server)
const ceph = await oneServer('stores', 'ceph')
let world: World
beforeAll(async () => {
  world = await World.open(server)
})
afterAll(() => world.close())

async function roundTrip(changes: Partial<S3Parameters>): Promise<string> {
  const root = world.root()
  const driver = await world.driver(root, { multipartCopyThresholdSize: PART, ...changes })
  const bytes = data(2 * PART + 5)
  await driver.putContent('/small', 'small')
  const writer = await driver.writer('/a')
  await writer.write(bytes.subarray(0, PART + 3))
  await writer.close()
  const next = await driver.writer('/a', { append: true })
  await next.write(bytes.subarray(next.size))
  await next.commit()
  await driver.move('/a', '/b')
  await driver.move('/small', '/tiny')
  expect(Buffer.from(await driver.getContent('/b')).equals(bytes)).toBe(true)
  expect(String(await driver.getContent('/tiny'))).toBe('small')
  expect(await driver.stat('/b')).toMatchObject({ size: bytes.length })
  return root
}

onServer('encryption', () => {
  const key = createHash('sha256').update('key').digest('base64')
  const onCeph = ceph ? it : it.skip

  onCeph(
    'with a key of the customer covers every request: without the key nothing is read',
    async () => {
      const root = await roundTrip({ sseCustomerKey: key })
      const without = await world.driver(root)
      await expect(without.getContent('/b')).rejects.toMatchObject({ code: 'DRIVER' })
      const driver = await world.driver(root, { sseCustomerKey: key })
      expect(driver.capabilities.redirectURL).toBe(false)
      expect(await driver.redirectURL('/b')).toBeUndefined()
    },
  )

  onCeph('with a KMS key is asked for whenever an object is made', async () => {
    const root = await roundTrip({ encrypt: true, keyId: 'k1' })
    for (const name of ['b', 'tiny']) {
      const head = await world.client.send(
        new HeadObjectCommand({ Bucket: world.parameters.bucket, Key: `${root}/${name}` }),
      )
      expect(head).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'k1' })
    }
  })

  it('and classes, ACL and type are sent as asked, and nothing that was not asked for', async () => {
    const headers = async (changes: Partial<S3Parameters>): Promise<Record<string, unknown>> => {
      const options = { provider: 'generic', maxAttempts: 1, ...changes } as const
      const driver = await world.driver(world.root(), options)
      await world.proxy.during(() => driver.putContent('/a', 'x').catch(() => {}))
      const all = world.proxy.seen[0]?.headers ?? {}
      const names = Object.keys(all).filter((name) =>
        /^(x-amz-(acl|storage|server)|content-type)/.test(name),
      )
      return Object.fromEntries(names.map((name) => [name, all[name]]))
    }
    expect(await headers({})).toEqual({ 'content-type': 'application/octet-stream' })
    expect(await headers({ keyId: 'k1' })).toEqual({ 'content-type': 'application/octet-stream' })
    expect(await headers({ storageClass: 'NONE', contentType: 'a/b' })).toEqual({
      'content-type': 'a/b',
    })
    expect(
      await headers({ encrypt: true, storageClass: 'STANDARD_IA', objectACL: 'private' }),
    ).toEqual({
      'content-type': 'application/octet-stream',
      'x-amz-acl': 'private',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-server-side-encryption': 'AES256',
    })
  })
})

onServer('credentials', () => {
  itUnless(server, 'no-authentication')('that are wrong are a ConfigError', async () => {
    const wrong = { secretKey: 'another key', sessionToken: 'a token' }
    const driver = await world.driver(world.root(), wrong)
    for (const call of [() => driver.putContent('/a', 'x'), () => driver.getContent('/a')]) {
      const error = await call().catch((caught) => caught)
      expect(['CONFIG', 'PERMISSION_DENIED']).toContain(error.code)
    }
  })

  it('come from a provider that is asked, or with a client that stays open', async () => {
    const { accessKey = '', secretKey = '', ...rest } = world.parameters
    const root = world.root()
    let asked = 0
    const credentials = async () => {
      asked++
      return { accessKeyId: accessKey, secretAccessKey: secretKey }
    }
    const { create } = await import('@stowage/core')
    const provided = await create('s3', { ...rest, rootDirectory: root, credentials })
    await provided.putContent('/a', 'x')
    expect(asked).toBeGreaterThan(0)
    const client = clientOf(world.parameters)
    const { bucket } = world.parameters
    const inject = () => create('s3', { bucket, client, rootDirectory: root, provider: 'generic' })
    const injected = await inject()
    expect(String(await injected.getContent('/a'))).toBe('x')
    expect(await (await fetch((await injected.redirectURL('/a')) ?? '')).text()).toBe('x')
    await injected.close()
    expect(String(await (await inject()).getContent('/a'))).toBe('x')
    client.destroy()
    await provided.close()
  })

  it('sign by version 2 for stores that know no other', async () => {
    if (!ceph) return
    const root = world.root()
    const old = await world.driver(root, { v4Auth: false })
    await old.putContent('/a b/é+', 'content')
    expect(world.proxy.seen.at(-1)?.headers.authorization).toMatch(/^AWS [^:]+:/)
    expect(String(await old.getContent('/a b/é+'))).toBe('content')
    const writer = await old.writer('/big')
    await writer.write(data(PART + 1))
    await writer.commit()
    expect(await collect(old.list('/'))).toEqual(['/a b', '/big'])
    const url = (await old.redirectURL('/a b/é+')) ?? ''
    expect(await (await fetch(url)).text()).toBe('content')
    const head = (await old.redirectURL('/big', { method: 'HEAD' })) ?? ''
    expect((await fetch(head, { method: 'HEAD' })).headers.get('content-length')).toBe(
      String(PART + 1),
    )
    await old.delete('/big')
  })
})

onServer('a log', () => {
  it('has a line for each request, without keys and content', async () => {
    const driver = await world.driver(world.root(), {
      logLevel: 'debugwithhttpbody',
      provider: 'generic',
    })
    const lines: string[] = []
    const debug = console.debug
    console.debug = (line: string) => void lines.push(line)
    try {
      await driver.putContent('/a', 'content')
      await driver.getContent('/b').catch(() => {})
    } finally {
      console.debug = debug
    }
    expect(lines).toEqual([
      expect.stringMatching(/^s3aws: PutObjectCommand status=200 attempts=1 ms=\d+$/),
      expect.stringMatching(/^s3aws: GetObjectCommand status=404 attempts=1 ms=\d+$/),
    ])
  })
})

onServer('a redirect URL', () => {
  it('is signed for the public endpoint, and carries no checksum parameter', async () => {
    const root = world.root()
    const driver = await world.driver(root, {
      publicEndpoint: world.proxy.endpoint,
      endpoint: world.parameters.endpoint,
    })
    await driver.putContent('/a b+c', 'content')
    world.proxy.reset()
    const url = new URL((await driver.redirectURL('/a b+c', { expiresIn: 60 })) ?? '')
    expect(url.origin).toBe(world.proxy.endpoint)
    expect(url.searchParams.get('X-Amz-Expires')).toBe('60')
    expect([...url.searchParams.keys()].filter((name) => /checksum/i.test(name))).toEqual([])
    expect(await (await fetch(url)).text()).toBe('content')
    expect(world.proxy.operations).toEqual(['GetObject'])
  })

  it('has the bucket before the public host where buckets are hosts', async () => {
    const driver = await world.driver('', {
      ...{ endpoint: undefined, provider: 'aws', forcePathStyle: false, bucket: 'the-bucket' },
      publicEndpoint: 'https://cdn.example.com',
    })
    const url = new URL((await driver.redirectURL('/a/b')) ?? '')
    expect([url.host, url.pathname]).toEqual(['the-bucket.cdn.example.com', '/a/b'])
  })

  it.each([
    [{ useDualStack: true }, 'the-bucket.s3.dualstack.eu-west-1.amazonaws.com'],
    [{ useFIPSEndpoint: true }, 'the-bucket.s3-fips.eu-west-1.amazonaws.com'],
    [{ accelerate: true, forcePathStyle: true }, 'the-bucket.s3-accelerate.amazonaws.com'],
    [{}, 'the-bucket.s3.eu-west-1.amazonaws.com'],
  ])('with %j goes to %s', async (changes, host) => {
    const driver = await world.driver('', {
      ...{ endpoint: undefined, provider: 'aws', forcePathStyle: false, bucket: 'the-bucket' },
      ...{ region: 'eu-west-1', ...changes },
    })
    expect(new URL((await driver.redirectURL('/a')) ?? '').host).toBe(host)
  })
})

onServer('placeholders of other tools', () => {
  it('are never shown, and make no directory', async () => {
    const root = world.root()
    const driver = await world.driver(root)
    for (const key of ['dir/', 'empty/', 'dir/sub/', 'only/in/']) {
      const input = {
        Bucket: world.parameters.bucket,
        Key: `${root}/${key}`,
        Body: Buffer.alloc(0),
      }
      await world.client.send(new PutObjectCommand(input))
    }
    await driver.putContent('/dir/file', 'x')
    expect((await collect(driver.walk('/'))).map(({ path }) => path)).toEqual(['/dir', '/dir/file'])
    expect(await collect(driver.list('/'))).toEqual(['/dir'])
    expect(await collect(driver.list('/dir'))).toEqual(['/dir/file'])
    await expect(driver.stat('/empty')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(collect(driver.list('/empty'))).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await driver.delete('/dir')
    expect((await world.keys(root)).filter((key) => key.startsWith('/dir'))).toEqual([])
  })
})

onServer('a walk', () => {
  it('jumps over what is skipped instead of reading it', async () => {
    const driver = await world.driver(world.root())
    const names = Array.from({ length: 1500 }, (_, i) => `/many/${10_000 + i}`)
    await Promise.all(names.map((name) => driver.putContent(name, '')))
    for (const path of ['/a', '/many-', '/many0', '/z']) await driver.putContent(path, '')
    const found: string[] = []
    const seen = await world.proxy.during(async () => {
      const walk = driver.walk('/')
      for await (const { path, isDir } of walk) {
        found.push(path)
        if (isDir) walk.skipDir()
      }
    })
    expect(found).toEqual(['/a', '/many-', '/many', '/many0', '/z'])
    expect(seen).toEqual(['ListObjectsV2', 'ListObjectsV2'])
    expect(world.proxy.seen[1]?.url.searchParams.get('start-after')).toContain('/many/')
  })

  it('is in order on a store that lists in none', async () => {
    const driver = await world.driver(world.root(), { unorderedListing: true })
    for (const path of ['/b', '/a/x', '/a-']) await driver.putContent(path, '')
    expect((await collect(driver.walk('/'))).map(({ path }) => path)).toEqual([
      '/a-',
      '/a',
      '/a/x',
      '/b',
    ])
  })
})

onServer('the SDK', () => {
  it('is not loaded by the import of the package, only by the first call', () => {
    const program = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ resolve(name, context, next) { loaded.push(name); return next(name, context) } })
      const { create } = await import('@stowage/core')
      await import('@stowage/driver-s3')
      const driver = await create('s3', { bucket: 'b', region: 'r' })
      console.log(loaded.some((name) => name.startsWith('@aws-sdk')))
      await driver.redirectURL('/a').catch(() => {})
      console.log(loaded.some((name) => name.startsWith('@aws-sdk')))`
    const flags = ['--conditions=@stowage/source', '--input-type=module', '--no-warnings']
    const output = execFileSync(process.execPath, [...flags, '-e', program], {
      cwd: new URL('..', import.meta.url),
      encoding: 'utf8',
    })
    expect(output).toBe('false\ntrue\n')
  })

  it('that is missing gives the command that installs it', async () => {
    const missing = (name: string) => async (): Promise<never> => {
      throw Object.assign(new Error(`Cannot find package '${name}'`), {
        code: 'ERR_MODULE_NOT_FOUND',
      })
    }
    await expect(loadClientSdk(missing('@aws-sdk/client-s3'))).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining('npm install @aws-sdk/client-s3'),
    })
    await expect(loadPresigner(missing('@aws-sdk/s3-request-presigner'))).rejects.toThrow(
      'npm install @aws-sdk/s3-request-presigner',
    )
    expect(new S3Client({ region: 'r' })).toBeDefined()
  })
})
