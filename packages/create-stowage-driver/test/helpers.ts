import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const own = join(import.meta.dirname, '..')
/** The packages' sources in place of what would be installed. */
const SOURCES = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder outside of the repository in which projects find this repository's packages. */
export function workshop(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-create-'))
  mkdirSync(join(folder, 'node_modules'))
  const scope = join(own, 'node_modules/@stowage')
  symlinkSync(scope, join(folder, 'node_modules/@stowage'), 'junction')
  return folder
}

/** Runs a program of Node.js there. */
export function node(cwd: string, ...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...SOURCES, ...args], {
    cwd,
    encoding: 'utf8',
    input: '',
  })
  return { code: status, stdout, stderr }
}

/** Runs the command there, as `npm create stowage-driver` would. */
export function createDriver(cwd: string, ...args: string[]): Outcome {
  return node(cwd, join(own, 'src/main.ts'), ...args)
}
