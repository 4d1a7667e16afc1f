import type { Stats } from 'node:fs'
import {
  compareKeys,
  type DriverWalkOptions,
  directoryKey,
  type FileInfo,
} from '@stowage/core/driver'
import { storageError } from './errors.ts'
import { isAbsent } from './file-system.ts'
import type { Root } from './root.ts'
import type { Tree } from './tree.ts'

/** Entries looked at ahead of the one that comes next: threads are busy, memory stays small. */
const AHEAD = 32

/** What is known of an entry before its turn. */
type Ahead = Promise<Stats | Directory | undefined>

interface Place {
  readonly root: Root
  readonly tree: Tree
  readonly at: string
  readonly options: DriverWalkOptions
}

/** A directory under way: its keys, and the answers for the next few of them. */
class Directory {
  readonly key: string
  readonly #place: Place
  readonly #keys: readonly string[]
  readonly #links: ReadonlySet<string>
  readonly #ahead: Ahead[] = []
  #started = 0
  #next = 0

  private constructor(place: Place, key: string, keys: readonly string[], links: Set<string>) {
    this.#place = place
    this.key = key
    this.#keys = keys
    this.#links = links
  }

  static async open(place: Place, path: string): Promise<Directory> {
    const { startAfter } = place.options
    const { keys, links } = await place.tree.read(place.at, path)
    const wanted = startAfter === undefined ? keys : keys.filter((key) => isWanted(key, startAfter))
    const directory = new Directory(place, directoryKey(path), wanted, links)
    // Its directories are opened when its turn comes: else each level would open the one below.
    directory.#lookAhead(AHEAD / 4, false)
    return directory
  }

  /** The next entry with what it is, or undefined at the end. */
  next(): { key: string; found: Ahead } | undefined {
    const key = this.#keys[this.#next]
    if (key === undefined) return undefined
    // Many at a time: to wake a thread costs as much as what it does.
    if (this.#started - this.#next < AHEAD / 2) this.#lookAhead(AHEAD, true)
    this.#next++
    return { key, found: this.#ahead.shift() as Ahead }
  }

  #lookAhead(count: number, directories: boolean): void {
    for (; this.#started < this.#keys.length; this.#started++) {
      const key = this.#keys[this.#started] as string
      const isDirectory = key.endsWith('/')
      const ahead = this.#started - this.#next
      if (ahead >= (isDirectory ? count / 4 : count) || (isDirectory && !directories)) return
      const found = this.#find(key)
      // Nobody may ever ask: the caller can stop or skip.
      found.catch(() => {})
      this.#ahead.push(found)
    }
  }

  #find(key: string): Ahead {
    const { tree, root, at, options } = this.#place
    if (options.skip !== undefined && key.startsWith(options.skip)) {
      return Promise.resolve(undefined)
    }
    if (key.endsWith('/')) return Directory.open(this.#place, key.slice(0, -1))
    if (this.#links.has(key)) return tree.file(at, key)
    // One step for each file of a large tree: every promise more is time that a caller sees.
    return root.system.lstat(at + key, true).then(fileOnly, vanished)
  }
}

function fileOnly(stats: Stats): Stats | undefined {
  return stats.isFile() ? stats : undefined
}

function vanished(error: unknown): undefined {
  if (!isAbsent(error)) throw error
}

/** The greatest character: no name that people give sorts after it. */
const LAST = '\u{10ffff}'

/**
 * Whether the entry sorts after that key, or is a directory in which something may. After `<directory>/`
 * and {@link LAST} a walk goes on without that directory, which may be one that cannot be read.
 */
function isWanted(key: string, startAfter: string): boolean {
  if (compareKeys(key, startAfter) > 0) return true
  return key.endsWith('/') && startAfter.startsWith(key) && startAfter !== key + LAST
}

/**
 * The files beneath a directory in key order. It holds the names of the directories on the way to the
 * current entry, and a few answers ahead of it. Entries that vanish meanwhile are left out.
 */
export async function* walkFiles(
  root: Root,
  tree: Tree,
  at: string,
  path: string,
  options: DriverWalkOptions,
): AsyncGenerator<FileInfo> {
  const stack = [await Directory.open({ root, tree, at, options }, path)]
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    options.signal?.throwIfAborted()
    const { skip } = options
    const entry = skip !== undefined && top.key.startsWith(skip) ? undefined : top.next()
    if (entry === undefined) {
      stack.pop()
      continue
    }
    if (skip !== undefined && entry.key.startsWith(skip)) continue
    let found: Awaited<Ahead>
    try {
      found = await entry.found
    } catch (error) {
      // It names the entry, so that a caller can go on behind it.
      throw storageError(error, withoutSlash(entry.key), 'read')
    }
    if (found === undefined) continue
    if (found instanceof Directory) stack.push(found)
    else yield fileInfo(entry.key, found)
  }
}

/** Milliseconds by which a time may be short of the one that was set, since both are doubles. */
const INEXACT = 0.001

function withoutSlash(key: string): string {
  return key.endsWith('/') ? key.slice(0, -1) : key
}

export function fileInfo(path: string, { size, mtimeMs }: Stats): FileInfo {
  return { path, size, modTime: new Date(Math.floor(mtimeMs + INEXACT)), isDir: false }
}

/** The keys of a directory's visible children in order: of directories those with a file beneath. */
export async function* listKeys(tree: Tree, at: string, path: string): AsyncGenerator<string> {
  const { keys, links } = await tree.read(at, path)
  const ahead: (boolean | Promise<boolean>)[] = []
  for (const [index, key] of keys.entries()) {
    for (let next = index + ahead.length; ahead.length < AHEAD && next < keys.length; next++) {
      ahead.push(isVisible(tree, at, keys[next] as string, links))
    }
    const visible = ahead.shift()
    if (visible === true || (await visible)) yield key
  }
}

/** An answer at once for the most common case. */
function isVisible(
  tree: Tree,
  at: string,
  key: string,
  links: ReadonlySet<string>,
): boolean | Promise<boolean> {
  const isLink = links.has(key)
  if (!isLink && !tree.isDoubtful(key)) return true
  const visible = tree.isVisible(at, key, isLink)
  // Nobody may ever ask.
  visible.catch(() => {})
  return visible
}
