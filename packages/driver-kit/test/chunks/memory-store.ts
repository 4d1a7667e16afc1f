import { compareKeys, isBeneath, UnavailableError } from '@stowage/core'
import type { ChunkStore, Maybe, StoredFile, StoredUpload } from '../../src/index.ts'

/** A deterministic source of numbers from 0 to below 1. */
export type Random = () => number

export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** The data of a {@link MemoryStore}; several stores over it are several processes on one database. */
export class MemoryData {
  readonly files = new Map<string, StoredFile>()
  /** The oldest first. */
  readonly uploads: StoredUpload[] = []
  readonly chunks = new Map<string, Map<number, Uint8Array>>()
}

/** How the store behaves beyond doing its work. */
export interface MemoryStoreOptions {
  readonly identity: string
  readonly chunkSize: number
  /** Called around each step: `before` has done nothing, `after` has done its work. It may throw, or wait. */
  readonly around?: (step: string, when: 'before' | 'after') => Maybe<void>
  /** Answers at once, as a library in the process does; otherwise each answer takes a turn of the event loop. */
  readonly synchronous?: boolean
}

/** A fake database: a chunk store in memory that can be slow, and lose questions and answers. */
export function memoryStore(data: MemoryData, options: MemoryStoreOptions): ChunkStore {
  const store = plainStore(data, options)
  const around = options.around ?? ((): void => {})
  const wrapped: Record<string, unknown> = { ...store }
  for (const [name, run] of Object.entries(store)) {
    if (typeof run !== 'function') continue
    wrapped[name] = options.synchronous
      ? run
      : async (...args: unknown[]) => {
          await around(name, 'before')
          await new Promise((next) => setImmediate(next))
          const result = (run as (...all: unknown[]) => unknown)(...args)
          await around(name, 'after')
          return result
        }
  }
  return wrapped as unknown as ChunkStore
}

/** What a lost question or answer looks like to the driver. */
export function lost(step: string): UnavailableError {
  return new UnavailableError(`the connection broke during ${step}`)
}

function plainStore(data: MemoryData, { identity, chunkSize }: MemoryStoreOptions): ChunkStore {
  const { files, uploads, chunks } = data
  const at = ({ revision, owner }: StoredUpload): number =>
    uploads.findIndex((one) => one.revision === revision && one.owner === owner)
  const forget = (revision: string): void => {
    const isNamed =
      uploads.some((one) => one.revision === revision) ||
      [...files.values()].some((one) => one.revision === revision)
    if (!isNamed) chunks.delete(revision)
  }
  const name = (file: StoredFile): void => {
    const before = files.get(file.path)
    files.set(file.path, file)
    if (before) forget(before.revision)
  }
  const drop = (path: string): void => {
    const before = files.get(path)
    files.delete(path)
    if (before) forget(before.revision)
  }
  const at0 = (path: string, one: { readonly path: string }): boolean =>
    one.path === path || isBeneath(one.path, path)
  return {
    name: 'memory-chunks',
    capabilities: { persistent: true, atomicMove: true, modTimes: true },
    identity,
    chunkSize,
    find: (path) => files.get(path),
    range: (from, to, limit) =>
      [...files.values()]
        .filter(({ path }) => compareKeys(path, from) >= 0 && compareKeys(path, to) < 0)
        .sort((a, b) => compareKeys(a.path, b.path))
        .slice(0, limit),
    readChunk: (revision, index) => {
      const bytes = chunks.get(revision)?.get(index)
      return bytes && Buffer.from(bytes)
    },
    begin: (upload) => {
      if (at(upload) < 0) uploads.push(upload)
    },
    uploads: (path, beneath) =>
      uploads.filter((one) => (beneath ? at0(path, one) : one.path === path)).reverse(),
    take: (upload, owner) => {
      const index = at(upload) < 0 ? at({ ...upload, owner }) : at(upload)
      if (index < 0) return undefined
      const taken = { ...(uploads[index] as StoredUpload), owner }
      uploads[index] = taken
      return taken
    },
    writeChunk: (upload, index, bytes, size) => {
      const position = at(upload)
      if (position < 0) return false
      uploads[position] = { ...(uploads[position] as StoredUpload), size }
      const run = chunks.get(upload.revision) ?? new Map<number, Uint8Array>()
      chunks.set(upload.revision, run.set(index, Buffer.from(bytes)))
      return true
    },
    publish: (upload, file) => {
      const position = at(upload)
      if (position < 0) return false
      uploads.splice(position, 1)
      name(file)
      return true
    },
    drop: (upload) => {
      const position = at(upload)
      if (position < 0) return
      uploads.splice(position, 1)
      forget(upload.revision)
    },
    put: (file, bytes) => {
      chunks.set(file.revision, new Map([[0, Buffer.from(bytes)]]))
      name(file)
    },
    move: (source, destination, maxBytes) => {
      const single = files.get(source)
      const moving = single
        ? [single]
        : [...files.values()].filter((f) => isBeneath(f.path, source))
      if (moving.length === 0) return 'missing'
      const target = (path: string): string => destination + path.slice(source.length)
      if (moving.some(({ path }) => Buffer.byteLength(target(path)) > maxBytes)) return 'too-long'
      const replaced = [...files.keys()].filter((path) =>
        single ? path === destination : isBeneath(path, destination),
      )
      for (const path of replaced) drop(path)
      for (const file of moving) files.delete(file.path)
      for (const file of moving) files.set(target(file.path), { ...file, path: target(file.path) })
      return 'moved'
    },
    remove: (path) => {
      const gone = uploads.filter((one) => at0(path, one))
      for (const one of gone) uploads.splice(uploads.indexOf(one), 1)
      for (const one of gone) forget(one.revision)
      const removed = [...files.values()].filter((one) => at0(path, one))
      for (const one of removed) drop(one.path)
      return gone.length + removed.length
    },
  }
}
