// Mixed work of several writers, for a moment; the long form is `node internal/long-runs/soak.mjs`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from '@stowage/core'
import '@stowage/driver-fs'
import { runSoak } from '@stowage/testsuite'

const folder = mkdtempSync(join(tmpdir(), 'stowage-soak-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('mixed work loses nothing', async () => {
  const open = (storage: string) => create('filesystem', { rootDirectory: join(folder, storage) })
  const report = await runSoak({ name: 'fs', create: open, seconds: 1, samples: 2 })
  expect(report.samples.at(-1)?.failed).toBe(0)
})
