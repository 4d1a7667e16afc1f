// A real npm registry (verdaccio) on this machine, for a rehearsal of a release: what is ours is published to it, everything else
// it fetches from the registry that npm is set up for. It and its data are gone when it is stopped.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { root } from '../../../scripts/workspaces.mjs'
import { patient } from '../../jest-preset/patience.mjs'
import { run } from './packing.mjs'

const VERSION = '6.10.4'
/** How often it is looked whether it answers, ten times a second. */
const LOOKS = patient(3000)

/** Installs verdaccio into .toolchain/, once, and gives its program. */
async function bring() {
  const home = join(root, '.toolchain', `verdaccio-${VERSION}`)
  const program = join(home, 'node_modules/verdaccio/bin/verdaccio')
  if (existsSync(program)) return program
  console.log(`fetching verdaccio ${VERSION} (once)`)
  const temporary = `${home}.tmp-${process.pid}`
  mkdirSync(temporary, { recursive: true })
  const manifest = {
    private: true,
    dependencies: { verdaccio: VERSION },
    // A dependency asks for a dist-tag of node-fetch that not every mirror of npm has.
    overrides: { 'node-fetch': '2.7.0' },
  }
  writeFileSync(join(temporary, 'package.json'), JSON.stringify(manifest))
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { code, output } = await run('npm', ['install', ...flags], { cwd: temporary })
  if (code !== 0) throw new Error(`npm could not install verdaccio:\n${output}`)
  renameSync(temporary, home)
  return program
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

const OURS = ['@stowage/*', 'create-stowage-driver', 'stowage-driver-*']

function configuration(storage, upstream) {
  const own = { access: '$anonymous', publish: '$anonymous' }
  return JSON.stringify({
    storage,
    auth: { htpasswd: { file: join(storage, 'htpasswd'), max_users: -1 } },
    uplinks: { upstream: { url: upstream } },
    packages: {
      ...Object.fromEntries(OURS.map((name) => [name, own])),
      '**': { access: '$anonymous', proxy: 'upstream' },
    },
    log: { type: 'stdout', format: 'pretty', level: 'warn' },
  })
}

/** Starts a registry with its data in that folder; gives its URL and a function that stops it. */
export async function startRegistry(folder) {
  const program = await bring()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const upstream = (await run('npm', ['config', 'get', 'registry'])).output.trim()
  mkdirSync(folder, { recursive: true })
  const config = join(folder, 'config.yaml')
  writeFileSync(config, configuration(join(folder, 'storage'), upstream))
  const args = [program, '--config', config, '--listen', `127.0.0.1:${port}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  for (let left = LOOKS; ; left--) {
    const answer = await fetch(`${url}-/ping`).catch(() => undefined)
    if (answer?.ok) break
    if (left <= 0 || child.exitCode !== null) throw new Error(`verdaccio:\n${said}`)
    await wait(100)
  }
  return {
    url,
    async stop() {
      child.kill()
      await ended
    },
  }
}
