import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'
import { registerHistorySuite } from '@stowage/testsuite'
import { open } from './open.ts'

// Thousands of flushed transactions: in memory where the system has a place for that.
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const folder = mkdtempSync(join(place, 'stowage-sqlite-'))
process.env.STOWAGE_SQLITE_FOLDER = folder
afterAll(() => rmSync(folder, { recursive: true, force: true }))

registerHistorySuite({
  name: 'sqlite',
  open,
  child: { module: new URL('./open.ts', import.meta.url), env: { STOWAGE_SQLITE_FOLDER: folder } },
})
