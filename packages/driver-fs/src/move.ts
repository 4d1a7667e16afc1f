import type { Stats } from 'node:fs'
import { dirname } from 'node:path'
import { InvalidPathError, isStorageError, PathNotFoundError } from '@stowage/core/driver'
import { mustBeReplaceable } from './attributes.ts'
import { mustBeGone } from './errors.ts'
import { ABSENT, errno, type FileSystem, unless } from './file-system.ts'
import { type Publisher, unlinkCopied } from './publish.ts'
import { removeAll } from './remove.ts'
import { ATTEMPTS, type Root } from './root.ts'
import { relationOf } from './spellings.ts'
import type { Temporary } from './temporary.ts'
import type { Tree } from './tree.ts'
import { walkFiles } from './walk.ts'

interface Parts {
  readonly root: Root
  readonly tree: Tree
  readonly publisher: Publisher
  readonly temporary: Temporary
}

interface Move {
  readonly at: string
  readonly source: string
  readonly destination: string
  readonly signal: AbortSignal | undefined
}

/** Moves files and directories by renaming them, or by copying where that cannot be. */
export class Mover {
  readonly #parts: Parts
  readonly #system: FileSystem

  constructor(parts: Parts) {
    this.#parts = parts
    this.#system = parts.root.system
  }

