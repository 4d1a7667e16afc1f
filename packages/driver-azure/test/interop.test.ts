// The data of the Go registry's azure driver, both ways: it and this driver work on one container in turn.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import {
  blobPath,
  digestOf,
  layerLink,
  MANIFEST,
  manifestOf,
  REGISTRY_ROOT,
  RegistryClient,
  type RegistryServer,
  startRegistry,
} from '@stowage-internal/test-servers'
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

const describeIf = registry ? describe : describe.skip

describeIf('together with the Go registry', () => {
  let driver: StorageDriver
  let client: RegistryClient

  beforeAll(async () => {
    driver = await open(storage)
    await registry?.start()
    client = new RegistryClient(registry?.endpoint ?? '')
  })

  afterAll(async () => {
    await driver.close()
    await registry?.stop()
  })

  test('what was pushed there is found, read and moved here, and still pulled there', async () => {
    const bytes = pattern(5_000_000)
    // In two pieces, one of them longer than the service appends at once.
    const digest = await client.push('go/one', bytes, 4_900_000)
    const path = blobPath(digest)
    const container = await containerClient()
    expect((await container.getBlobClient(`${storage}${path}`).getProperties()).blobType).toBe(
      'AppendBlob',
    )
    expect(await driver.stat(path)).toMatchObject({ size: bytes.length })
    expect(Buffer.compare(await driver.getContent(path), bytes)).toBe(0)
    expect(await collect(driver.list(`${REGISTRY_ROOT}/repositories/go`))).toEqual([
      `${REGISTRY_ROOT}/repositories/go/one`,
    ])
    const walked = await collect(driver.walk(`${REGISTRY_ROOT}/blobs`))
    expect(walked.filter(({ isDir }) => !isDir).map((file) => file.path)).toEqual([path])
    await driver.move(path, '/aside')
    await driver.move('/aside', path)
    expect(Buffer.compare(await client.pull('go/one', digest), bytes)).toBe(0)
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
    await driver.putContent(layerLink('ours/two', digest), digest)
    expect(Buffer.compare(await client.pull('ours/two', digest), bytes)).toBe(0)
  })

  test('each adds to what the other one keeps, and replaces it', async () => {
    const config = Buffer.from('{}')
    const digest = await client.push('both/three', config, 1)
    const manifest = manifestOf(config, config)
    await client.pushManifest('both/three', 'v1', manifest)
    // A tag is a small file: made there, copied here to another tag, seen there.
    const tags = `${REGISTRY_ROOT}/repositories/both/three/_manifests/tags`
    const link = await driver.getContent(`${tags}/v1/current/link`)
    expect(String(link)).toBe(digestOf(manifest))
    await driver.putContent(`${tags}/v2/current/link`, link)
    expect(await client.tags('both/three')).toEqual({ name: 'both/three', tags: ['v1', 'v2'] })
    const pulled = await client.get('both/three/manifests/v2', { accept: MANIFEST })
    expect(await pulled.text()).toBe(String(manifest))
    // And replaced: there by a push of another manifest, here by a write over an append blob.
    await driver.putContent(blobPath(digest), config)
    expect(Buffer.compare(await client.pull('both/three', digest), config)).toBe(0)
  })

  test('our unfinished uploads are invisible there', async () => {
    const writer = await driver.writer(blobPath(digestOf(pattern(10))))
    await writer.write(pattern(300_000))
    await writer.close()
    expect(await client.repositories()).toEqual(['both/three'])
  })
})
