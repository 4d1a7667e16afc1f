// Runs a command with a Node.js and a pnpm that this repository can use:
//   node scripts/with-toolchain.mjs <command> [arguments]
// Needs only Node.js 18 or newer and npm. What is missing comes from the npm registry into .toolchain/, once.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const pnpmVersion = manifest.packageManager.split('@')[1].split('+')[0]
const nodeVersion = manifest.config.bootstrapNode
const win = process.platform === 'win32'

/** Runs a command to its end; a signal counts as 128 + its number, as in a shell. */
function run(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, options)
    // Ctrl-C reaches the whole process group by itself; a polite kill must be passed on.
    const onTerm = () => child.kill('SIGTERM')
    const onInt = () => {}
    process.on('SIGTERM', onTerm).on('SIGINT', onInt)
    child.once('close', () => process.off('SIGTERM', onTerm).off('SIGINT', onInt))
    child.once('error', (error) => resolve({ code: error.code === 'ENOENT' ? 127 : 126, error }))
    child.once('exit', (code, signal) =>
      resolve({ code: code ?? 128 + (constants.signals[signal] ?? 0) }),
    )
  })
}

/** npm by its own script where npm started us (no shell, so it works on Windows too). */
function npm(args, cwd) {
  const cli = process.env.npm_execpath
  const options = { stdio: ['ignore', 'ignore', 'inherit'], cwd }
  return cli?.endsWith('npm-cli.js')
    ? run(process.execPath, [cli, ...args], options)
    : run('npm', args, { ...options, shell: win })
}

/** Installs `name@version` into its own folder under .toolchain and returns the package's folder. */
async function bring(name, version, after) {
  const home = join(root, '.toolchain', `${name}-${version}`)
  const inside = join('node_modules', name)
  if (existsSync(home)) return join(home, inside)
  console.error(`toolchain: fetching ${name} ${version} from the npm registry (once)`)
  const temporary = `${home}.tmp-${process.pid}`
  mkdirSync(temporary, { recursive: true })
  try {
    const flags = ['--ignore-scripts', '--no-save', '--no-package-lock', '--no-audit', '--no-fund']
    const what = ['--loglevel=error', '--prefix', temporary, `${name}@${version}`]
    const { code } = await npm(['install', ...flags, ...what], temporary)
    const ok = code === 0 && (after === undefined || (await after(join(temporary, inside))))
    if (!ok) throw new Error(`could not fetch ${name} ${version} for this machine`)
    place(temporary, home)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return join(home, inside)
}

/** The rename is atomic: a broken-off or parallel run never leaves half a tool. */
function place(temporary, home) {
  try {
    renameSync(temporary, home)
  } catch (error) {
    if (!existsSync(home)) throw error // otherwise a parallel run was quicker
  }
}

/** Keep in step with "engines" in package.json: the common floor of the development tools. */
function nodeIsFine() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return (major === 22 && minor >= 19) || major >= 24
}

async function bringNode() {
  if (nodeIsFine()) return []
  const family = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  const name = [family, win ? 'win' : process.platform, process.arch].join('-')
  return [join(await bring(name, nodeVersion), 'bin')]
}

async function bringPnpm() {
  const options = { encoding: 'utf8', shell: win, cwd: dirname(root) }
  const probe = spawnSync('pnpm', ['--version'], options)
  const have = (probe.stdout ?? '').trim().split('.').map(Number)
  const want = pnpmVersion.split('.').map(Number)
  if (probe.status === 0 && have[0] === want[0] && have[1] >= want[1]) return []
  // pnpm's own install script puts the native binary in place; run it here, so that it also
  // happens where npm blocks install scripts (turbo cannot start the placeholder).
  const finish = async (dir) => {
    const env = { ...process.env, npm_lifecycle_event: 'preinstall' }
    const stdio = ['ignore', 2, 2]
    return (
      (await run(process.execPath, [join(dir, 'install.js')], { stdio, cwd: dir, env })).code === 0
    )
  }
  return [await bring('pnpm', pnpmVersion, finish)]
}

/** The environment for the command: our tools and the packages' first on PATH, npm's notes about itself gone. */
function environment(bins) {
  const env = { ...process.env }
  const key = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  env[key] = [...bins, join(root, 'node_modules', '.bin'), env[key]].join(delimiter)
  for (const name of ['npm_execpath', 'npm_node_execpath', 'npm_config_user_agent', 'NODE']) {
    delete env[name]
  }
  env.TURBO_TELEMETRY_DISABLED ??= '1'
  return env
}

const [command, ...args] = process.argv.slice(2)
if (command === undefined) {
  console.error('usage: node scripts/with-toolchain.mjs <command> [arguments]')
  process.exit(2)
}

let bins
try {
  bins = (await Promise.all([bringNode(), bringPnpm()])).flat()
} catch (error) {
  console.error(`toolchain: ${error.message}`)
  console.error(
    `toolchain: install Node.js ${manifest.engines.node} and pnpm ${pnpmVersion} yourself and nothing is fetched`,
  )
  process.exit(1)
}

const options = { stdio: 'inherit', cwd: root, env: environment(bins), shell: win }
const { code, error } = await run(command, args, options)
if (error) console.error(`toolchain: ${error.message}`)
process.exit(code)
