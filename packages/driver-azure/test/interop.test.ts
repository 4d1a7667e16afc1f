// The data of the Go registry's azure driver, both ways: it and this driver work on one container in turn.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import { type RegistryServer, startRegistry } from '@stowage-internal/test-servers'
import {
  azurite,
  collect,
  containerClient,
  newStorage,
  open,
  parametersOf,
  pattern,
} from './helpers/storages.ts'

const storage = newStorage()
const registry = await prepare()
if (registry === undefined) {
  console.warn(
    'NOT TESTED: no Go registry here; `node internal/test-servers/src/install.ts registry` installs it',
  )
}

async function prepare(): Promise<RegistryServer | undefined> {
  const server = await azurite()
  const { container = '' } = await parametersOf(storage)
  return startRegistry({ storage: { azure: { server, container, rootDirectory: `/${storage}` } } })
}

const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** Where the registry keeps a blob's bytes. */
function blobPath(digest: string): string {
  const hex = digest.slice('sha256:'.length)
  return `/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`
}

const describeIf = registry ? describe : describe.skip

describeIf('together with the Go registry', () => {
  let driver: StorageDriver
  let endpoint: string

  beforeAll(async () => {
    driver = await open(storage)
    await registry?.start()
    endpoint = registry?.endpoint ?? ''
  }, 60_000)

  afterAll(async () => {
    await driver.close()
    await registry?.stop()
  })

  /** Uploads a blob in two pieces, as a client does. */
  async function push(repository: string, bytes: Uint8Array): Promise<string> {
    const digest = digestOf(bytes)
    let reply = await fetch(`${endpoint}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
    for (const part of [bytes.subarray(0, 100_000), bytes.subarray(100_000)]) {
      const headers = { 'content-type': 'application/octet-stream' }
      const url = new URL(reply.headers.get('location') ?? '', endpoint)
      reply = await fetch(url, { method: 'PATCH', headers, body: Buffer.from(part) })
      expect(reply.status).toBe(202)
    }
    const url = new URL(reply.headers.get('location') ?? '', endpoint)
    url.searchParams.set('digest', digest)
    reply = await fetch(url, { method: 'PUT' })
    expect(reply.status).toBe(201)
    return digest
  }

  async function pull(repository: string, digest: string): Promise<Buffer> {
    const reply = await fetch(`${endpoint}/v2/${repository}/blobs/${digest}`)
    expect(reply.status).toBe(200)
    return Buffer.from(await reply.arrayBuffer())
  }

  test('what was pushed there is found, read and moved here, and still pulled there', async () => {
    const bytes = pattern(5_000_000)
    const digest = await push('go/one', bytes)
    const path = blobPath(digest)
    const container = await containerClient()
    expect((await container.getBlobClient(`${storage}${path}`).getProperties()).blobType).toBe(
      'AppendBlob',
    )
    expect(await driver.stat(path)).toMatchObject({ size: bytes.length })
    expect(Buffer.compare(await driver.getContent(path), bytes)).toBe(0)
    expect(await collect(driver.list('/docker/registry/v2/repositories/go'))).toEqual([
      '/docker/registry/v2/repositories/go/one',
    ])
    const walked = await collect(driver.walk('/docker/registry/v2/blobs'))
    expect(walked.filter(({ isDir }) => !isDir).map((file) => file.path)).toEqual([path])
    await driver.move(path, '/aside')
    await driver.move('/aside', path)
    expect(Buffer.compare(await pull('go/one', digest), bytes)).toBe(0)
  })

  test('what is written here is pulled there', async () => {
    const bytes = pattern(500_000, 2)
    const digest = digestOf(bytes)
    const begun = await driver.writer(blobPath(digest))
    await begun.write(bytes.subarray(0, 200_000))
    await begun.close()
    const writer = await driver.writer(blobPath(digest), { append: true })
    await writer.write(bytes.subarray(writer.size))
    await writer.commit()
    const [, hex] = digest.split(':')
    await driver.putContent(
      `/docker/registry/v2/repositories/ours/two/_layers/sha256/${hex}/link`,
      digest,
    )
    expect(Buffer.compare(await pull('ours/two', digest), bytes)).toBe(0)
  })

  test('each adds to what the other one keeps, and replaces it', async () => {
    const config = Buffer.from('{}')
    const digest = await push('both/three', config)
    const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: 2 }
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { ...layer, mediaType: 'application/vnd.oci.image.config.v1+json' },
      layers: [layer],
    })
    const put = await fetch(`${endpoint}/v2/both/three/manifests/v1`, {
      method: 'PUT',
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
      body: manifest,
    })
    expect(put.status).toBe(201)
    // A tag is a small file: made there, copied here to another tag, seen there.
    const tags = '/docker/registry/v2/repositories/both/three/_manifests/tags'
    const link = await driver.getContent(`${tags}/v1/current/link`)
    expect(String(link)).toBe(digestOf(Buffer.from(manifest)))
    await driver.putContent(`${tags}/v2/current/link`, link)
    const reply = await fetch(`${endpoint}/v2/both/three/tags/list`)
    expect(await reply.json()).toEqual({ name: 'both/three', tags: ['v1', 'v2'] })
    const pulled = await fetch(`${endpoint}/v2/both/three/manifests/v2`, {
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
    })
    expect(await pulled.text()).toBe(manifest)
    // And replaced: there by a push of another manifest, here by a write over an append blob.
    await driver.putContent(blobPath(digest), config)
    expect(Buffer.compare(await pull('both/three', digest), config)).toBe(0)
  })

  test('our unfinished uploads are invisible there', async () => {
    const writer = await driver.writer(blobPath(digestOf(pattern(10))))
    await writer.write(pattern(300_000))
    await writer.close()
    const reply = await fetch(`${endpoint}/v2/_catalog`)
    const { repositories } = (await reply.json()) as { repositories: string[] }
    expect(repositories).toEqual(['both/three'])
  })
})
