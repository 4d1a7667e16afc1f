// What `npm run check` runs: everything about the repository that is not a test. All checks run, even after one has
// failed; the last lines name the ones that did. With STOWAGE_FAILED_CHECKS_FILE their names also go to that file.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setup } from './setup.mjs'
import { root } from './workspaces.mjs'

const CHECKS = [
  ['lint and format', 'biome', ['ci', '.', ...(process.stdout.isTTY ? [] : ['--colors=off'])]],
  ['manifests', process.execPath, ['scripts/check-manifests.mjs']],
  ['project references', process.execPath, ['scripts/sync-references.mjs', '--check']],
  ['types', 'tsc', ['-b']],
  ['unused files and dependencies', 'knip', ['--no-progress', '--no-config-hints']],
  ['regular expressions', process.execPath, ['scripts/check-expressions.mjs']],
  ['cost of imports', process.execPath, ['scripts/check-imports.mjs']],
  ['packed', process.execPath, ['scripts/check-packed.mjs']],
]

const failed = []
const note = (name) => {
  failed.push(name)
  const file = process.env.STOWAGE_FAILED_CHECKS_FILE
  if (file) writeFileSync(file, failed.join(', '))
}

setup({
  onFailure(code) {
    note('set-up')
    process.exit(code)
  },
})

for (const [name, command, args] of CHECKS) {
  const started = performance.now()
  console.log(`\ncheck: ${name}`)
  const path = `node_modules/.bin/${command}`
  const { status, error } = spawnSync(command === process.execPath ? command : path, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (error) console.error(`check: ${error.message}`)
  if (status !== 0) note(name)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`check: ${name} ${status === 0 ? 'passed' : 'FAILED'} (${seconds} s)`)
}

console.log(failed.length === 0 ? '\nchecks: all passed' : `\nchecks FAILED: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
