// The Go registry on its own gcs driver and this driver, on one bucket: what one stores the other reads and extends.
// The registry knows Google's hosts only, so a proxy stands in for them: see helpers/google-hosts.ts.
import { createHash } from 'node:crypto'
import { createFromConfig, type StorageDriver } from '@stowage/core'
import '@stowage/driver-gcs'
import { canServeHttps, type RegistryServer, startRegistry } from '@stowage-internal/test-servers'
import { collect, data } from './helpers/data.ts'
import { type GoogleHosts, startGoogleHosts } from './helpers/google-hosts.ts'
import { listNames, testServers } from './helpers/storages.ts'

const KIB = 2 ** 10
const MIB = 2 ** 20
const ROOT = '/docker/registry/v2'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar'
const servers = await testServers('interop')
// It begins every upload with an empty object.
const fitting = servers.filter(({ server }) => !server.quirks.has('no-empty-objects'))
const missing = [
  fitting.length === 0 && 'no server for Google Cloud Storage that takes empty objects runs here',
  !canServeHttps() && 'no openssl on PATH',
  (await startRegistry()) === undefined &&
    'the Go registry is not installed: node internal/test-servers/src/install.ts registry',
].filter(Boolean)

const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const hexOf = (digest: string): string => digest.slice('sha256:'.length)
const blobPath = (digest: string): string =>
  `${ROOT}/blobs/sha256/${hexOf(digest).slice(0, 2)}/${hexOf(digest)}/data`

if (missing.length > 0) it.skip(`with the Go registry (skipped: ${missing.join('; ')})`, () => {})

