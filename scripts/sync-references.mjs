// Keeps every tsconfig's project references in step with the dependencies in the package.json beside it, and the root
// tsconfig.json in step with the packages there are. With --check it changes nothing and fails on a difference.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { root, workspaces } from './workspaces.mjs'

const check = process.argv.includes('--check')
const all = workspaces()
const byName = new Map(all.map((workspace) => [workspace.manifest.name, workspace]))
let drift = 0
const written = []

/** The workspace packages with a tsconfig.json that the given kinds of dependency name. */
function referencesOf(workspace, kinds) {
  return kinds
    .flatMap((kind) => Object.keys(workspace.manifest[kind] ?? {}))
    .map((name) => byName.get(name))
    .filter((other) => other?.has('tsconfig.json'))
    .map((other) => posix.relative(workspace.dir, other.dir))
    .sort()
}

function sync(file, references) {
  const path = join(root, file)
  const config = JSON.parse(readFileSync(path, 'utf8'))
  const wanted = [...new Set(references)].map((reference) => ({ path: reference }))
  if (JSON.stringify(config.references ?? []) === JSON.stringify(wanted)) return
  drift += 1
  if (check) return console.error(`${file}: "references" differ from the packages' dependencies`)
  config.references = wanted
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`)
  written.push(path)
  console.log(`${file}: references updated`)
}

const production = ['dependencies', 'peerDependencies', 'optionalDependencies']
const projects = []
for (const workspace of all) {
  if (workspace.has('tsconfig.json')) {
    projects.push(workspace.dir)
    sync(`${workspace.dir}/tsconfig.json`, referencesOf(workspace, production))
  }
  if (workspace.has('tsconfig.test.json')) {
    projects.push(`${workspace.dir}/tsconfig.test.json`)
    const own = workspace.has('tsconfig.json') ? ['.'] : []
    const others = referencesOf(workspace, [...production, 'devDependencies'])
    sync(`${workspace.dir}/tsconfig.test.json`, [...own, ...others])
  }
}
if (existsSync(join(root, 'tsconfig.json'))) sync('tsconfig.json', projects)

if (written.length > 0) {
  const biome = join(root, 'node_modules/.bin/biome')
  spawnSync(biome, ['format', '--write', ...written], { shell: process.platform === 'win32' })
}

if (check && drift > 0) {
  console.error('Run `npm run pnpm -- sync`.')
  process.exitCode = 1
}
