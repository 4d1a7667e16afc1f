import type { Dirent, Stats } from 'node:fs'
import { isBeneath, pathProblem } from '@stowage/core/driver'
import { translated } from './errors.ts'
import { ABSENT, type FileSystem, unless } from './file-system.ts'
import { isHidden, isReserved, sortKeys, withSlashes } from './names.ts'
import type { Root } from './root.ts'

/** What of a directory on the disk callers see. */
export class Tree {
  readonly #root: Root
  readonly #system: FileSystem

  constructor(root: Root) {
    this.#root = root
    this.#system = root.system
  }

  /** The stats of a file, or of the file inside the root that a symbolic link leads to. */
  async file(root: string, path: string): Promise<Stats | undefined> {
    const stats = await unless(this.#system.lstat(root + path), ...ABSENT)
    if (stats?.isSymbolicLink()) return (await this.linked(root, path))?.stats
    return stats?.isFile() ? stats : undefined
  }

  /** The file that a symbolic link leads to; undefined where it leads out, to nothing, or elsewhere. */
  async linked(root: string, path: string): Promise<{ real: string; stats: Stats } | undefined> {
    const { rules } = this.#root
    const target = await unless(this.#system.realpath(root + path), ...ABSENT)
    const real = target && withSlashes(target, rules)
    if (!real || !isBeneath(real, root)) return undefined
    const names = real.slice(root.length + 1).split('/')
    if (names.some((name) => isReserved(name))) return undefined
    const stats = await unless(this.#system.lstat(real), ...ABSENT)
    return stats?.isFile() ? { real, stats } : undefined
  }

  /**
   * The keys that may be visible in a directory, sorted, and which of them are symbolic links. A
   * directory that vanished, or is none, has no keys. An error names the directory, not the whole walk.
   */
  async read(root: string, path: string): Promise<{ keys: string[]; links: Set<string> }> {
    const prefix = path === '/' ? '/' : `${path}/`
    const links = new Set<string>()
    const keys: string[] = []
    const read = unless(this.#system.readdir(root + path, 'utf8'), ...ABSENT)
    for (const entry of (await translated(path, 'read', () => read)) ?? []) {
      const key = this.#key(prefix, entry)
      if (key === undefined) continue
      keys.push(key)
      if (entry.isSymbolicLink()) links.add(key)
    }
    return { keys: sortKeys(keys), links }
  }

  /** The key of a file, link or directory; undefined for what callers never see. */
  #key(prefix: string, entry: Dirent): string | undefined {
    const path = prefix + entry.name
    if (isHidden(entry.name) || pathProblem(path) !== undefined) return undefined
    if (entry.isDirectory()) return `${path}/`
    return entry.isFile() || entry.isSymbolicLink() ? path : undefined
  }

  /** Whether it takes a look to know if callers see it. A name that was no valid UTF-8 is not there. */
  isDoubtful(key: string): boolean {
    return key.endsWith('/') || key.includes('\ufffd')
  }

  /** Whether callers see the entry that {@link read} found. */
  async isVisible(root: string, key: string, isLink: boolean): Promise<boolean> {
    if (!isLink && !this.isDoubtful(key)) return true
    if (key.endsWith('/')) {
      // What may not be read may hold files.
      const seen = this.hasFile(root, key.slice(0, -1))
      return (await unless(seen, 'EACCES', 'EPERM')) ?? true
    }
    return (await this.file(root, key)) !== undefined
  }

  /** Whether a file is beneath the directory, at any depth: without one, it does not exist. */
  async hasFile(root: string, path: string): Promise<boolean> {
    const prefix = path === '/' ? '/' : `${path}/`
    const directory = await unless(this.#system.opendir(root + path), ...ABSENT)
    if (directory === undefined) return false
    try {
      for (;;) {
        const entry = await directory.read()
        if (entry === null) return false
        const key = this.#key(prefix, entry)
        if (key && (await this.isVisible(root, key, entry.isSymbolicLink()))) return true
      }
    } finally {
      await directory.close()
    }
  }

  /**
   * Removes a directory that holds nothing but directories, and says whether it is gone.
   */
  async removeEmpty(directory: string): Promise<boolean> {
    const entries = (await unless(this.#system.readdir(directory, 'utf8'), 'ENOENT')) ?? []
    for (const entry of entries) {
      if (!entry.isDirectory()) return false
      if (!(await this.removeEmpty(`${directory}/${entry.name}`))) return false
    }
    const removed = this.#system.rmdir(directory).then(() => true)
    // Others remove an empty directory, too: it is gone then.
    const gone = await unless(removed, 'ENOTEMPTY', 'EEXIST', 'ENOENT')
    return gone ?? !(await this.#exists(directory))
  }

  async #exists(path: string): Promise<boolean> {
    return (await unless(this.#system.lstat(path), 'ENOENT')) !== undefined
  }
}
