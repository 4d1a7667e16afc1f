import { constants, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { type DriverPurgeOptions, type UploadInfo, UploadNotFoundError } from '@stowage/core/driver'
import { ABSENT, errno, type FileSystem, unless } from './file-system.ts'
import { RESERVED } from './names.ts'
import { thisProcess } from './owner.ts'
import { NOTHING, type Removal, removeAll } from './remove.ts'
import { ATTEMPTS, type Root } from './root.ts'
import {
  abandon,
  newerThan,
  newestFirst,
  newName,
  parseStaged,
  type StagedName,
  stagedName,
  startedAt,
  writerOf,
} from './staged-name.ts'
import type { Temporary } from './temporary.ts'

/** An upload that this process holds: its file is open, and its name says so. */
export interface Session {
  readonly path: string
  readonly root: string
  readonly directory: string
  readonly name: StagedName
  readonly fd: number
  readonly size: number
}

/** Follows no link, and never waits for the other end of a pipe. */
const WRITE = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * The unfinished uploads. They lie in a tree like that of the files, `.stowage/uploads/<path>/.stowage/`,
 * so that those beneath a path are beneath one directory.
 */
export class Sessions {
  readonly #root: Root
  readonly #temporary: Temporary
  readonly #system: FileSystem

  constructor(root: Root, temporary: Temporary) {
    this.#root = root
    this.#temporary = temporary
    this.#system = root.system
  }

  /** The directory of all uploads at the path and beneath it. */
  beneath(root: string, path: string): string {
    const top = this.#root.staging(root, 'uploads')
    return path === '/' ? top : top + path
  }

  async begin(path: string): Promise<Session> {
    const root = await this.#root.make()
    const directory = this.#directory(root, path)
    const isThere = await this.#root.has(directory, path)
    const others = isThere ? await this.#names(directory) : []
    const name = newerThan(others, newName('held'))
    const fd = await this.#temporary.createFile(`${directory}/${stagedName(name)}`, path)
    return { path, root, directory, name, fd, size: 0 }
  }

  /** Takes the newest upload of the path that no living writer holds; undefined where there is none. */
  async claim(path: string): Promise<Session | undefined> {
    const root = await this.#root.find()
    if (root === undefined) return undefined
    const directory = this.#directory(root, path)
    if (!(await this.#root.shows(directory))) return undefined
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const newest = await this.#newest(directory)
      if (newest === undefined) return undefined
      const name: StagedName = { ...newest, state: claimOf(newest), owner: thisProcess() }
      let mine = name
      try {
        // Whoever is second finds the name gone, and looks again.
        const taken = await this.#take(directory, newest, name)
        if (!taken) continue
        if (name.state !== 'held') mine = await this.#copy(path, directory, name)
        return await this.#open(path, root, directory, mine)
      } catch (error) {
        // Anybody may try again; where it cannot be given back, this process at least.
        const free = mine === name ? newest : idle(mine)
        await this.rename(directory, mine, free).catch(() => abandon(stagedName(mine)))
        throw error
      }
    }
    return undefined
  }

  /** The newest upload that no living writer holds. */
  async #newest(directory: string): Promise<StagedName | undefined> {
    const free = (await this.#names(directory)).filter((name) => writerOf(name) !== 'alive')
    const copied = free.filter((name) => name.state === 'copy' || name.state === 'trim')
    for (const { id } of free.filter(({ state }) => state === 'held' || state === 'idle')) {
      // The copy was complete when its process died.
      for (const original of copied.filter((name) => name.id === id && writerOf(name) === 'dead')) {
        await this.#unlink(`${directory}/${stagedName(original)}`)
        free.splice(free.indexOf(original), 1)
      }
    }
    const uploads = free.filter(({ state }) => state !== 'temp').sort(newestFirst)
    for (const upload of uploads) if (await this.#isWhole(directory, upload)) return upload
    return undefined
  }

  /** What somebody else has put there is no upload: a pipe, a second name of a file, fewer bytes than were flushed. */
  async #isWhole(directory: string, name: StagedName): Promise<boolean> {
    const stats = await unless(this.#system.lstat(`${directory}/${stagedName(name)}`), ...ABSENT)
    // Gone by now: to take it fails, and they are looked at again.
    return stats === undefined || isUpload(stats, claimOf(name) === 'trim' ? name.durable : 0)
  }

  async #take(directory: string, from: StagedName, to: StagedName): Promise<boolean> {
    const renamed = this.rename(directory, from, to).then(() => true)
    return (await unless(renamed, 'ENOENT')) ?? false
  }

  /**
   * The bytes of a writer that may still be alive elsewhere, in a file that it does not have open. It
   * finds its own gone when it commits. The copy is an upload once it is complete and certain, and
   * only then the original goes.
   */
  async #copy(path: string, directory: string, taken: StagedName): Promise<StagedName> {
    const { started, id, durable, owner } = taken
    const original = `${directory}/${stagedName(taken)}`
    const copy: StagedName = { started, id, durable, owner, state: 'temp' }
    const mine: StagedName = { ...copy, state: 'held' }
    const remove = (name: StagedName): Promise<void> =>
      this.#temporary.remove(`${directory}/${stagedName(name)}`)
    try {
      await this.#system.copyFile(original, `${directory}/${stagedName(copy)}`)
      await this.#settle(`${directory}/${stagedName(copy)}`, taken)
      await this.rename(directory, copy, mine)
      await this.#root.sync(directory)
      const isGone = await this.#unlink(original).catch(() => abandon(stagedName(taken)))
      if (isGone !== false) return mine
      throw new UploadNotFoundError('the upload was removed or taken over', { path })
    } catch (error) {
      await remove(copy)
      await remove(mine)
      throw error
    }
  }

  /** Cuts what a stop of the machine may have garbled, and flushes the rest. */
  async #settle(file: string, { state, durable }: StagedName): Promise<void> {
    const fd = await this.#system.open(file, WRITE)
    try {
      if (!isUpload(await this.#system.fstat(fd), state === 'trim' ? durable : 0))
        throw damaged(file)
      if (state === 'trim') await this.#system.ftruncate(fd, durable)
      if (this.#root.durability !== 'none') await this.#system.fsync(fd)
    } finally {
      await this.#system.close(fd)
    }
  }

  async #open(path: string, root: string, directory: string, name: StagedName): Promise<Session> {
    const open = this.#system.open(`${directory}/${stagedName(name)}`, WRITE)
    const fd = await unless(open, ...ABSENT, 'ENXIO')
    if (fd === undefined) {
      throw new UploadNotFoundError('the upload was removed by a delete', { path })
    }
    try {
      const stats = await this.#system.fstat(fd)
      if (!isUpload(stats, 0)) throw damaged(path)
      return { path, root, directory, name, fd, size: stats.size }
    } catch (error) {
      await this.#system.close(fd)
      throw error
    }
  }

  /** Removes all uploads at the path and beneath it, held ones too. */
  async remove(root: string, path: string, signal: AbortSignal | undefined): Promise<Removal> {
    const directory = this.beneath(root, path)
    if (!(await this.#root.shows(dirname(directory)))) return NOTHING
    return await removeAll(this.#system, directory, signal)
  }

  /** Changes the state of an upload in one step; fails with ENOENT where it is not there any more. */
  rename(directory: string, from: StagedName, to: StagedName): Promise<void> {
    return this.#system.rename(`${directory}/${stagedName(from)}`, `${directory}/${stagedName(to)}`)
  }

  /** Removes the directories of the path that hold no other upload. */
  async prune(root: string, path: string): Promise<void> {
    await this.#root.prune(this.#directory(root, path), this.beneath(root, '/'))
  }

  /**
   * The uploads at the path and beneath it that are older and that no living writer of this machine holds. What cannot
   * be read or removed becomes one of the `errors`, and the rest goes on.
   */
  async *purge(
    root: string,
    path: string,
    options: DriverPurgeOptions,
    errors: Removal['errors'][number][],
  ): AsyncGenerator<UploadInfo> {
    options.signal?.throwIfAborted()
    const directory = this.beneath(root, path)
    try {
      if (!(await this.#root.shows(directory))) return
      const entries = (await unless(this.#system.readdir(directory, 'utf8'), ...ABSENT)) ?? []
      for (const { name } of entries) {
        if (name === RESERVED && path !== '/') yield* this.#purgeOf(root, path, options)
        else if (name !== RESERVED)
          yield* this.purge(root, `${path === '/' ? '' : path}/${name}`, options, errors)
      }
      // What a crash left empty goes too.
      if (!options.dryRun) await this.#root.prune(directory, this.beneath(root, '/'))
    } catch (error) {
      if (errno(error) === undefined) throw error
      errors.push({ path: directory, error })
    }
  }

  async *#purgeOf(
    root: string,
    path: string,
    { olderThan, dryRun, signal }: DriverPurgeOptions,
  ): AsyncGenerator<UploadInfo> {
    const directory = this.#directory(root, path)
    for (const name of await this.#names(directory)) {
      if (startedAt(name) >= olderThan || writerOf(name) === 'alive') continue
      const file = `${directory}/${stagedName(name)}`
      const stats = await unless(this.#system.lstat(file), 'ENOENT')
      signal?.throwIfAborted()
      // Gone: somebody continues it, under another name.
      if (stats === undefined || (!dryRun && !(await this.#unlink(file)))) continue
      // Part of a copy is no upload.
      if (name.state === 'temp' || !stats.isFile()) continue
      yield { path, startedAt: startedAt(name), size: stats.size }
    }
    if (!dryRun) await this.prune(root, path)
  }

  async #unlink(file: string): Promise<boolean> {
    return (
      (await unless(
        this.#system.unlink(file).then(() => true),
        'ENOENT',
      )) ?? false
    )
  }

  async #names(directory: string): Promise<StagedName[]> {
    const entries = (await unless(this.#system.readdir(directory, 'utf8'), ...ABSENT)) ?? []
    return entries.flatMap((entry) => (entry.isDirectory() ? [] : (parseStaged(entry.name) ?? [])))
  }

  #directory(root: string, path: string): string {
    return `${this.beneath(root, path)}/${RESERVED}`
  }
}

/** Whether it may be continued: with a second name it is somebody's file elsewhere. */
function isUpload(stats: Stats, atLeast: number): boolean {
  return stats.isFile() && stats.nlink === 1 && stats.size >= atLeast
}

function damaged(path: string): UploadNotFoundError {
  const detail = 'its staged file is no upload, or has lost bytes that were flushed: start again'
  return new UploadNotFoundError(detail, { path })
}

/** The name under which anybody may continue the upload. */
export function idle(name: StagedName): StagedName {
  return { ...name, state: 'idle', owner: undefined }
}

/**
 * How an upload is taken: as it is, or by a copy where its writer may still be alive elsewhere. A copy
 * is trimmed to what was flushed where the machine has stopped since it was written.
 */
function claimOf(name: StagedName): 'held' | 'copy' | 'trim' {
  const { state, owner } = name
  if (state === 'trim' || (owner && owner.boot !== thisProcess().boot)) return 'trim'
  return state === 'copy' || writerOf(name) === 'unknown' ? 'copy' : 'held'
}
