// Runs jest from the root over all packages, or over one when started in its folder, and ends with the plain line
// `N passed, N failed, N skipped`. Jest's exit code is kept; a run in which no test ran fails.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { report } from '../internal/jest-preset/jest.reporter.mjs'
import { root, workspaces } from './workspaces.mjs'

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

export function runJest(args) {
  const temporary = mkdtempSync(join(tmpdir(), 'stowage-test-'))
  const summaryFile = join(temporary, 'summary.json')
  try {
    const { status, error } = spawnSync(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        '--experimental-vm-modules',
        join(root, 'node_modules/jest/bin/jest.js'),
        ...args,
      ],
      { cwd: root, stdio: 'inherit', env: { ...process.env, STOWAGE_TEST_SUMMARY: summaryFile } },
    )
    if (error) console.error(`stowage: jest did not start: ${error.message}`)
    return conclude(status ?? 1, readSummary(summaryFile), args)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

function conclude(code, summary, args) {
  if (code === 0 && INFORMATION.some((flag) => args.includes(flag))) return 0
  if (!summary) {
    console.error('stowage: jest ended without a result')
    report({ passed: 0, failed: 1, skipped: 0, names: [] })
    return code || 1
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
  process.exitCode = runJest([...only, ...process.argv.slice(2)])
}
