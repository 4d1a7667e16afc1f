import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registerHistorySuite } from '@stowage/testsuite'
import { open } from './open.ts'

const folder = mkdtempSync(join(tmpdir(), 'stowage-fs-'))
process.env.STOWAGE_FS_FOLDER = folder
afterAll(() => rmSync(folder, { recursive: true, force: true }))

registerHistorySuite({
  name: 'fs',
  open,
  child: { module: new URL('./open.ts', import.meta.url), env: { STOWAGE_FS_FOLDER: folder } },
  remove: (storage) => rmSync(join(folder, storage), { recursive: true, force: true }),
})
