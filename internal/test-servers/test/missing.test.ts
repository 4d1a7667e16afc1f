import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  reportServers,
  startAzurite,
  startGcs,
  startRegistry,
  startS3,
  startShared,
  stopShared,
} from '../src/index.ts'
import { shareEnvironment } from '../src/share.ts'

const nowhere = mkdtempSync(join(tmpdir(), 'stowage-nowhere-'))
const before = { ...process.env }

beforeEach(() => {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('STOWAGE_TEST_')) delete process.env[name]
  }
  process.env.PATH = nowhere
  process.env.STOWAGE_TEST_SERVERS_DIR = nowhere
})
afterEach(() => {
  process.env = { ...before }
})
afterAll(() => rmSync(nowhere, { recursive: true }))

it('reports each missing server with the command that would install it', async () => {
  expect(await startS3({ install: 'minimum' })).toEqual([])
  expect(await startRegistry({ install: 'none' })).toBeUndefined()
  const lines = reportServers().join('\n')
  const script = 'node scripts/with-toolchain.mjs node internal/test-servers/src/install.ts'
  expect(lines).toMatch(/NOT RUN {4}ceph \(s3\): not on PATH: radosgw, .*\.ci\/install-servers/)
  expect(lines).toContain(`go is not on PATH; to install: install go, then ${script} versitygw`)
  expect(lines).toContain(
    `python3 is not on PATH; to install: install python3, then ${script} moto`,
  )
})

it('does not search for servers of a kind that the run has shared', async () => {
  Object.assign(process.env, shareEnvironment(['s3'], []))
  expect(await startS3()).toEqual([])
})

it('prefers an endpoint from the environment, and asks for what is missing there', async () => {
  process.env.STOWAGE_TEST_S3_ENDPOINT = 'http://127.0.0.1:9'
  for (const name of ['AWS_ACCESS_KEY_ID', 'STOWAGE_TEST_S3_ACCESS_KEY_ID'])
    delete process.env[name]
  await expect(startS3()).rejects.toThrow(/set STOWAGE_TEST_S3_ACCESS_KEY_ID/)
  process.env.STOWAGE_TEST_S3_ACCESS_KEY_ID = 'key'
  process.env.STOWAGE_TEST_S3_SECRET_ACCESS_KEY = 'secret'
  process.env.STOWAGE_TEST_S3_BUCKET = 'theirs'
  const [server, ...others] = await startS3()
  expect(others).toEqual([])
  expect(server).toMatchObject({ name: 'external', endpoint: 'http://127.0.0.1:9', shared: true })
  expect(await server?.createBucket('mine')).toBe('theirs')
})

it('fails a run that requires a server which is not there', async () => {
  process.env.STOWAGE_TEST_REQUIRE = 'versitygw'
  await expect(startShared(['s3'])).rejects.toThrow(/required by STOWAGE_TEST_REQUIRE: versitygw\n/)
})

it('fails a run that requires a server which nobody knows', async () => {
  process.env.STOWAGE_TEST_REQUIRE = 'cehp'
  await expect(startShared(['azurite'])).rejects.toThrow(/cehp \(unknown; known are ceph /)
})

it('shares servers, the ones of the user included, until they are stopped', async () => {
  process.env.STOWAGE_TEST_GCS_ENDPOINT = 'http://127.0.0.1:9'
  await startShared(['azurite', 'gcs'])
  const [azurite, [gcs]] = [await startAzurite(), await startGcs()]
  expect(azurite).toMatchObject({ name: 'azurite', shared: true })
  expect(gcs).toMatchObject({ name: 'external', shared: true, endpoint: 'http://127.0.0.1:9' })
  await azurite?.createContainer('shared')
  await azurite?.stop() // does nothing
  await azurite?.createContainer('shared-too')
  const special = await startAzurite({ disk: true })
  expect(special?.shared).toBe(false)
  await stopShared()
  await expect(azurite?.createContainer('gone')).rejects.toThrow()
  expect((await startAzurite())?.shared).toBe(false)
})

it('tells the last lines of a server that does not start', async () => {
  const fake = join(nowhere, 'registry')
  writeFileSync(fake, '#!/bin/sh\necho this disk is too small >&2\nexit 3\n')
  chmodSync(fake, 0o755)
  const registry = await startRegistry({ install: 'none' })
  await expect(registry?.start()).rejects.toThrow(
    'registry ended with exit code 3\nthis disk is too small',
  )
  expect(reportServers().join('\n')).toMatch(/FAILED {5}registry unknown version: .*code 3/)
})
