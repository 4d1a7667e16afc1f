import * as fs from 'node:fs'
import { join } from 'node:path'

/** A file, a directory or a link of a {@link Disk}. */
export type Node =
  | { readonly kind: 'file'; bytes: Buffer }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory'; readonly entries: Map<string, number> }

/** Where a name is: the number of its directory, and the name. */
export interface Entry {
  readonly directory: number
  readonly name: string
}

/** A change of content or of names. Files and directories have numbers, as on a real disk. */
export type Change =
  | {
      readonly kind: 'make'
      readonly at: Entry
      readonly node: number
      readonly what: 'file' | 'directory'
    }
  | { readonly kind: 'remove'; readonly at: Entry; readonly node: number }
  | { readonly kind: 'rename'; readonly from: Entry; readonly to: Entry; readonly node: number }
  | {
      readonly kind: 'write'
      readonly node: number
      readonly position: number
      readonly bytes: Buffer
    }
  | { readonly kind: 'truncate'; readonly node: number; readonly size: number }

/** A tree of files as a disk holds it. */
export class Disk {
  readonly nodes = new Map<number, Node>()

  /** Reads what is in a directory, whose number is 0. */
  static of(folder: string): Disk {
    const disk = new Disk()
    const add = (path: string): number => {
      const number = disk.nodes.size
      const stats = fs.lstatSync(path)
      if (stats.isSymbolicLink()) {
        disk.nodes.set(number, { kind: 'link', target: fs.readlinkSync(path) })
      } else if (stats.isFile()) {
        disk.nodes.set(number, { kind: 'file', bytes: fs.readFileSync(path) })
      } else {
        const entries = new Map<string, number>()
        disk.nodes.set(number, { kind: 'directory', entries })
        for (const name of fs.readdirSync(path)) entries.set(name, add(join(path, name)))
      }
      return number
    }
    add(folder)
    return disk
  }

  /** Changes of the copy do not show here. */
  copy(): Disk {
    const disk = new Disk()
    for (const [number, node] of this.nodes) {
      if (node.kind === 'directory') {
        disk.nodes.set(number, { kind: 'directory', entries: new Map(node.entries) })
      } else disk.nodes.set(number, { ...node })
    }
    return disk
  }

  entries(directory: number): Map<string, number> {
    const node = this.nodes.get(directory)
    if (node?.kind !== 'directory') throw new Error(`${directory} is no directory`)
    return node.entries
  }

  /** The entry of a path beneath the top; undefined where its directory is not there. */
  find(path: string): Entry | undefined {
    const names = path.split('/').filter((name) => name !== '')
    const name = names.pop() ?? ''
    let directory = 0
    for (const step of names) {
      const next = this.entries(directory).get(step)
      if (next === undefined || this.nodes.get(next)?.kind !== 'directory') return undefined
      directory = next
    }
    return { directory, name }
  }

  /** The number of what is at a path. */
  at(path: string): number | undefined {
    if (path === '' || path === '/') return 0
    const entry = this.find(path)
    return entry && this.entries(entry.directory).get(entry.name)
  }

  /** Carries out a change; where `isKept` is false, only what does not depend on names. */
  apply(change: Change, isKept = true): void {
    if (change.kind === 'make') {
      const { node, what } = change
      if (what === 'file') this.nodes.set(node, { kind: 'file', bytes: Buffer.alloc(0) })
      else this.nodes.set(node, { kind: 'directory', entries: new Map() })
    }
    if (!isKept) return
    if (change.kind === 'write' || change.kind === 'truncate') {
      this.#data(change)
    } else if (change.kind === 'make') {
      this.entries(change.at.directory).set(change.at.name, change.node)
    } else if (change.kind === 'remove') {
      this.#remove(change.at)
    } else {
      const { from, to, node } = change
      const names = this.entries(from.directory)
      if (names.get(from.name) === node) names.delete(from.name)
      this.entries(to.directory).set(to.name, node)
    }
  }

  #remove({ directory, name }: Entry): void {
    const node = this.nodes.get(this.entries(directory).get(name) ?? -1)
    // A directory that still has something in it was not removed either.
    if (node?.kind === 'directory' && node.entries.size > 0) return
    this.entries(directory).delete(name)
  }

  #data(change: Change & { kind: 'write' | 'truncate' }): void {
    const node = this.nodes.get(change.node)
    if (node?.kind !== 'file') throw new Error(`${change.node} is no file`)
    if (change.kind === 'truncate') {
      const bytes = Buffer.alloc(change.size)
      node.bytes.copy(bytes)
      node.bytes = bytes
      return
    }
    const { position, bytes: source } = change
    const bytes = Buffer.alloc(Math.max(node.bytes.length, position + source.length))
    node.bytes.copy(bytes)
    source.copy(bytes, position)
    node.bytes = bytes
  }

  /** Puts the tree into a new directory; the function may give names others. */
  write(folder: string, rename: (name: string) => string, directory = 0): void {
    fs.mkdirSync(folder)
    for (const [name, number] of this.entries(directory)) {
      const path = join(folder, rename(name))
      const node = this.nodes.get(number) as Node
      if (node.kind === 'file') fs.writeFileSync(path, node.bytes)
      else if (node.kind === 'link') fs.symlinkSync(node.target, path)
      else this.write(path, rename, number)
    }
  }
}
