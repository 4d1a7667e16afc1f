// The Go registry on its own s3 driver and this driver, on one bucket: what one stores the other reads and extends.
import { createHash } from 'node:crypto'
import { createFromConfig, type StorageDriver } from '@stowage/core'
import '@stowage/driver-s3'
import { type RegistryServer, startRegistry } from '@stowage-internal/test-servers'
import { testServers } from './helpers/storages.ts'
import { collect, data, NO_SERVER } from './helpers/world.ts'

const MIB = 2 ** 20
const ROOT = '/docker/registry/v2'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar'
const installed = (await startRegistry()) !== undefined
const servers = await testServers('interop')

const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const hexOf = (digest: string): string => digest.slice('sha256:'.length)
const blobPath = (digest: string): string =>
  `${ROOT}/blobs/sha256/${hexOf(digest).slice(0, 2)}/${hexOf(digest)}/data`

if (!installed) {
  it.skip('the Go registry is not installed: node internal/test-servers/src/install.ts registry', () => {})
}

if (servers.length === 0) it.skip(`the Go registry (${NO_SERVER})`, () => {})

for (const { server } of installed ? servers : []) {
  describe(`with the Go registry on ${server.name} ${server.version}`, () => {
    let registry: RegistryServer
    let driver: StorageDriver
    beforeAll(async () => {
      const bucket = await server.createBucket('interop')
      const storage = { s3: { server, bucket, rootDirectory: '/the/root/' } }
      registry = (await startRegistry({ storage })) as RegistryServer
      await registry.start()
      // The very section that the registry was started with.
      driver = await createFromConfig({ storage: registry.facts.storage })
    }, 60_000)
    afterAll(async () => {
      await driver?.close()
      await registry?.stop()
    })

    const url = (path: string): string => `${registry.endpoint}/v2/${path}`

    /** Pushes a blob as clients do: in chunks, then the digest. */
    async function push(name: string, bytes: Buffer, chunk: number): Promise<string> {
      let reply = await fetch(url(`${name}/blobs/uploads/`), { method: 'POST' })
      for (let at = 0; at < bytes.length; at += chunk) {
        const body = bytes.subarray(at, at + chunk)
        const range = `${at}-${at + body.length - 1}`
        const headers = { 'content-type': 'application/octet-stream', 'content-range': range }
        reply = await fetch(where(reply), { method: 'PATCH', body: new Uint8Array(body), headers })
        expect(reply.status).toBe(202)
      }
      const digest = digestOf(bytes)
      const last = new URL(where(reply))
      last.searchParams.set('digest', digest)
      const done = await fetch(last, { method: 'PUT' })
      expect(done.status).toBe(201)
      return digest
    }

    function where(reply: Response): string {
      return new URL(reply.headers.get('location') ?? '', registry.endpoint).href
    }

    function manifestOf(config: Buffer, layer: Buffer): Buffer {
      return Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: MANIFEST,
          config: { mediaType: CONFIG, digest: digestOf(config), size: config.length },
          layers: [{ mediaType: LAYER, digest: digestOf(layer), size: layer.length }],
        }),
      )
    }

    it('reads what the registry stored, small, in parts and copied in parts', async () => {
      for (const [size, chunk] of [
        [0, 1],
        [100, 40],
        [12 * MIB + 5, 7 * MIB],
        [40 * MIB + 1, 40 * MIB],
      ] as const) {
        const bytes = data(size, size)
        const path = blobPath(await push('from/go', bytes, chunk))
        expect(await driver.stat(path)).toMatchObject({ size, isDir: false })
        expect(Buffer.from(await driver.getContent(path)).equals(bytes)).toBe(true)
      }
      const found = (await collect(driver.walk(`${ROOT}/blobs`))).filter(({ isDir }) => !isDir)
      expect(found).toHaveLength(4)
      expect(await collect(driver.list('/'))).toEqual(['/docker'])
    }, 120_000)

    it('extends what the registry stored: an image of its blobs, with a tag', async () => {
      const config = Buffer.from('{"architecture":"amd64","os":"linux"}')
      const layer = data(6 * MIB, 3)
      await push('shared', config, MIB)
      await push('shared', layer, 6 * MIB)
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

    it('stores blobs that the registry serves, written in parts and moved', async () => {
      const bytes = data(13 * MIB + 7, 4)
      const digest = digestOf(bytes)
      const upload = `${ROOT}/repositories/from/here/_uploads/1/data`
      const writer = await driver.writer(upload)
      await writer.write(bytes.subarray(0, 11 * MIB))
      await writer.close()
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
      expect((await fetch(url('_catalog'))).status).toBe(200)
    }, 60_000)

    it('removes unfinished uploads of the registry', async () => {
      const reply = await fetch(url('left/blobs/uploads/'), { method: 'POST' })
      const body = new Uint8Array(data(100))
      const headers = { 'content-type': 'application/octet-stream' }
      expect((await fetch(where(reply), { method: 'PATCH', body, headers })).status).toBe(202)
      const uploads = `${ROOT}/repositories/left/_uploads`
      if (!server.quirks.has('uploads-by-exact-key')) {
        const olderThan = new Date(Date.now() + 60_000)
        const purged = await driver.purgeUploads(uploads, { olderThan })
        expect(purged.map(({ path }) => path.endsWith('/data'))).toEqual([true])
      }
      await driver.delete(uploads)
      expect((await fetch(where(reply))).status).toBe(404)
    })
  })
}
