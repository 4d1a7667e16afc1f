import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registerHostileSuite } from '@stowage/testsuite'
import { open } from './open.ts'

const folder = mkdtempSync(join(tmpdir(), 'stowage-fs-'))
process.env.STOWAGE_FS_FOLDER = folder
afterAll(() => rmSync(folder, { recursive: true, force: true }))

registerHostileSuite({
  name: 'fs',
  open,
  remove: (storage) => rmSync(join(folder, storage), { recursive: true, force: true }),
  behind: {
    root: (storage) => `${storage}/`,
    keys: async () =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `${name}/`),
  },
})
