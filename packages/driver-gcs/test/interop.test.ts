// The Go registry on its own gcs driver and this driver, on one bucket: what one stores the other reads and extends.
// The registry knows Google's hosts only, so a proxy stands in for them: see helpers/google-hosts.ts.

import type { StorageDriver } from '@stowage/core'
import { createFromConfig } from '@stowage/core/config'
import '@stowage/driver-gcs'
import {
  blobPath,
  canServeHttps,
  digestOf,
  layerLink,
  MANIFEST,
  manifestLinks,
  manifestOf,
  REGISTRY_ROOT,
  RegistryClient,
  type RegistryServer,
  startRegistry,
} from '@stowage-internal/test-servers'
import { collect, data } from './helpers/data.ts'
import { type GoogleHosts, startGoogleHosts } from './helpers/google-hosts.ts'
import { listNames, testServers } from './helpers/storages.ts'

const KIB = 2 ** 10
const MIB = 2 ** 20
const servers = await testServers('interop')
// It begins every upload with an empty object.
const fitting = servers.filter(({ server }) => !server.quirks.has('no-empty-objects'))
const missing = [
  fitting.length === 0 && 'no server for Google Cloud Storage that takes empty objects runs here',
  !canServeHttps() && 'no openssl on PATH',
  (await startRegistry()) === undefined &&
    'the Go registry is not installed: node internal/test-servers/src/install.ts registry',
].filter(Boolean)

if (missing.length > 0) it.skip(`with the Go registry (skipped: ${missing.join('; ')})`, () => {})

for (const { server, parameters } of missing.length > 0 ? [] : fitting) {
  describe(`with the Go registry on ${server.name} ${server.version}`, () => {
    let hosts: GoogleHosts
    let registry: RegistryServer
    let client: RegistryClient
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
      client = new RegistryClient(registry.endpoint)
      // The very section that the registry was started with; only, where the bucket is, it cannot say.
      const { gcs } = registry.facts.storage
      const section = { gcs: { ...gcs, endpoint, anonymous: true, chunksize: 256 * KIB } }
      driver = await createFromConfig({ storage: section })
    })

    afterAll(async () => {
      await driver?.close()
      await registry?.stop()
      await hosts?.[Symbol.asyncDispose]()
    })

    it('reads what the registry stored, small, in one chunk and in several', async () => {
      for (const [size, chunk] of [
        [0, 1],
        [100, 40],
        [700_000, 300_000],
        [17 * MIB + 5, 17 * MIB + 5],
      ] as const) {
        const bytes = data(size, size)
        const path = blobPath(await client.push('from/go', bytes, chunk))
        expect(await driver.stat(path)).toMatchObject({ size, isDir: false })
        expect(Buffer.from(await driver.getContent(path)).equals(bytes)).toBe(true)
      }
      const found = (await collect(driver.walk(`${REGISTRY_ROOT}/blobs`))).filter(
        ({ isDir }) => !isDir,
      )
      expect(found).toHaveLength(4)
      expect(await collect(driver.list('/'))).toEqual(['/docker'])
      // Uploads are what it can be told of no other endpoint for.
      expect(hosts.seen.some((line) => /^www\.googleapis\.com PUT .*upload_id/.test(line))).toBe(
        true,
      )
    })

    it('extends what the registry stored: an image of its blobs, with a tag', async () => {
      const config = Buffer.from('{"architecture":"amd64","os":"linux"}')
      const layer = data(MIB, 3)
      await client.push('shared', config, MIB)
      await client.push('shared', layer, MIB)
      const manifest = manifestOf(config, layer)
      const digest = digestOf(manifest)
      await driver.putContent(blobPath(digest), manifest)
      for (const link of manifestLinks('shared', 'ours', digest)) {
        await driver.putContent(link, digest)
      }
      const reply = await client.get('shared/manifests/ours', { accept: MANIFEST })
      expect([reply.status, reply.headers.get('docker-content-digest')]).toEqual([200, digest])
      expect(await client.tags('shared')).toEqual({ name: 'shared', tags: ['ours'] })
      await driver.delete(`${REGISTRY_ROOT}/repositories/shared/_manifests/tags/ours`)
      expect((await client.get('shared/manifests/ours')).status).toBe(404)
    })

    it('stores blobs that the registry serves, written in sessions and moved', async () => {
      const bytes = data(2 * MIB + 7, 4)
      const digest = digestOf(bytes)
      const upload = `${REGISTRY_ROOT}/repositories/from/here/_uploads/1/data`
      const writer = await driver.writer(upload)
      await writer.write(bytes.subarray(0, MIB + 3))
      await writer.close()
      // Nothing of it is there for the registry meanwhile.
      expect(await client.repositories()).not.toContain('from/here')
      const next = await driver.writer(upload, { append: true })
      await next.write(bytes.subarray(next.size))
      await next.commit()
      await driver.move(upload, blobPath(digest))
      await driver.putContent(layerLink('from/here', digest), digest)
      expect((await client.pull('from/here', digest)).equals(bytes)).toBe(true)
      const part = await client.get(`from/here/blobs/${digest}`, { range: 'bytes=100-199' })
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true)
    })

    it('leaves unfinished uploads of the registry alone, which are no files', async () => {
      const bytes = data(400_000, 5)
      const begun = await client.begin('parked', bytes.subarray(0, 300_000), 300_000)
      const uploads = `${REGISTRY_ROOT}/repositories/parked/_uploads`
      const [upload = ''] = await collect(driver.list(uploads))
      const path = `${upload}/data`
      const keys = await listNames(reach, 'the/root/docker/registry/v2/repositories/parked')
      expect(keys).toContain(`the/root${path}`)
      expect(await collect(driver.list(upload))).not.toContain(path)
      const walked = await collect(driver.walk(uploads))
      expect(walked.map((entry) => entry.path)).not.toContain(path)
      await Promise.all(
        [
          driver.stat(path),
          driver.getContent(path),
          driver.reader(path),
          driver.writer(path, { append: true }),
          driver.move(path, '/elsewhere'),
        ].map((call) => expect(call).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })),
      )
      // It goes on with it as if nobody had looked.
      const sent = await client.send(begun, bytes.subarray(300_000), 300_000)
      await client.finish(sent, digestOf(bytes))
      const content = Buffer.from(await driver.getContent(blobPath(digestOf(bytes))))
      expect(content.equals(bytes)).toBe(true)
    })

    it('removes unfinished uploads of the registry with all the rest', async () => {
      const begun = await client.begin('left', data(300_000), 300_000)
      const repository = `${REGISTRY_ROOT}/repositories/left`
      await driver.delete(repository)
      expect(await listNames(reach, `the/root${repository}`)).toEqual([])
      expect((await fetch(begun)).status).toBe(404)
    })
  })
}
