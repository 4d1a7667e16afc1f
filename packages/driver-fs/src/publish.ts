import { constants, type Stats } from 'node:fs'
import { basename, dirname } from 'node:path'
import { InvalidPathError, UploadNotFoundError } from '@stowage/core/driver'
import { attributesOf, mustBeReplaceable, setAttributes } from './attributes.ts'
import { errno, type FileSystem, unless } from './file-system.ts'
import { ATTEMPTS, type Root } from './root.ts'
import { abandon, newName, stagedName } from './staged-name.ts'
import type { Temporary } from './temporary.ts'
import type { Tree } from './tree.ts'

/** What rename says where a directory is; EPERM and EACCES only where one really is. */
const DIRECTORY_THERE = ['EISDIR', 'ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES']

/** Windows flushes only what may be written, others also a file whose mode forbids that. */
const WRITABLE = constants.O_RDWR
const READABLE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/**
 * Removes what was copied, and nothing that has taken its name. Where a bind mount shows one directory in two
 * places, the copy itself has.
 */
export async function unlinkCopied(
  system: FileSystem,
  file: string,
  copied: Pick<Stats, 'ino' | 'dev'>,
): Promise<void> {
  const left = await unless(system.lstat(file), 'ENOENT')
  if (left?.ino !== copied.ino || left.dev !== copied.dev) return
  await unless(system.unlink(file), 'ENOENT')
}

/** Puts staged files in their places, each in one step. */
export class Publisher {
  readonly #root: Root
  readonly #tree: Tree
  readonly #temporary: Temporary
  readonly #system: FileSystem

  constructor(root: Root, tree: Tree, temporary: Temporary) {
    this.#root = root
    this.#tree = tree
    this.#temporary = temporary
    this.#system = root.system
  }

  /**
   * Finds out, without a change, whether a file can be at the path.
   * @throws InvalidPathError where a directory or a device is, or a link on the way, or a file as a parent.
   */
  async look(root: string, path: string): Promise<void> {
    const [, target] = await Promise.all([
      this.#lookUp(dirname(root + path), path),
      unless(this.#system.lstat(root + path), 'ENOENT'),
    ])
    mustBeReplaceable(target, path)
    if (target?.isDirectory() && (await this.#tree.hasFile(root, path))) {
      throw new InvalidPathError(path, { detail: 'a directory is there' })
    }
  }

  /** The nearest directory that is there has to be free of links: those beneath it are made in it. */
  async #lookUp(directory: string, path: string): Promise<void> {
    if (!(await this.#root.has(directory, path))) await this.#lookUp(dirname(directory), path)
  }

  /** Whether the directory of the path is there, as {@link Root.has} tells it. */
  hasParent(root: string, path: string): Promise<boolean> {
    return this.#root.has(dirname(root + path), path)
  }

  /**
   * Renames a staged file over the path, also over a symbolic link there, whose target stays as it is.
   * Nothing is changed unless that succeeds. `parent` is a {@link hasParent} that was begun before.
   * @throws UploadNotFoundError where the staged file is gone.
   */
  async publish(
    staged: string,
    path: string,
    signal: AbortSignal | undefined,
    parent?: Promise<boolean>,
  ): Promise<void> {
    const root = await this.#root.make()
    const target = root + path
    const ready = await (parent ?? this.hasParent(root, path))
    try {
      return await this.#publish(staged, path, root, ready, signal)
    } catch (error) {
      // Directories that were made for it are in nobody's way, but of no use.
      if (!ready) await this.#root.prune(dirname(target), root)
      throw error
    }
  }

  async #publish(
    staged: string,
    path: string,
    root: string,
    isReady: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const target = root + path
    let ready = isReady
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (!ready) await this.#root.ensure(dirname(target), path)
      // The last moment at which an aborted call can leave everything as it was.
      signal?.throwIfAborted()
      try {
        return await this.#rename(staged, target, path, signal)
      } catch (error) {
        await this.#recover(error, staged, root, path)
        ready = false
      }
    }
    throw new InvalidPathError(path, {
      detail: 'its directory keeps being removed, or the volume cannot hold the name',
    })
  }

  /** Flushes the name of what was published. */
  async sync(root: string, path: string): Promise<void> {
    await this.#root.sync(dirname(root + path))
  }

  /** Removes what is in the way, or finds out what is wrong. */
  async #recover(error: unknown, staged: string, root: string, path: string): Promise<void> {
    const code = errno(error) ?? ''
    if (code === 'ENOENT') {
      // Others remove the directory as soon as it is empty: then once more.
      if (await unless(this.#system.lstat(staged), 'ENOENT', 'ENOTDIR')) return
      throw new UploadNotFoundError('the upload was removed or taken over', { path })
    }
    if (!DIRECTORY_THERE.includes(code)) throw error
    const target = await unless(this.#system.lstat(root + path), 'ENOENT')
    if (!target?.isDirectory()) throw error
    if (await this.#tree.removeEmpty(root + path)) return
    throw new InvalidPathError(path, { cause: error, detail: 'a directory is there' })
  }

  async #rename(
    staged: string,
    target: string,
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      // Both directories were looked at when the call began.
      await this.#system.rename(staged, target, true)
    } catch (error) {
      if (errno(error) !== 'EXDEV') throw error
      await this.#acrossDevices(staged, target, path, signal)
    }
  }

  /**
   * Another file system begins between staging and the target: the bytes are copied next to the target
   * first. A mark at the root tells purgeUploads where to look, should this process die.
   */
  async #acrossDevices(
    staged: string,
    target: string,
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const root = await this.#root.make()
    const name = stagedName(newName('temp'))
    const directory = dirname(target)
    const near = this.#root.staging(directory)
    const mark = await this.#temporary.mark(name, directory.slice(root.length), path)
    let copied: Stats
    try {
      await this.#root.ensure(near, path)
      copied = await this.copy(staged, `${near}/${name}`)
      signal?.throwIfAborted()
      await this.#system.rename(`${near}/${name}`, target)
    } catch (error) {
      // Where this fails too, purgeUploads finds the copy by its mark.
      await this.#removeCopy(`${near}/${name}`, mark).catch(() => abandon(name))
      throw error
    }
    // Two file systems keep no order between them: what is here is certain before anything goes there.
    const isTidy = await this.#root.prune(near, directory)
    await this.#root.sync(directory).catch((error: unknown) => {
      abandon(name)
      throw error
    })
    if (isTidy) await this.#temporary.remove(mark)
    else abandon(name)
    await unlinkCopied(this.#system, staged, copied)
  }

  async #removeCopy(copy: string, mark: string): Promise<void> {
    await unless(this.#system.unlink(copy), 'ENOENT', 'ENOTDIR')
    const near = dirname(copy)
    const isTidy = await this.#root.prune(near, dirname(near))
    await this.#root.syncRemoval(near)
    if (isTidy) await this.#system.unlink(mark)
    else abandon(basename(mark))
  }

  /**
   * Copies a file into a new one with its mode, owner, group and time as far as that is permitted, and flushes it.
   * @returns what was copied.
   */
  async copy(from: string, to: string): Promise<Stats> {
    const stats = await this.#system.lstat(from)
    await this.#system.copyFile(from, to)
    const fd = await this.#system.open(to, this.#root.rules.windows ? WRITABLE : READABLE)
    try {
      await setAttributes(this.#root, fd, attributesOf(stats), stats.mtime)
      if (this.#root.durability !== 'none') await this.#system.fsync(fd)
    } finally {
      await this.#system.close(fd)
    }
    return stats
  }
}
