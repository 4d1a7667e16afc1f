import { PassThrough, Readable, Writable } from 'node:stream'
import { PermissionError, register, toStorageDriver } from '@stowage/core/driver'
import { InMemoryDriver } from '@stowage/driver-inmemory'
import { run } from '../../src/program.ts'

export interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly json: readonly Record<string, unknown>[]
}

export interface RunOptions {
  readonly cwd: string
  readonly stdout?: Writable
  readonly input?: string
  readonly signal?: AbortSignal
}

/** Runs the command in this process: many times quicker than to start it. */
export async function runHere(args: readonly string[], options: RunOptions): Promise<Result> {
  const texts = { stdout: '', stderr: '' }
  const into = (name: keyof typeof texts) =>
    new Writable({
      write(chunk, _encoding, done) {
        texts[name] += String(chunk)
        done()
      },
    })
  const code = await run(args, {
    stdin: options.input === undefined ? new PassThrough() : Readable.from([options.input]),
    stdout: options.stdout ?? into('stdout'),
    stderr: into('stderr'),
    env: {},
    cwd: options.cwd,
    signal: options.signal ?? new AbortController().signal,
  })
  const json = () =>
    texts.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return {
    code,
    ...texts,
    get json() {
      return json()
    },
  }
}

/** A storage in memory that every URL `trap:` opens, and that fails where a test says. */
export class Trap extends InMemoryDriver {
  /** Directories that cannot be listed. */
  readonly unlistable = new Set<string>()
  /** Files that cannot be read. */
  readonly unreadable = new Set<string>()
  /** Called before a file is opened. */
  onRead: (path: string) => Promise<void> = async () => {}

  /** Called once all was listed. */
  onListed: () => Promise<void> = async () => {}

  override async *walk(...args: Parameters<InMemoryDriver['walk']>) {
    const [path, { startAfter = '' }] = args
    const hidden = [...this.unlistable].filter((directory) => !directory.startsWith(`${path}0`))
    for await (const info of super.walk(...args)) {
      const directory = hidden.find((one) => info.path.startsWith(`${one}/`))
      if (directory !== undefined) throw new PermissionError('EACCES', { path: directory })
      if (info.path > startAfter) yield info
    }
    await this.onListed()
  }

  override async reader(...args: Parameters<InMemoryDriver['reader']>) {
    const [path] = args
    await this.onRead(path)
    if (this.unreadable.has(path)) throw new PermissionError('EACCES', { path })
    return super.reader(...args)
  }
}

let current = new Trap()
register('trap', () => current)

/** A new, empty storage behind `trap:`. */
export function trap(): { driver: Trap; storage: ReturnType<typeof toStorageDriver> } {
  current = new Trap()
  return { driver: current, storage: toStorageDriver(current) }
}

let currentFolding = new InMemoryDriver()
register('folding', () => currentFolding)

/** A storage in memory behind `folding:` that takes `/A` and `/a`, and both forms of `é`, for one and keeps the first spelling. */
export function foldingStorage(): ReturnType<typeof toStorageDriver> {
  const memory = new InMemoryDriver()
  const kept = new Map<string, string>()
  const spell = (operation: string, path: string): string => {
    const folded = path.normalize('NFC').toLowerCase()
    if (operation === 'putContent' || operation === 'writer') {
      if (!kept.has(folded)) kept.set(folded, path)
    }
    const known = kept.get(folded) ?? path
    if (operation === 'delete') kept.delete(folded)
    return known
  }
  const driver = new Proxy(memory, {
    get(target, name: keyof InMemoryDriver) {
      const member: unknown = target[name]
      if (name === 'capabilities') {
        return { ...target.capabilities, caseSensitive: false, normalizationSensitive: false }
      }
      if (typeof member !== 'function') return member
      return (path: unknown, ...more: unknown[]) =>
        member.call(target, typeof path === 'string' ? spell(name, path) : path, ...more)
    },
  })
  currentFolding = driver
  return toStorageDriver(driver)
}
