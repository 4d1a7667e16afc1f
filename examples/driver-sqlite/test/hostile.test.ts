import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'
import { registerHostileSuite } from '@stowage/testsuite'
import { open } from './open.ts'

const folder = mkdtempSync(join(tmpdir(), 'stowage-sqlite-'))
process.env.STOWAGE_SQLITE_FOLDER = folder
afterAll(() => rmSync(folder, { recursive: true, force: true }))

registerHostileSuite({ name: 'sqlite', open })
