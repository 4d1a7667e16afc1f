// Runs jest from the root over all packages, or over one when started in its folder, and ends with the plain line
// `N passed, N failed, N skipped`. Jest's exit code is kept; a run in which no test ran fails, and so does one after
// which something (a server, a timer, a child process) keeps jest alive.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { report } from '../internal/jest-preset/jest.reporter.mjs'
import { patient } from '../internal/jest-preset/patience.mjs'
import { root, workspaces } from './workspaces.mjs'

/** How long jest may take to end after its last test. */
const GRACE = patient(60_000)
/** Flags with which jest runs no test on purpose. */
const INFORMATION = [
  '--listTests',
  '--showConfig',
  '--help',
  '-h',
  '--version',
  '-v',
  '--clearCache',
]
/** Where processes that tests start find what others have compiled. */
const COMPILED = join(root, 'node_modules/.cache/compiled')
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules']

/** Runs jest with these arguments, prints the closing line and resolves to the exit code. */
export async function runJest(args) {
  if (!nodeModule.stripTypeScriptTypes) {
    console.error(
      `stowage: Node.js ${process.versions.node} cannot run the tests; use \`npm test\``,
    )
    return 1
  }
  const watching = args.some((arg) => arg.startsWith('--watch'))
  const temporary = mkdtempSync(join(tmpdir(), 'stowage-test-'))
  const summaryFile = join(temporary, 'summary.json')
  try {
    const env = { ...process.env, ...(watching ? {} : { STOWAGE_TEST_SUMMARY: summaryFile }) }
    // The hundreds of processes that tests start load the same sources. Coverage would lose precision by it.
    if (!args.includes('--coverage')) env.NODE_COMPILE_CACHE ??= COMPILED
    const { code, stuck } = await start(args, env, summaryFile)
    return watching ? code : conclude(code, stuck, readSummary(summaryFile), args)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

/** Starts jest and waits for its end, or ends it when it outlives its own result by the grace period. */
function start(args, env, summaryFile) {
  return new Promise((resolve) => {
    const jest = join(root, 'node_modules/jest/bin/jest.js')
    const child = spawn(process.execPath, [...NODE_FLAGS, jest, ...args], {
      cwd: root,
      stdio: 'inherit',
      env,
    })
    let finished
    let stuck = false
    const watchdog = setInterval(() => {
      if (finished === undefined && existsSync(summaryFile)) finished = Date.now()
      if (finished === undefined || Date.now() - finished < GRACE) return
      stuck = true
      child.kill('SIGKILL')
    }, 500)
    const onTerm = () => child.kill('SIGTERM')
    const onInt = () => {} // Ctrl-C reaches jest by itself
    process.on('SIGTERM', onTerm).on('SIGINT', onInt)
    const end = (code) => {
      clearInterval(watchdog)
      process.off('SIGTERM', onTerm).off('SIGINT', onInt)
      resolve({ code, stuck })
    }
    child.once('exit', (code) => end(code ?? 1))
    child.once('error', (error) => {
      console.error(`stowage: jest did not start: ${error.message}`)
      end(1)
    })
  })
}

function conclude(code, stuck, summary, args) {
  if (code === 0 && INFORMATION.some((flag) => args.includes(flag))) return 0
  if (!summary) {
    console.error('stowage: jest ended without a result')
    report({ passed: 0, failed: 1, skipped: 0, names: [] })
    return code || 1
  }
  if (stuck) {
    console.error(
      'stowage: jest did not end after the last test: a server, timer or child process is',
    )
    console.error(
      'stowage: still open. Counted as a failure; look with `npm test -- --detectOpenHandles`',
    )
    summary.failed += 1
  }
  const ran = summary.passed + summary.failed
  if (ran === 0) console.error('stowage: no test ran')
  report(summary)
  return code || (ran === 0 ? 1 : 0)
}

function readSummary(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

if (process.argv[1] === import.meta.filename) {
  const dir = relative(root, process.cwd()).replaceAll('\\', '/')
  const one = workspaces().find((workspace) => workspace.dir === dir)
  const only = one ? [`--selectProjects=${one.manifest.name}`] : []
  process.exitCode = await runJest([...only, ...process.argv.slice(2)])
}
