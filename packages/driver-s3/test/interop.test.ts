// The Go registry on its own s3 driver and this driver, on one bucket: what one stores the other reads and extends.

import type { StorageDriver } from '@stowage/core'
import { createFromConfig } from '@stowage/core/config'
import '@stowage/driver-s3'
import {
  blobPath,
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
import { testServers } from './helpers/storages.ts'
import { collect, data, NO_SERVER } from './helpers/world.ts'

const MIB = 2 ** 20
const installed = (await startRegistry()) !== undefined
const servers = await testServers('interop')

if (!installed) {
  it.skip('the Go registry is not installed: node internal/test-servers/src/install.ts registry', () => {})
}

if (servers.length === 0) it.skip(`the Go registry (${NO_SERVER})`, () => {})

for (const { server } of installed ? servers : []) {
  describe(`with the Go registry on ${server.name} ${server.version}`, () => {
    let registry: RegistryServer
    let client: RegistryClient
    let driver: StorageDriver
    beforeAll(async () => {
      const bucket = await server.createBucket('interop')
      const storage = { s3: { server, bucket, rootDirectory: '/the/root/' } }
      registry = (await startRegistry({ storage })) as RegistryServer
      await registry.start()
      client = new RegistryClient(registry.endpoint)
      // The very section that the registry was started with.
      driver = await createFromConfig({ storage: registry.facts.storage })
    })
    afterAll(async () => {
      await driver?.close()
      await registry?.stop()
    })

    it('reads what the registry stored, small, in parts and copied in parts', async () => {
      for (const [size, chunk] of [
        [0, 1],
        [100, 40],
        [12 * MIB + 5, 7 * MIB],
        [40 * MIB + 1, 40 * MIB],
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
    })

    it('extends what the registry stored: an image of its blobs, with a tag', async () => {
      const config = Buffer.from('{"architecture":"amd64","os":"linux"}')
      const layer = data(6 * MIB, 3)
      await client.push('shared', config, MIB)
      await client.push('shared', layer, 6 * MIB)
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

    it('stores blobs that the registry serves, written in parts and moved', async () => {
      const bytes = data(13 * MIB + 7, 4)
      const digest = digestOf(bytes)
      const upload = `${REGISTRY_ROOT}/repositories/from/here/_uploads/1/data`
      const writer = await driver.writer(upload)
      await writer.write(bytes.subarray(0, 11 * MIB))
      await writer.close()
      const next = await driver.writer(upload, { append: true })
      await next.write(bytes.subarray(next.size))
      await next.commit()
      await driver.move(upload, blobPath(digest))
      await driver.putContent(layerLink('from/here', digest), digest)
      expect((await client.pull('from/here', digest)).equals(bytes)).toBe(true)
      const part = await client.get(`from/here/blobs/${digest}`, { range: 'bytes=100-199' })
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true)
      expect((await client.get('_catalog')).status).toBe(200)
    })

    it('removes unfinished uploads of the registry', async () => {
      const begun = await client.begin('left', data(100), 100)
      const uploads = `${REGISTRY_ROOT}/repositories/left/_uploads`
      if (!server.quirks.has('uploads-by-exact-key')) {
        const olderThan = new Date(Date.now() + 60_000)
        const purged = await driver.purgeUploads(uploads, { olderThan })
        expect(purged.map(({ path }) => path.endsWith('/data'))).toEqual([true])
      }
      await driver.delete(uploads)
      expect((await fetch(begun)).status).toBe(404)
    })
  })
}
