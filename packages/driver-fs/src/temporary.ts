import { constants } from 'node:fs'
import { basename, dirname } from 'node:path'
import { type DriverPurgeOptions, pathProblem } from '@stowage/core/driver'
import { ABSENT, errno, type FileSystem, readAll, unless, writeAll } from './file-system.ts'
import { removeAll } from './remove.ts'
import { ATTEMPTS, type Root } from './root.ts'
import {
  abandon,
  newName,
  parseStaged,
  type StagedName,
  stagedName,
  startedAt,
  writerOf,
} from './staged-name.ts'
import { parseProbe } from './volume-probe.ts'

const CREATE =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
/** Follows no link, and never waits for the other end of a pipe. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
/** No path is longer: a mark that is was made by somebody else. */
const LONGEST_MARK = 8192

export interface TemporaryFile {
  readonly file: string
  readonly fd: number
}

/**
 * Files on their way to their places: of no use without the process that makes them, and removed by
 * purgeUploads once that is gone.
 */
export class Temporary {
  readonly #root: Root
  readonly #system: FileSystem
  #checked: Promise<boolean> | undefined

  constructor(root: Root) {
    this.#root = root
    this.#system = root.system
  }

  /** An empty file in staging, for content that is to be at the path. */
  async create(path: string): Promise<TemporaryFile> {
    const root = await this.#root.make()
    const directory = this.#root.staging(root, 'temporary')
    // Once: what is put into staging later than this is somebody's who could write anywhere.
    this.#checked ??= this.#root.has(directory, path)
    await this.#checked.catch((error: unknown) => {
      this.#checked = undefined
      throw error
    })
    const file = `${directory}/${stagedName(newName('temp'))}`
    return { file, fd: await this.createFile(file, path, true) }
  }

  /** Removes a file of no use; where that fails, purgeUploads can. */
  async remove(file: string): Promise<void> {
    await this.#system.unlink(file).catch((error: unknown) => {
      if (errno(error) !== 'ENOENT') abandon(basename(file))
    })
  }

  /** Makes an empty file, with the directories on the way to it, and opens it. */
  async createFile(file: string, path: string, isLoose?: boolean): Promise<number> {
    const { fileMode } = this.#root.settings
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const fd = await unless(this.#system.open(file, CREATE, fileMode, isLoose), 'ENOENT')
      if (fd !== undefined) return fd
      // Somebody removes directories in which nothing is.
      await this.#root.ensure(file.slice(0, file.lastIndexOf('/')), path)
    }
    return await this.#system.open(file, CREATE, fileMode)
  }

  /** Notes that a temporary file of this name will be in that directory of another file system. */
  async mark(name: string, directory: string, path: string): Promise<string> {
    const mark = this.#root.staging(await this.#root.make(), 'marks', name)
    const fd = await this.createFile(mark, path)
    try {
      await this.fill(fd, Buffer.from(directory))
      await this.#root.sync(dirname(mark))
      return mark
    } catch (error) {
      await this.remove(mark)
      throw error
    }
  }

  /** Writes and flushes the content of a new file, and closes it. `prepare` comes before the flush. */
  async fill(fd: number, content: Uint8Array, prepare?: () => Promise<void>): Promise<void> {
    try {
      await writeAll(this.#system, fd, content, 0)
      await prepare?.()
      if (this.#root.durability !== 'none') await this.#system.fsync(fd)
    } finally {
      await this.#system.close(fd)
    }
  }

  /** Removes what dead processes left, and, by age, what processes of other machines did. */
  async purge(root: string, { olderThan }: DriverPurgeOptions): Promise<void> {
    const isLeft = (name: StagedName): boolean =>
      writerOf(name) === 'dead' || (writerOf(name) === 'unknown' && startedAt(name) < olderThan)
    for (const kind of ['marks', 'temporary']) {
      const directory = this.#root.staging(root, kind)
      if (!(await this.#root.shows(directory))) continue
      const entries = (await unless(this.#system.readdir(directory, 'utf8'), ...ABSENT)) ?? []
      for (const entry of entries) {
        const { name } = entry
        const parsed = parseStaged(name)
        if (parsed === undefined || entry.isDirectory() || !isLeft(parsed)) continue
        if (kind === 'marks') await this.#removeMarked(root, `${directory}/${name}`, name)
        await unless(this.#system.unlink(`${directory}/${name}`), 'ENOENT')
      }
      await this.#root.prune(directory, root)
    }
    await this.#purgeProbes(root, isLeft)
  }

  async #purgeProbes(root: string, isLeft: (name: StagedName) => boolean): Promise<void> {
    const directory = this.#root.staging(root, 'probes')
    if (!(await this.#root.shows(directory))) return
    const entries = (await unless(this.#system.readdir(directory, 'utf8'), ...ABSENT)) ?? []
    for (const { name } of entries) {
      const parsed = parseProbe(name)
      if (parsed && isLeft(parsed)) await removeAll(this.#system, `${directory}/${name}`)
    }
    await this.#root.prune(directory, root)
  }

  async #removeMarked(root: string, mark: string, name: string): Promise<void> {
    const fd = await unless(this.#system.open(mark, READ), ...ABSENT, 'ENXIO')
    if (fd === undefined) return
    try {
      const stats = await this.#system.fstat(fd)
      if (!stats.isFile() || stats.size > LONGEST_MARK) return
      const bytes = Buffer.alloc(stats.size)
      await readAll(this.#system, fd, bytes, 0)
      const directory = bytes.toString()
      if (directory !== '' && pathProblem(directory) !== undefined) return
      if (!(await this.#root.shows(root + directory))) return
      const near = this.#root.staging(root + directory)
      await unless(this.#system.unlink(`${near}/${name}`), 'ENOENT', 'ENOTDIR')
      await this.#root.prune(near, root)
    } finally {
      await this.#system.close(fd)
    }
  }
}
