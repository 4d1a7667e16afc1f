import { dirname } from 'node:path'
import { InvalidPathError, isStorageError, PathNotFoundError } from '@stowage/core'
import { mustBeGone } from './errors.ts'
import { errno, type FileSystem, unless } from './file-system.ts'
import type { Publisher } from './publish.ts'
import { removeAll } from './remove.ts'
import { ATTEMPTS, type Root } from './root.ts'
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
    const { root, tree } = this.#parts
    const at = await root.find()
    if (at === undefined || !(await root.shows(dirname(at + source)))) {
      throw new PathNotFoundError(source)
    }
    const move = { at, source, destination, signal }
    const stats = await unless(this.#system.lstat(at + source), 'ENOENT', 'ENOTDIR')
    if (stats?.isFile()) await this.#file(move)
    else if (stats?.isSymbolicLink()) await this.#link(move)
    else if (stats?.isDirectory() && (await tree.hasFile(at, source))) await this.#directory(move)
    else throw new PathNotFoundError(source)
    await root.sync(dirname(at + destination))
    await root.prune(dirname(at + source), at)
    await root.sync(dirname(at + source))
  }

  async #file({ at, source, destination, signal }: Move): Promise<void> {
    try {
      await this.#parts.publisher.publish(at + source, destination, signal)
    } catch (error) {
      // What was to be published is no upload here.
      if (isStorageError(error, 'UPLOAD_NOT_FOUND')) throw new PathNotFoundError(source)
      throw error
    }
  }

  /** The content moves: a link with a relative target would lead elsewhere from its new place. */
  async #link({ at, source, destination, signal }: Move): Promise<void> {
    const { tree, publisher } = this.#parts
    const file = await tree.linked(at, source)
    if (file === undefined) throw new PathNotFoundError(source)
    const copy = await this.#copy(file.real, source)
    try {
      await publisher.publish(copy, destination, signal)
    } catch (error) {
      await this.#system.unlink(copy).catch(() => {})
      throw error
    }
    await this.#parts.root.sync(dirname(at + destination))
    await this.#system.unlink(at + source)
  }

  async #copy(file: string, path: string): Promise<string> {
    const { temporary, publisher } = this.#parts
    const { file: copy, fd } = await temporary.create(path)
    await this.#system.close(fd)
    await this.#system.unlink(copy)
    await this.#system.copyFile(file, copy)
    await publisher.flush(copy)
    return copy
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
      const inTheWay = there && !(await tree.removeEmpty(target))
      signal?.throwIfAborted()
      const done = inTheWay ? this.#replace(move) : this.#rename(move)
      // Others remove directories in which nothing is, or put something there: then once more.
      if (
        await unless(
          done.then(() => true),
          'ENOENT',
          'ENOTEMPTY',
          'EEXIST',
        )
      )
        return
      if (!(await unless(this.#system.lstat(at + source), 'ENOENT'))) {
        throw new PathNotFoundError(source)
      }
    }
    throw new InvalidPathError(destination, { detail: 'it keeps changing' })
  }

  async #rename(move: Move): Promise<void> {
    try {
      await this.#system.rename(move.at + move.source, move.at + move.destination)
    } catch (error) {
      if (errno(error) !== 'EXDEV') throw error
      await this.#fileByFile(move)
    }
  }

  /** What is at the destination steps aside, and comes back should the source not get there. */
  async #replace(move: Move): Promise<void> {
    const { at, source, destination } = move
    const target = at + destination
    const aside = await this.#parts.temporary.name()
    await this.#parts.root.ensure(dirname(aside), destination)
    try {
      await this.#system.rename(target, aside)
    } catch (error) {
      if (errno(error) !== 'EXDEV') throw error
      return await this.#fileByFile(move)
    }
    try {
      await this.#system.rename(at + source, target)
    } catch (error) {
      await this.#system.rename(aside, target)
      if (errno(error) !== 'EXDEV') throw error
      return await this.#fileByFile(move)
    }
    await this.#parts.root.sync(dirname(target))
    await removeAll(this.#system, aside)
  }

  /**
   * Across file systems each file moves in one step of its own, after all of them are there as well. A
   * failure on the way leaves every file of the source in one of the two places.
   */
  async #fileByFile({ at, source, destination, signal }: Move): Promise<void> {
    const { root, tree, publisher } = this.#parts
    const moved = new Set<string>()
    for await (const { path } of walkFiles(root, tree, at, source, { signal, skip: undefined })) {
      const target = destination + path.slice(source.length)
      const file = (await tree.linked(at, path))?.real
      if (file === undefined) continue
      await publisher.publish(await this.#copy(file, path), target, signal)
      await publisher.sync(at, target)
      moved.add(target)
    }
    const obsolete: string[] = []
    for await (const { path } of walkFiles(root, tree, at, destination, {
      signal,
      skip: undefined,
    })) {
      if (!moved.has(path)) obsolete.push(at + path)
    }
    const sources = [...moved].map((path) => at + source + path.slice(destination.length))
    const removals = []
    for (const file of [...obsolete, ...sources]) {
      removals.push(await removeAll(this.#system, file))
      await root.prune(dirname(file), at)
    }
    mustBeGone(removals, at)
  }
}