for (const { server, parameters } of missing.length > 0 ? [] : fitting) {
  describe(`with the Go registry on ${server.name} ${server.version}`, () => {
    let hosts: GoogleHosts
    let registry: RegistryServer
    let driver: StorageDriver
    let reach: Awaited<ReturnType<typeof parameters>>

    beforeAll(async () => {
      reach = await parameters()
      const { bucket, endpoint = '' } = reach
      hosts = await startGoogleHosts(endpoint)
      const { keyFile, env } = hosts
      const storage = { gcs: { bucket, rootDirectory: '/the/root/', keyFile, env } }
      registry = (await startRegistry({ storage })) as RegistryServer
      await registry.start()
      // The very section that the registry was started with; only, where the bucket is, it cannot say.
      const { gcs } = registry.facts.storage
      const section = { gcs: { ...gcs, endpoint, anonymous: true, chunksize: 256 * KIB } }
      driver = await createFromConfig({ storage: section })
    }, 60_000)

    afterAll(async () => {
      await driver?.close()
      await registry?.stop()
      await hosts?.[Symbol.asyncDispose]()
    })

    const url = (path: string): string => `${registry.endpoint}/v2/${path}`
    const where = (reply: Response): string =>
      new URL(reply.headers.get('location') ?? '', registry.endpoint).href

    /** Begins an upload as clients do, and sends it in chunks. */
    async function begin(name: string, bytes: Buffer, chunk: number): Promise<Response> {
      let reply = await fetch(url(`${name}/blobs/uploads/`), { method: 'POST' })
      for (let at = 0; at < bytes.length; at += chunk) {
        const body = new Uint8Array(bytes.subarray(at, at + chunk))
        const range = `${at}-${at + body.length - 1}`
        const headers = { 'content-type': 'application/octet-stream', 'content-range': range }
        reply = await fetch(where(reply), { method: 'PATCH', body, headers })
        expect(reply.status).toBe(202)
      }
      return reply
    }

    async function finish(begun: Response, digest: string): Promise<void> {
      const last = new URL(where(begun))
      last.searchParams.set('digest', digest)
      expect((await fetch(last, { method: 'PUT' })).status).toBe(201)
    }

    async function push(name: string, bytes: Buffer, chunk: number): Promise<string> {
      const digest = digestOf(bytes)
      await finish(await begin(name, bytes, chunk), digest)
      return digest
    }

    function manifestOf(config: Buffer, layer: Buffer): Buffer {
      const text = JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: { mediaType: CONFIG, digest: digestOf(config), size: config.length },
        layers: [{ mediaType: LAYER, digest: digestOf(layer), size: layer.length }],
      })
      return Buffer.from(text)
    }

    it('reads what the registry stored, small, in one chunk and in several', async () => {
      for (const [size, chunk] of [
        [0, 1],
        [100, 40],
        [700_000, 300_000],
        [17 * MIB + 5, 17 * MIB + 5],
      ] as const) {
        const bytes = data(size, size)
        const path = blobPath(await push('from/go', bytes, chunk))
        expect(await driver.stat(path)).toMatchObject({ size, isDir: false })
        expect(Buffer.from(await driver.getContent(path)).equals(bytes)).toBe(true)
      }
      const found = (await collect(driver.walk(`${ROOT}/blobs`))).filter(({ isDir }) => !isDir)
      expect(found).toHaveLength(4)
      expect(await collect(driver.list('/'))).toEqual(['/docker'])
      // Uploads are what it can be told of no other endpoint for.
      expect(hosts.seen.some((line) => /^www\.googleapis\.com PUT .*upload_id/.test(line))).toBe(
        true,
      )
    }, 120_000)

    it('extends what the registry stored: an image of its blobs, with a tag', async () => {
      const config = Buffer.from('{"architecture":"amd64","os":"linux"}')
      const layer = data(MIB, 3)
      await push('shared', config, MIB)
      await push('shared', layer, MIB)
      const manifest = manifestOf(config, layer)
      const digest = digestOf(manifest)
      await driver.putContent(blobPath(digest), manifest)
      const manifests = `${ROOT}/repositories/shared/_manifests`
      for (const path of [
        `revisions/sha256/${hexOf(digest)}/link`,
        'tags/ours/current/link',
        `tags/ours/index/sha256/${hexOf(digest)}/link`,
      ]) {
        await driver.putContent(`${manifests}/${path}`, digest)
      }
      const reply = await fetch(url('shared/manifests/ours'), { headers: { accept: MANIFEST } })
      expect([reply.status, reply.headers.get('docker-content-digest')]).toEqual([200, digest])
      expect(await (await fetch(url('shared/tags/list'))).json()).toEqual({
        name: 'shared',
        tags: ['ours'],
      })
      await driver.delete(`${manifests}/tags/ours`)
      expect((await fetch(url('shared/manifests/ours'))).status).toBe(404)
    }, 60_000)

    it('stores blobs that the registry serves, written in sessions and moved', async () => {
      const bytes = data(2 * MIB + 7, 4)
      const digest = digestOf(bytes)
      const upload = `${ROOT}/repositories/from/here/_uploads/1/data`
      const writer = await driver.writer(upload)
      await writer.write(bytes.subarray(0, MIB + 3))
      await writer.close()
      // Nothing of it is there for the registry meanwhile.
      const { repositories } = (await (await fetch(url('_catalog'))).json()) as {
        repositories: string[]
      }
      expect(repositories).not.toContain('from/here')
      const next = await driver.writer(upload, { append: true })
      await next.write(bytes.subarray(next.size))
      await next.commit()
      await driver.move(upload, blobPath(digest))
      const link = `${ROOT}/repositories/from/here/_layers/sha256/${hexOf(digest)}/link`
      await driver.putContent(link, digest)
      const reply = await fetch(url(`from/here/blobs/${digest}`))
      expect(reply.status).toBe(200)
      expect(Buffer.from(await reply.arrayBuffer()).equals(bytes)).toBe(true)
      const part = await fetch(url(`from/here/blobs/${digest}`), {
        headers: { range: 'bytes=100-199' },
      })
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true)
    }, 60_000)

    it('leaves unfinished uploads of the registry alone, which are no files', async () => {
      const bytes = data(400_000, 5)
      const begun = await begin('parked', bytes.subarray(0, 300_000), 300_000)
      const uploads = `${ROOT}/repositories/parked/_uploads`
      const [upload = ''] = await collect(driver.list(uploads))
      const path = `${upload}/data`
      const keys = await listNames(reach, 'the/root/docker/registry/v2/repositories/parked')
      expect(keys).toContain(`the/root${path}`)
      expect(await collect(driver.list(upload))).not.toContain(path)
      const walked = await collect(driver.walk(uploads))
      expect(walked.map((entry) => entry.path)).not.toContain(path)
      for (const call of [
        driver.stat(path),
        driver.getContent(path),
        driver.reader(path),
        driver.writer(path, { append: true }),
        driver.move(path, '/elsewhere'),
      ]) {
        await expect(call).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
      }
      // It goes on with it as if nobody had looked.
      const headers = { 'content-type': 'application/octet-stream' }
      const rest = new Uint8Array(bytes.subarray(300_000))
      const reply = await fetch(where(begun), { method: 'PATCH', body: rest, headers })
      await finish(reply, digestOf(bytes))
      const content = Buffer.from(await driver.getContent(blobPath(digestOf(bytes))))
      expect(content.equals(bytes)).toBe(true)
    }, 60_000)

    it('removes unfinished uploads of the registry with all the rest', async () => {
      const begun = await begin('left', data(300_000), 300_000)
      const repository = `${ROOT}/repositories/left`
      await driver.delete(repository)
      expect(await listNames(reach, `the/root${repository}`)).toEqual([])
      expect((await fetch(where(begun))).status).toBe(404)
    })
  })
}
