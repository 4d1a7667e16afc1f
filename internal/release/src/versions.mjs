// Brings the compilers and the Node.js versions that packed packages are tried with, by npm, once, to .toolchain/.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../../scripts/workspaces.mjs'
import { run } from './packing.mjs'

const win = process.platform === 'win32'
/** The oldest 5.x whose users we serve (see docs/decisions/070-third-parties.md), the last 5.x, 6 and 7. */
const TYPESCRIPT = ['5.4.5', '5.9.3', '6.0.3', '7.0.2']
/** Each line of Node.js that "engines" allows and that is maintained, the oldest of 22 included. */
const NODE = ['22.12.0', '22', '24', '26']
const TYPES = '^22.0.0'

function nodePackage() {
  // The names under which the binaries are published; "node" itself downloads in an install script.
  const family = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  return [family, win ? 'win' : process.platform, process.arch].join('-')
}

/** The compilers and types only, as they are in this repository: for the quick check. */
export function ownTools() {
  const { version } = JSON.parse(
    readFileSync(join(root, 'node_modules/typescript/package.json'), 'utf8'),
  )
  return {
    nodes: [{ label: `Node.js ${process.versions.node}`, node: process.execPath, flags: [] }],
    compilers: [{ version, tsc: join(root, 'node_modules/typescript/bin/tsc') }],
    types: join(root, 'node_modules/@types'),
  }
}

/** All of them. @throws Error with npm's words where one cannot be had. */
export async function allTools() {
  const dependencies = { '@types/node': TYPES }
  for (const version of TYPESCRIPT)
    dependencies[`typescript-${version}`] = `npm:typescript@${version}`
  for (const version of NODE) dependencies[`node-${version}`] = `npm:${nodePackage()}@${version}`
  const text = JSON.stringify({ private: true, dependencies })
  const key = createHash('sha256').update(text).digest('hex').slice(0, 12)
  const home = join(root, '.toolchain', `matrix-${key}`)
  if (!existsSync(home)) await bring(text, home)
  const inside = (name, ...rest) => join(home, 'node_modules', name, ...rest)
  return {
    nodes: NODE.map((version) => ({
      label: `Node.js ${versionOf(inside(`node-${version}`))}`,
      node: inside(`node-${version}`, 'bin', win ? 'node.exe' : 'node'),
      // The oldest one tells of its `require()` of ESM that it is new.
      flags: version === NODE[0] ? ['--disable-warning=ExperimentalWarning'] : [],
    })),
    compilers: TYPESCRIPT.map((version) => ({
      version,
      tsc: inside(`typescript-${version}`, 'bin', 'tsc'),
    })),
    types: inside('@types'),
  }
}

async function bring(manifest, home) {
  console.error('packed: fetching the compilers and Node.js versions of the matrix (once)')
  const temporary = `${home}.tmp-${process.pid}`
  mkdirSync(temporary, { recursive: true })
  writeFileSync(join(temporary, 'package.json'), manifest)
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { code, output } = await run('npm', ['install', ...flags], { cwd: temporary })
  if (code !== 0) throw new Error(`npm could not bring the matrix:\n${output}`)
  renameSync(temporary, home)
}

function versionOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version
}
