import type { Stats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ConfigError, InvalidPathError, type StoragePlace } from '@stowage/core/driver'
import { shareDirectory } from './attributes.ts'
import { ABSENT, errno, type FileSystem, unless } from './file-system.ts'
import { Flushes } from './flushes.ts'
import { isSamePath, type NameRules, RESERVED, withSlashes } from './names.ts'
import type { Durability, Settings } from './parameters.ts'
import { placeOf } from './place.ts'

/** Attempts to do something in a directory that others keep removing because it is empty. */
export const ATTEMPTS = 100

/** Directories of which is remembered that no symbolic link is on the way to them. */
const REMEMBERED = 4096

interface Seen {
  readonly identity: string
  readonly mode: number
  readonly gid: number
}

/** The root directory, and the making, flushing and removing of directories beneath it. */
export class Root {
  readonly system: FileSystem
  readonly rules: NameRules
  readonly settings: Settings
  readonly durability: Durability
  readonly configured: string
  /** Whether the volume is known to tell of an open file without waiting for a disk or a network. */
  isLocal = false
  /** Called once the root was made. */
  onMade: (() => Promise<void>) | undefined
  /** Whether no call follows a link on the way to its path: then there is nothing to look for first. */
  readonly #isConfined: boolean
  #real: string | undefined
  #found: Seen | undefined
  /** Directories without a link on the way, as they were when they were last looked at. */
  readonly #plain = new Map<string, Seen>()
  /** Directories whose names are known to be on the disk, as {@link #plain} knows them. */
  readonly #certain = new Map<string, string>()
  /** The root, and directories above it, that were made here and whose names were not flushed. */
  readonly #unsynced = new Set<string>()
  readonly #flushes: Flushes

  constructor(system: FileSystem, settings: Settings, rules: NameRules, isConfined: boolean) {
    this.system = system
    this.#flushes = new Flushes(system)
    this.settings = settings
    this.rules = rules
    this.#isConfined = isConfined
    // A directory of Windows cannot be opened to be flushed; its journal keeps the order of renames.
    this.durability = rules.windows && settings.durability === 'full' ? 'file' : settings.durability
    this.configured = resolve(settings.rootDirectory)
  }

  /**
   * The root without symbolic links and final slash, or undefined where it does not exist yet.
   * @throws ConfigError where it is no directory.
   */
  async find(): Promise<string | undefined> {
    if (this.#real !== undefined) return this.#real
    const real = await unless(this.system.realpath(this.configured), 'ENOENT').catch(
      (error: unknown) => {
        throw errno(error) === 'ENOTDIR' ? this.#noDirectory(error) : error
      },
    )
    if (real === undefined) {
      if (!this.settings.createRoot) throw this.#missing('does not exist')
      return undefined
    }
    const stats = await this.system.directory(real)
    if (!stats.isDirectory()) throw this.#noDirectory()
    this.#found = { identity: identityOf(stats), mode: stats.mode, gid: stats.gid }
    this.#real = withSlashes(real, this.rules).replace(/\/$/, '')
    return this.#real
  }

  /** Tells the root that was found from every other directory. */
  get identity(): string | undefined {
    return this.#found?.identity
  }

  /**
   * With `createRoot: false`, looks whether the root is still the directory that was found first.
   * @throws ConfigError where it is missing or another one, as after its disk was unmounted.
   */
  async mustBeThere(): Promise<void> {
    if (this.settings.createRoot) return
    const root = (await this.find()) || '/'
    const stats = await unless(this.system.directory(root), ...ABSENT)
    if (stats === undefined) throw this.#missing('does not exist any more')
    if (identityOf(stats) !== this.#found?.identity) throw this.#missing('has been replaced')
  }

  #missing(problem: string): ConfigError {
    return new ConfigError(
      `rootDirectory ${this.configured} ${problem}, and createRoot is false: check its spelling, and that its disk is mounted`,
    )
  }

  /** Where a path lies, also where the root does not exist yet. @throws ConfigError where the root is a file. */
  async locate(path: string): Promise<StoragePlace> {
    await this.find()
    return placeOf(this.system, this.configured, path, this.rules.volume)
  }

  #noDirectory(cause?: unknown): ConfigError {
    return new ConfigError(`rootDirectory ${this.configured} is not a directory`, { cause })
  }

