import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'
import { create } from '@stowage/core'
import { registerModelSuite, registerSuite } from '@stowage/testsuite'
import { sqliteDriver } from 'stowage-driver-sqlite'
import '@stowage/driver-inmemory'

// Thousands of flushed transactions: in memory where the system has a place for that.
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const folder = mkdtempSync(join(place, 'stowage-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

registerSuite({
  name: 'sqlite',
  open: (storage) => create('sqlite', { file: join(folder, `${storage}.db`) }),
  capabilities: sqliteDriver({ file: '' }).capabilities,
  child: { module: new URL('./open.ts', import.meta.url), env: { STOWAGE_SQLITE_FOLDER: folder } },
  partSize: 256 * 1024,
})

registerModelSuite({
  name: 'sqlite',
  open: (storage) => create('sqlite', { file: join(folder, `model-${storage}.db`) }),
  oracle: (parameters) => create('inmemory', parameters),
})
