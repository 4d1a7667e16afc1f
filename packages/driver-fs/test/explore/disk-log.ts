import { constants } from 'node:fs'
import type { FileSystem } from '../../src/file-system.ts'
import { type Change, Disk, type Entry } from './disk.ts'
import { wrapped } from './wrap.ts'

/** What happened, in its order. */
export type Event =
  | Change
  /** What had happened to the file, or to the names in the directory, before `since` is on the disk. */
  | { readonly kind: 'flush'; readonly node: number; readonly since: number }
  /** A step of the scenario has succeeded. */
  | { readonly kind: 'done' }

/** Writes down every change beneath a folder, and what was flushed. */
export class DiskLog {
  readonly before: Disk
  readonly events: Event[] = []
  readonly system: FileSystem
  readonly #folder: string
  /** What a process sees: every change so far. */
  readonly #now: Disk
  readonly #open = new Map<number, number>()
  #nodes: number

  constructor(folder: string, system: FileSystem) {
    this.#folder = folder
    this.before = Disk.of(folder)
    this.#now = this.before.copy()
    this.#nodes = this.before.nodes.size
    this.system = wrapped(system, async (name, args, call) => {
      const since = this.events.length
      const result = await call(...args)
      this.#note(name, args, result, since)
      return result
    })
  }

  done(): void {
    this.events.push({ kind: 'done' })
  }

  #note(name: keyof FileSystem, args: unknown[], result: unknown, since: number): void {
    const path = String(args[0])
    if (name === 'open') this.#opened(path, args[1] as number, result as number)
    else if (name === 'close') this.#open.delete(args[0] as number)
    else if (name === 'mkdir') this.#make(path, 'directory')
    else if (name === 'rmdir' || name === 'unlink') this.#remove(path)
    else if (name === 'rename') this.#rename(path, String(args[1]))
    else if (name === 'copyFile') this.#copy(path, String(args[1]))
    else this.#data(name, args, result, since)
  }

  #data(name: keyof FileSystem, args: unknown[], result: unknown, since: number): void {
    if (!['fsync', 'write', 'ftruncate'].includes(name)) return
    const node = this.#open.get(args[0] as number)
    if (node === undefined) return
    if (name === 'fsync') this.events.push({ kind: 'flush', node, since })
    else if (name === 'ftruncate') {
      this.#add({ kind: 'truncate', node, size: args[1] as number })
    } else {
      const bytes = Buffer.from((args[1] as Uint8Array).subarray(0, result as number))
      this.#add({ kind: 'write', node, position: args[2] as number, bytes })
    }
  }

  #opened(path: string, flags: number, fd: number): void {
    if ((flags & constants.O_CREAT) !== 0) this.#make(path, 'file')
    const inside = this.#inside(path)
    const node = inside === undefined ? undefined : this.#now.at(inside)
    if (node !== undefined) this.#open.set(fd, node)
  }

  #make(path: string, what: 'file' | 'directory'): void {
    const at = this.#entry(path)
    if (at) this.#add({ kind: 'make', at, what, node: this.#nodes++ })
  }

  #remove(path: string): void {
    const at = this.#entry(path)
    const node = at && this.#now.entries(at.directory).get(at.name)
    if (at && node !== undefined) this.#add({ kind: 'remove', at, node })
  }

  #rename(source: string, target: string): void {
    const [from, to] = [this.#entry(source), this.#entry(target)]
    const node = from && this.#now.entries(from.directory).get(from.name)
    if (from && to && node !== undefined) this.#add({ kind: 'rename', from, to, node })
  }

  #copy(source: string, target: string): void {
    const original = this.#now.nodes.get(this.#now.at(this.#inside(source) ?? '') ?? -1)
    if (original?.kind !== 'file') throw new Error(`${source} is no file`)
    this.#make(target, 'file')
    this.#add({ kind: 'write', node: this.#nodes - 1, position: 0, bytes: original.bytes })
  }

  #entry(path: string): Entry | undefined {
    const inside = this.#inside(path)
    return inside ? this.#now.find(inside) : undefined
  }

  /** The path beneath the folder: empty for the folder itself, undefined for what lies elsewhere. */
  #inside(path: string): string | undefined {
    if (path === this.#folder) return ''
    return path.startsWith(`${this.#folder}/`) ? path.slice(this.#folder.length) : undefined
  }

  #add(change: Change): void {
    this.events.push(change)
    this.#now.apply(change)
  }
}
