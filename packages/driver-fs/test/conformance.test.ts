import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registerSuite } from '@stowage/testsuite'
import { FLAGS, open } from './open.ts'

const folder = mkdtempSync(join(tmpdir(), 'stowage-fs-'))
process.env.STOWAGE_FS_FOLDER = folder
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const windows = process.platform === 'win32'
const macOS = process.platform === 'darwin'

registerSuite({
  name: 'fs',
  capabilities: { ...FLAGS, caseSensitive: !macOS && !windows, normalizationSensitive: !macOS },
  open,
  remove: (storage) => rmSync(join(folder, storage), { recursive: true, force: true }),
  child: { module: new URL('./open.ts', import.meta.url), env: { STOWAGE_FS_FOLDER: folder } },
  partSize: 64 * 1024,
})