  /** The root; created, with its parents, where it does not exist. */
  async make(): Promise<string> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const found = await this.find()
      await this.mustBeThere()
      if (found !== undefined) return found
      await this.#makeOutside(this.configured)
      await this.onMade?.()
    }
    throw new ConfigError(`rootDirectory ${this.configured} could not be made`)
  }

  async #makeOutside(directory: string): Promise<void> {
    const above = await unless(this.system.realpath(dirname(directory)), 'ENOENT')
    if (above === undefined && directory !== dirname(directory)) {
      await this.#makeOutside(dirname(directory))
      return await this.#makeOutside(directory)
    }
    const real = join(above ?? directory, basename(directory))
    try {
      await this.#mkdir(real)
      this.#unsynced.add(real)
    } catch (error) {
      if (errno(error) === 'EEXIST') return
      if (errno(error) !== 'ENOENT') throw error
      await this.#makeOutside(directory)
    }
  }

  /**
   * Whether the directory is there.
   * @throws InvalidPathError where a symbolic link is on the way to it, so that nothing is written
   * behind one.
   */
  async has(directory: string, path: string): Promise<boolean> {
    const there = await unless(this.#isPlain(directory), 'ENOENT')
    if (there === false) throw behindLink(path)
    return there ?? false
  }

  /** Whether the directory is there for a reader: behind a symbolic link nothing is. */
  async shows(directory: string): Promise<boolean> {
    return (await unless(this.#isPlain(directory), ...ABSENT)) ?? false
  }

  /** As {@link shows}, where the caller's own call tells what is not there if it cannot follow a link. */
  async reaches(directory: string): Promise<boolean> {
    return this.#isConfined || (await this.shows(directory))
  }

  /** What {@link has} or {@link shows} saw last of a directory. */
  known(directory: string): Seen | undefined {
    return directory === this.#real ? this.#found : this.#plain.get(directory)
  }

  /** Whether no symbolic link is on the way to what is there. */
  async #isPlain(directory: string): Promise<boolean> {
    if (directory === this.#real) return true
    const stats = await this.system.directory(directory)
    if (stats.isSymbolicLink()) return false
    const identity = identityOf(stats)
    // Behind a link that came meanwhile there is another directory than the one that was looked into.
    if (!this.#isConfined && this.#plain.get(directory)?.identity !== identity) {
      const real = await this.system.realpath(directory)
      if (!isSamePath(real, directory, this.rules)) return false
    }
    if (this.#plain.size >= REMEMBERED) this.#plain.clear()
    this.#plain.set(directory, { identity, mode: stats.mode, gid: stats.gid })
    return true
  }

  /** Makes a directory beneath the root with its parents, for the path that is to be stored. */
  async ensure(directory: string, path: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await this.has(directory, path)) return
      await this.ensure(dirname(directory), path)
      try {
        await this.#mkdir(directory)
      } catch (error) {
        if (errno(error) === 'ENOENT') await this.#makeAgain(dirname(directory))
        else if (errno(error) === 'EEXIST') await this.#mustNotBeLink(directory, path)
        else throw error
      }
    }
    throw new InvalidPathError(path, {
      detail: `${directory} keeps being removed, or the volume cannot hold the name`,
    })
  }

  async #mkdir(directory: string): Promise<void> {
    await this.system.mkdir(directory, this.settings.directoryMode)
    if (directory.startsWith(this.staging(this.#real ?? '?')))
      await shareDirectory(this.system, directory, this.#found?.mode ?? 0)
  }

  /** Somebody may have removed the root itself since it was found. */
  async #makeAgain(directory: string): Promise<void> {
    if (directory !== this.#real) return
    await this.mustBeThere()
    await this.#makeOutside(directory)
  }

  /** A link to nothing is there for mkdir, and not there for realpath. */
  async #mustNotBeLink(directory: string, path: string): Promise<void> {
    const stats = await unless(this.system.lstat(directory), 'ENOENT')
    if (stats?.isSymbolicLink()) throw behindLink(path)
  }

  /**
   * Flushes the names in a directory, and those of itself and its parents where they are not known to be on
   * the disk: another process that has made them may have died before it flushed them.
   */
  async sync(directory: string): Promise<void> {
    if (this.durability !== 'full') return
    const syncs = [this.#flushes.once(directory), ...this.#syncParents(directory)]
    // All of them, also when one fails: no handle is open any more when the caller is told.
    await Promise.allSettled(syncs)
    await Promise.all(syncs)
  }

  /** Flushes that a name is gone from a directory, or that the directory is gone itself. */
  async syncRemoval(directory: string): Promise<void> {
    if (this.durability !== 'full') return
    for (let at = directory; !(await this.#flushes.once(at)); at = dirname(at)) {
      if (at === this.#real) return
    }
  }

  *#syncParents(directory: string): Generator<Promise<unknown>> {
    const top = this.#real || '/'
    for (const at of this.#unsynced) {
      yield this.#syncName(at, 'there').then(() => this.#unsynced.delete(at))
    }
    for (let at = directory; at.length >= top.length && at !== '/'; at = dirname(at)) {
      const identity = this.#plain.get(at)?.identity ?? 'there'
      if (this.#certain.get(at) === identity || this.#unsynced.has(at)) continue
      yield this.#syncName(at, identity).catch((error: unknown) => {
        // Somebody else has made it, in a directory that others, or Node.js here, may not read.
        const { syscall, code } = error as NodeJS.ErrnoException
        if ((code !== 'EACCES' || syscall !== 'open') && code !== 'ERR_ACCESS_DENIED') throw error
      })
    }
  }

  async #syncName(directory: string, identity: string): Promise<void> {
    await this.#flushes.once(dirname(directory))
    if (this.#certain.size >= REMEMBERED) this.#certain.clear()
    this.#certain.set(directory, identity)
  }

  /**
   * Removes the directory and its parents, as long as they are empty, up to but without `top`. False where
   * an empty one may be left.
   */
  async prune(directory: string, top: string): Promise<boolean> {
    for (let at = directory; at.length > top.length; at = dirname(at)) {
      try {
        await this.system.rmdir(at)
      } catch (error) {
        const code = errno(error) ?? ''
        if (code !== 'ENOENT') return ['ENOTEMPTY', 'EEXIST'].includes(code)
      }
    }
    return true
  }

  /**
   * Removes what of staging is empty. Other instances and processes need not be asked: what they begin
   * meanwhile keeps its directories, or makes them again.
   */
  async pruneStaging(root: string): Promise<void> {
    const staging = this.staging(root)
    if (!(await this.shows(staging).catch(() => false))) return
    for (const kind of ['uploads', 'temporary', 'marks', 'probes']) {
      await this.prune(`${staging}/${kind}`, staging)
    }
    await this.prune(staging, root)
  }

  /** Where what is not visible is kept. */
  staging(root: string, ...names: string[]): string {
    return [root, RESERVED, ...names].join('/')
  }
}

/** Tells a directory from every other one: an inode number alone may belong to something new by now. */
function identityOf({ dev, ino, birthtimeMs }: Stats): string {
  return `${dev}:${ino}:${birthtimeMs}`
}

function behindLink(path: string): InvalidPathError {
  return new InvalidPathError(path, { detail: 'a symbolic link is on its way' })
}