  async move(source: string, destination: string, signal: AbortSignal | undefined): Promise<void> {
    const { root, tree, publisher } = this.#parts
    const at = await root.find()
    if (at === undefined) throw new PathNotFoundError(source)
    const left = dirname(at + source)
    const parent = publisher.hasParent(at, destination)
    const [shown, stats, target] = await Promise.all([
      root.reaches(left),
      unless(this.#system.lstat(at + source), ...ABSENT),
      unless(this.#system.lstat(at + destination), ...ABSENT),
      parent.catch(() => {}), // Only a file needs it, and throws then.
    ])
    if (!shown) throw new PathNotFoundError(source)
    mustBeReplaceable(target, destination)
    if (await this.#isRespelled(at, source, destination)) return
    const move = { at, source, destination, signal }
    if (stats?.isFile()) await this.#file(move, stats, parent)
    else if (stats?.isSymbolicLink()) await this.#link(move)
    else if (stats?.isDirectory() && (await tree.hasFile(at, source))) await this.#directory(move)
    else throw new PathNotFoundError(source)
    await root.sync(dirname(at + destination))
    // Of one directory this has flushed both names, and the new one keeps it from being empty.
    if (left === dirname(at + destination)) return
    await root.prune(left, at)
    await root.syncRemoval(left)
  }

  /**
   * Gives an entry its other spelling, where the volume takes the two paths for one.
   * @throws InvalidPathError where it takes one for a directory above the other.
   */
  async #isRespelled(at: string, source: string, destination: string): Promise<boolean> {
    const { root, tree } = this.#parts
    const { caseSensitive, normalizationSensitive } = root.rules.volume
    if (caseSensitive && normalizationSensitive) return false
    const relation = await relationOf(this.#system, at, source, destination)
    if (relation === 'apart') return false
    if (relation === 'beneath') {
      throw new InvalidPathError(destination, { detail: `${source} and it are one directory here` })
    }
    const isVisible = (await tree.file(at, source)) ?? (await tree.hasFile(at, source))
    if (!isVisible) throw new PathNotFoundError(source)
    // Some volumes refuse it of a directory that is not empty: it keeps its spelling then.
    await unless(this.#system.rename(at + source, at + destination), 'ENOTEMPTY', 'EEXIST')
    await root.sync(dirname(at + destination))
    return true
  }

  async #file(move: Move, stats: Stats, parent?: Promise<boolean>): Promise<void> {
    const { at, source, destination, signal } = move
    try {
      await this.#parts.publisher.publish(at + source, destination, signal, parent)
      if (stats.nlink > 1) await this.#removeOtherName(move, stats)
    } catch (error) {
      // What was to be published is no upload here.
      if (isStorageError(error, 'UPLOAD_NOT_FOUND')) throw new PathNotFoundError(source)
      throw error
    }
  }

  /** A rename leaves both names where they are hard links of one file. */
  async #removeOtherName({ at, source, destination }: Move, stats: Stats): Promise<void> {
    // A directory that folds case shows the file under its old spelling, too.
    if ((await relationOf(this.#system, at, source, destination)) === 'same') return
    await this.#parts.root.sync(dirname(at + destination))
    await unlinkCopied(this.#system, at + source, stats)
  }

  /** The content moves: a link with a relative target would lead elsewhere from its new place. */
  async #link({ at, source, destination, signal }: Move): Promise<void> {
    const { tree, publisher } = this.#parts
    const file = await tree.linked(at, source)
    if (file === undefined) throw new PathNotFoundError(source)
    const link = await this.#system.lstat(at + source)
    const copy = await this.#copy(file.real, source)
    try {
      await publisher.publish(copy, destination, signal)
    } catch (error) {
      await this.#parts.temporary.remove(copy)
      throw error
    }
    await this.#parts.root.sync(dirname(at + destination))
    await unlinkCopied(this.#system, at + source, link)
  }

  async #copy(file: string, path: string): Promise<string> {
    const { temporary, publisher } = this.#parts
    const { file: copy, fd } = await temporary.create(path)
    try {
      await this.#system.close(fd)
      await this.#system.unlink(copy)
      await publisher.copy(file, copy)
      return copy
    } catch (error) {
      await temporary.remove(copy)
      throw error
    }
  }

  async #directory(move: Move): Promise<void> {
    const { at, source, destination, signal } = move
    const { root, tree } = this.#parts
    const target = at + destination
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await root.ensure(dirname(target), destination)
      const there = await unless(this.#system.lstat(target), 'ENOENT')
      if (there && !there.isDirectory()) {
        throw new InvalidPathError(destination, { detail: 'a directory cannot replace a file' })
      }
      if (there && !(await tree.removeEmpty(target))) return await this.#fileByFile(move)
      signal?.throwIfAborted()
      const renamed = this.#system.rename(at + source, target).then(() => true)
      try {
        // Others remove directories in which nothing is, or put something there: then once more.
        if (await unless(renamed, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) return
      } catch (error) {
        if (errno(error) === 'EXDEV') return await this.#fileByFile(move)
        throw error
      }
      if (!(await tree.hasFile(at, source))) throw new PathNotFoundError(source)
    }
    throw new InvalidPathError(destination, { detail: 'it keeps changing' })
  }

  /**
   * Into a directory with files, or across file systems, each file moves in a step of its own: at no
   * instant is one missing in both places, or an old one gone without its successor.
   */
  async #fileByFile(move: Move): Promise<void> {
    const { at, source, destination, signal } = move
    const { root, tree, publisher } = this.#parts
    const obsolete = await this.#makeWay(move)
    let last: string | undefined
    for await (const { path } of walkFiles(root, tree, at, source, { signal, skip: undefined })) {
      const target = destination + path.slice(source.length)
      if (last && dirname(last) !== dirname(target)) await publisher.sync(at, last)
      last = target
      // Its source has come only now: it has a successor after all.
      obsolete.delete(target)
      await this.#entry({ ...move, source: path, destination: target })
    }
    if (last) await publisher.sync(at, last)
    await this.#remove(obsolete, at)
    // What callers did not see, or others have just put there, stays.
    await tree.removeEmpty(at + source)
  }

  /** A file of a directory that moves; one that vanishes meanwhile is passed by. */
  async #entry(move: Move): Promise<void> {
    try {
      const stats = await this.#system.lstat(move.at + move.source)
      await (stats.isSymbolicLink() ? this.#link(move) : this.#file(move, stats))
    } catch (error) {
      if (errno(error) !== 'ENOENT' && !isStorageError(error, 'PATH_NOT_FOUND')) throw error
    }
  }

  /**
   * Removes what would be a file where a directory comes, or the other way round. Gives the files that
   * have no successor: they go last.
   */
  async #makeWay({ at, source, destination, signal }: Move): Promise<Set<string>> {
    const { root, tree } = this.#parts
    const obsolete = new Set<string>()
    for await (const { path } of walkFiles(root, tree, at, destination, {
      signal,
      skip: undefined,
    })) {
      const successor = at + source + path.slice(destination.length)
      const stats = await unless(this.#system.lstat(successor), 'ENOENT').catch(
        (error: unknown) => {
          if (errno(error) === 'ENOTDIR') return 'in the way' as const
          throw error
        },
      )
      if (stats === 'in the way' || stats?.isDirectory()) await this.#remove([path], at)
      else if (stats === undefined) obsolete.add(path)
    }
    return obsolete
  }

  async #remove(paths: Iterable<string>, at: string): Promise<void> {
    const { root } = this.#parts
    const removals = []
    const directories = new Set<string>()
    for (const path of paths) {
      removals.push(await removeAll(this.#system, at + path))
      directories.add(dirname(at + path))
      await root.prune(dirname(at + path), at)
    }
    mustBeGone(removals, at)
    for (const directory of directories) await root.syncRemoval(directory)
  }
}
