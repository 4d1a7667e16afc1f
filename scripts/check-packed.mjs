// Checks what a user would get: packs every published package, looks at the tarballs with publint and attw and at their
// size (scripts/budgets.json), then installs core and the file system driver from theirs with plain npm, and loads
// them as ESM and as CommonJS.
// Works in a temporary folder and leaves nothing behind.
import { spawn } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { published, root } from './workspaces.mjs'

const win = process.platform === 'win32'
const local = (name) => join(root, 'node_modules', '.bin', name)
const budgets = JSON.parse(readFileSync(join(root, 'scripts', 'budgets.json'), 'utf8'))
/** What core and the file system driver may take together on a user's disk, in KiB. */
const INSTALLED = 300
let failures = 0

function fail(text) {
  failures += 1
  console.error(`packed: ${text}`)
}

/** Runs a command and resolves to its exit code and everything it said. */
function run(command, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, shell: win, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.once('error', (error) => resolve({ code: 127, output: error.message }))
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

async function must(what, command, args, cwd) {
  const { code, output } = await run(command, args, cwd)
  if (code !== 0) fail(`${what}\n${output.trimEnd().replaceAll(/^/gm, '    ')}`)
  return code === 0 ? output : undefined
}

/** Packs one package into its own folder and returns the tarball's path. */
async function pack({ dir, path, manifest }, temporary) {
  const target = join(temporary, 'tarballs', manifest.name.split('/')[1])
  mkdirSync(target, { recursive: true })
  await must(`${dir}: pnpm pack failed`, 'pnpm', ['pack', '--pack-destination', target], path)
  const tarball = readdirSync(target).find((file) => file.endsWith('.tgz'))
  return tarball && join(target, tarball)
}

async function inspect({ dir, manifest }, tarball) {
  await must(`${dir}: publint`, local('publint'), ['run', tarball, '--strict'], root)
  if (!('.' in manifest.exports)) return
  const flags = ['--profile', 'esm-only', '--no-emoji', '--no-color']
  await must(`${dir}: are the types wrong?`, local('attw'), [tarball, ...flags], root)
}

/** What a tarball must and must not contain; entry points that are missing say "not built". */
async function contents({ dir, manifest }, tarball) {
  const listing = await must(`${dir}: tar`, 'tar', ['-tzf', tarball], root)
  if (listing === undefined) return
  const files = new Set(listing.split('\n').map((line) => line.replace(/^package\//, '')))
  const entries = Object.values(manifest.publishConfig?.exports ?? {}).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  )
  const wanted = [...entries, ...Object.values(manifest.bin ?? {}), 'LICENSE']
  for (const file of wanted.map((name) => name.replace(/^\.\//, ''))) {
    if (!files.has(file)) fail(`${dir}: the tarball lacks ${file}`)
  }
  for (const file of files) {
    if (/tsbuildinfo$|^(src|test|build)\/|\.test\./.test(file)) {
      fail(`${dir}: the tarball contains ${file}`)
    }
  }
}

/** The size of a package on users' disks must stay what scripts/budgets.json allows, in KiB. */
async function weigh({ dir, manifest }, tarball, temporary) {
  const target = join(temporary, 'unpacked', manifest.name.split('/')[1])
  mkdirSync(target, { recursive: true })
  await must(`${dir}: tar`, 'tar', ['-xzf', tarball, '-C', target], root)
  const kilobytes = Math.round(sizeOf(target) / 1024)
  const limit = budgets[manifest.name]?.tarball
  if (limit === undefined) fail(`${manifest.name} is missing in scripts/budgets.json`)
  else if (kilobytes > limit) {
    fail(
      `${manifest.name} has ${kilobytes} KiB, more than the ${limit} KiB in scripts/budgets.json`,
    )
  }
}

function sizeOf(path) {
  if (!statSync(path).isDirectory()) return statSync(path).size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

/** The packages npm put there, by the lockfile it wrote. */
function installed(project) {
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
  return Object.keys(lock.packages).filter((path) => path !== '')
}

/** Installs the tarballs in an empty folder and loads the packages in both module systems. */
async function install(names, tarballs, project) {
  mkdirSync(project, { recursive: true })
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true }\n')
  const list = names.map((name) => tarballs.get(name))
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  const label = names.join(' + ')
  if (
    (await must(`${label}: npm install`, 'npm', ['install', ...flags, ...list], project)) ===
    undefined
  )
    return
  const paths = installed(project)
  if (paths.length !== names.length) {
    fail(
      `${label}: npm installed ${paths.length} packages instead of ${names.length}: ${paths.join(', ')}`,
    )
  }
  // A driver's package may export types only: what counts is that it registers itself with the one core, and that its
  // entry points are one copy: a name that two register is refused.
  const entries = [...names, ...names.slice(1).map((name) => `${name}/register`)]
  const check = (load) =>
    `const { registeredDrivers } = ${load('@stowage/core')}
for (const name of ${JSON.stringify(entries)}) ${load('name', true)}
if (registeredDrivers().length === 0) throw new Error('no driver is registered')\n`
  const quoted = (name, isVariable) => (isVariable ? name : JSON.stringify(name))
  writeFileSync(
    join(project, 'esm.mjs'),
    check((name, isVariable) => `await import(${quoted(name, isVariable)})`),
  )
  writeFileSync(
    join(project, 'cjs.cjs'),
    check((name, isVariable) => `require(${quoted(name, isVariable)})`),
  )
  await must(`${label}: import() fails`, process.execPath, ['esm.mjs'], project)
  await must(`${label}: require() fails`, process.execPath, ['cjs.cjs'], project)
  const kilobytes = Math.round(sizeOf(join(project, 'node_modules')) / 1024)
  if (kilobytes > INSTALLED) fail(`${label}: ${kilobytes} KiB installed, more than ${INSTALLED}`)
  console.log(`packed: ${label} = ${paths.length} packages, ${kilobytes} KiB installed`)
}

async function main(temporary) {
  const tarballs = new Map()
  const packages = published()
  const unbuilt = packages.filter((workspace) => !workspace.has('dist'))
  for (const { dir } of unbuilt)
    fail(`${dir}: not built (no dist); run \`npm run pnpm -- build\` first`)
  if (unbuilt.length > 0) return
  for (const workspace of packages) {
    const tarball = await pack(workspace, temporary)
    if (!tarball) continue
    tarballs.set(workspace.manifest.name, tarball)
    await Promise.all([
      inspect(workspace, tarball),
      contents(workspace, tarball),
      weigh(workspace, tarball, temporary),
    ])
  }
  if (failures > 0) return
  console.log(`packed: ${tarballs.size} tarballs are well-formed`)
  await install(['@stowage/core', '@stowage/driver-fs'], tarballs, join(temporary, 'project'))
}

const temporary = mkdtempSync(join(tmpdir(), 'stowage-packed-'))
try {
  await main(temporary)
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
if (failures > 0) process.exitCode = 1
