// Measures what 64 writers and 64 readers of each driver hold in memory at once while 20 GiB go through:
// node internal/long-runs/memory.mjs [--gib 20] [--count 64] [--driver inmemory|fs|s3|azure|gcs] [--server NAME]
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../../scripts/workspaces.mjs'

const flags = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']
const program = join(root, 'internal/memory/src/main.ts')
const { status } = spawnSync(process.execPath, [...flags, program, ...process.argv.slice(2)], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1
