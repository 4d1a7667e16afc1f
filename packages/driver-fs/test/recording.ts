import { execSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type StorageDriver, toStorageDriver } from '@stowage/core/driver'
import { FsDriver } from '../src/driver.ts'
import type { FileSystem } from '../src/file-system.ts'
import { nodeFileSystem } from '../src/node-file-system.ts'
import { type FsParameters, parse } from '../src/parameters.ts'

export { systemError } from './explore/wrap.ts'

const endings: (() => void)[] = []
afterAll(() => {
  while (endings.length > 0) endings.pop()?.()
})

/** Runs after the tests of the file; what came last runs first. */
export function atTheEnd(run: () => void): void {
  endings.push(run)
}

/** A new, empty directory that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-fs-'))
  atTheEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs a command that has to succeed. */
export function shell(command: string): void {
  execSync(command, { stdio: 'pipe' })
}

export interface Call {
  readonly name: keyof FileSystem
  /** What it was about, relative to the root: `rename /a -> /b`. */
  readonly text: string
}

type Fault = (call: Call) => unknown

/** A file system that writes down its calls, counts its open handles, and fails when it is told to. */
export class Recording {
  readonly root: string
  readonly calls: Call[] = []
  readonly #handles = new Map<number, string>()
  /** Throws, or returns something else than undefined as the call's result, or a Promise of it. */
  fault: Fault = () => undefined

  constructor(root: string = join(temporaryFolder(), 'root')) {
    this.root = root
  }

  driver(parameters: Partial<FsParameters> = {}, platform?: NodeJS.Platform): StorageDriver {
    const settings = parse({ rootDirectory: this.root, ...parameters })
    return toStorageDriver(
      new FsDriver(settings, { system: this.system, ...(platform && { platform }) }),
    )
  }

  /** Handles that were opened and not closed. */
  get open(): string[] {
    return [...this.#handles.values()]
  }

  get texts(): string[] {
    return this.calls.map(({ text }) => text)
  }

  readonly system: FileSystem = Object.fromEntries(
    Object.entries(nodeFileSystem).map(([name, call]: [string, AnyCall]) => [
      name,
      (...args: unknown[]) => this.#run(name as keyof FileSystem, call, args),
    ]),
  ) as unknown as FileSystem

  async #run(name: keyof FileSystem, call: AnyCall, args: unknown[]): Promise<unknown> {
    const paths = args.filter((arg) => typeof arg === 'string' && arg !== 'utf8')
    const fd = typeof args[0] === 'number' ? this.#handles.get(args[0]) : undefined
    const about = fd ?? paths.map((path) => this.#plain(String(path))).join(' -> ')
    const recorded = { name, text: `${name} ${about}` }
    this.calls.push(recorded)
    const other = await this.fault(recorded)
    if (other !== undefined) return other
    const result = await call(...args)
    if (name === 'open') this.#handles.set(result as number, this.#plain(String(args[0])))
    if (name === 'close') this.#handles.delete(args[0] as number)
    return result
  }

  /** Without the root and what is random in the name of a staged file. */
  #plain(path: string): string {
    const beneath = path.startsWith(this.root) ? path.slice(this.root.length) || '/' : path
    return beneath.replace(/\d{16}-[0-9a-f]{16}\.\d+\.([a-z]+)[.\w]*/g, '<$1>')
  }
}

type AnyCall = (...args: unknown[]) => Promise<unknown>

/** Every file in staging, as a path beneath it. */
export function staged(root: string): string[] {
  const folder = join(root, '.stowage')
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
  } catch {
    return []
  }
}

/** What the promise fails with; it must fail. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error & { code?: string }
  }
  throw new Error('it did not fail')
}

/** What each of the promises fails with. */
export function failures(...promises: Promise<unknown>[]): Promise<{ code?: string }[]> {
  return Promise.all(promises.map(failure))
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
