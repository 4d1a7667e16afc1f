// What `npm run check` runs: everything about the repository that is not a test. All checks run, even after one has
// failed; the last lines name the ones that did. With STOWAGE_FAILED_CHECKS_FILE their names also go to that file.
//   npm run check                                 the checks of every change
//   npm run check -- types packed                 these
//   npm run check -- release --show               one of those that take long, with an argument of its own
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setup } from './setup.mjs'
import { root } from './workspaces.mjs'

const node = process.execPath

/** Of every change. */
const CHECKS = {
  lint: ['biome', 'ci', '.', ...(process.stdout.isTTY ? [] : ['--colors=off'])],
  manifests: [node, 'internal/checks/manifests.mjs'],
  references: [node, 'scripts/sync-references.mjs', '--check'],
  types: ['tsc', '-b'],
  unused: ['knip', '--no-progress', '--no-config-hints'],
  expressions: [node, 'internal/checks/expressions.mjs'],
  imports: [node, 'internal/checks/imports.mjs'],
  packed: [node, 'internal/release/src/packed.mjs'],
}

/** Only by name: they take long, or compare with another commit. */
const MORE = {
  changesets: [node, 'internal/release/src/changesets.mjs'],
  matrix: [node, 'internal/release/src/packed.mjs', '--matrix'],
  release: [node, 'internal/release/src/rehearsal.mjs'],
}

const all = { ...CHECKS, ...MORE }
const given = process.argv.slice(2)
const named = given.filter((word) => Object.hasOwn(all, word))
const further = given.filter((word) => !named.includes(word))
if (further.length > 0 && named.length !== 1) {
  console.error(`check: no check is called ${further.join(' ')}: ${Object.keys(all).join(', ')}`)
  process.exit(2)
}

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

for (const name of named.length > 0 ? named : Object.keys(CHECKS)) {
  const started = performance.now()
  console.log(`\ncheck: ${name}`)
  const [command, ...args] = all[name]
  const path = command === node ? node : `node_modules/.bin/${command}`
  const { status, error } = spawnSync(path, [...args, ...further], {
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
