import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, type StorageDriver } from '@stowage/core'
import { registerModelSuite, registerSuite } from '@stowage/testsuite'
import '@stowage/driver-inmemory'
import 'stowage-driver-webdav'

/** An empty collection of a server that you have, to test with that one: `http://127.0.0.1/dav`. */
const own = process.env.STOWAGE_TEST_WEBDAV_URL
/** Small, so that many parts are little data. */
const PART_SIZE = 64 * 1024
const full = process.env.STOWAGE_SUITE_SIZE === 'full'
const SLOW = 'this server takes ten seconds for it: only in full size'
const capabilities = {
  persistent: true,
  append: true,
  purgeUploads: true,
  unicodePaths: true,
  caseSensitive: true,
  normalizationSensitive: true,
}

const env: Record<string, string> = own ? { STOWAGE_WEBDAV_URL: own } : {}
let root: string
let server: ChildProcess | undefined

beforeAll(async () => {
  if (own !== undefined) return
  root = await mkdtemp(join(tmpdir(), 'stowage-webdav-'))
  server = fork(new URL('./server.mjs', import.meta.url), [root])
  const [{ port }] = await once(server, 'message')
  env.STOWAGE_WEBDAV_URL = `http://127.0.0.1:${port}`
})

afterAll(async () => {
  if (server === undefined) return
  server.disconnect()
  await once(server, 'exit')
  await rm(root, { recursive: true })
})

const at = (storage: string): string => `${env.STOWAGE_WEBDAV_URL}/${storage}`

async function open(storage: string): Promise<StorageDriver> {
  await fetch(at(storage), { method: 'MKCOL' })
  return create('webdav', { url: at(storage), partSize: PART_SIZE })
}

async function remove(storage: string): Promise<void> {
  await fetch(`${at(storage)}/`, { method: 'DELETE' })
}

registerSuite({
  name: 'webdav',
  open,
  remove,
  capabilities,
  child: { module: new URL('./open.ts', import.meta.url), env },
  partSize: PART_SIZE,
  pageSize: 10,
  skip: {
    ...(!own && {
      'paths-component-255': 'this server keeps a file <name>.nephelemeta beside some files',
    }),
    ...(!full && { 'scale-thousand': SLOW, 'scale-deep': SLOW }),
  },
})

registerModelSuite({
  name: 'webdav',
  open,
  oracle: (parameters) => create('inmemory', parameters),
  partSize: PART_SIZE,
  seconds: full ? 60 : 3,
})
