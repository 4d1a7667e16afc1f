import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { until } from '@stowage-internal/jest-preset/patience'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
/** Types are stripped once, not by every process: it is most of what a start takes. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url))
const NOWHERE = join(tmpdir(), 'stowage-tests-have-no-configuration')
const FLAGS = ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning']

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly bytes: Buffer
  /** The lines of stdout as JSON. */
  readonly json: readonly Record<string, unknown>[]
  /** The lines of stderr as JSON. */
  readonly errors: readonly Record<string, unknown>[]
}

export interface StartOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
  readonly input?: string | Uint8Array
  /** Another user's number; only root may be one. */
  readonly uid?: number
}

/** Starts the real command from its sources, with nothing of this environment that it reads. */
export function start(args: readonly string[], options: StartOptions = {}): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(STOWAGE|REGISTRY|NODE_OPTIONS)/.test(name),
  )
  return spawn(process.execPath, [...FLAGS, MAIN, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: {
      ...Object.fromEntries(inherited),
      NODE_COMPILE_CACHE: CACHE,
      // Nothing of who runs the tests.
      XDG_CONFIG_HOME: NOWHERE,
      ...options.env,
    },
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Waits for the end of a started command. */
export async function outcome(child: ChildProcess): Promise<Outcome> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  const bytes = Buffer.concat(out)
  const stdout = bytes.toString()
  const stderr = Buffer.concat(err).toString()
  const parse = (text: string): Record<string, unknown>[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  return {
    code,
    stdout,
    stderr,
    bytes,
    get json() {
      return parse(stdout)
    },
    get errors() {
      return parse(stderr)
    },
  }
}

/** Runs the command to its end. */
async function stowage(args: readonly string[], options: StartOptions = {}): Promise<Outcome> {
  const child = start(args, options)
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.input)
  return outcome(child)
}

/** A temporary directory of a test file, with shorthands. */
export class Workspace {
  readonly directory: string

  static async create(): Promise<Workspace> {
    return new Workspace(await realpath(await mkdtemp(join(tmpdir(), 'stowage-cli-'))))
  }

  private constructor(directory: string) {
    this.directory = directory
  }

  path(...names: string[]): string {
    return join(this.directory, ...names)
  }

  /** The URL of a storage in the directory. */
  url(name: string, path = ''): string {
    return pathToFileURL(this.path(name)).href.replace(/^file:/, 'fs:') + path
  }

  async write(name: string, content: string | Uint8Array): Promise<string> {
    const file = this.path(name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
    return file
  }

  run(args: readonly string[], options: StartOptions = {}): Promise<Outcome> {
    const env = { XDG_CONFIG_HOME: this.path('.config'), ...options.env }
    return stowage(args, { cwd: this.directory, ...options, env })
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true })
  }
}

/** Bytes that differ at every position and from seed to seed. */
export function bytesOf(seed: number, size: number): Buffer {
  const buffer = Buffer.allocUnsafe(size)
  let state = seed >>> 0 || 1
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1664525) + 1013904223 + at) >>> 0
    buffer[at] = state >>> 24
  }
  return buffer
}

/** Waits until the file exists. */
export async function appears(file: string): Promise<void> {
  await until(() => existsSync(file), `${file} is there`)
}
