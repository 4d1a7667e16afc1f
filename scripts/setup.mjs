// Installs and builds. Quiet on stdout: what there is to see goes to stderr, and a warm run says nothing.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './workspaces.mjs'

const win = process.platform === 'win32'

/** Runs a tool from the root; on failure shows what it said and ends the process unless `onFailure` is given. */
export function tool(command, args, { show = false, hint, onFailure } = {}) {
  const bin = join(root, 'node_modules', '.bin')
  const path = existsSync(join(bin, command)) ? join(bin, command) : command
  const { status, stdout, stderr, error } = spawnSync(path, args, {
    cwd: root,
    encoding: 'utf8',
    shell: win,
    maxBuffer: 1 << 28,
    stdio: show ? ['ignore', 2, 2] : ['ignore', 'pipe', 'pipe'],
  })
  if (status === 0) return
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`)
  const why = error ? error.message : `ended with ${status ?? 'a signal'}`
  console.error(`stowage: \`${[command, ...args].join(' ')}\` failed: ${why}`)
  if (hint) console.error(`stowage: ${hint}`)
  if (onFailure) onFailure(status ?? 1)
  else process.exit(status || 1)
}

/** Brings node_modules and dist up to date with the sources. */
export function setup(options = {}) {
  const cold = !existsSync(join(root, 'node_modules', '.modules.yaml'))
  if (cold) console.error('stowage: installing the development dependencies (once)')
  tool('pnpm', ['install', '--frozen-lockfile', '--prefer-offline'], {
    ...options,
    show: cold,
    hint: 'after a change to a package.json run `npm run pnpm -- install` and commit pnpm-lock.yaml',
  })
  const log = ['--output-logs=errors-only', '--ui=stream', '--log-order=grouped']
  tool('turbo', ['run', 'build', ...log], options)
}

if (process.argv[1] === import.meta.filename) setup()
