import { Readable } from 'node:stream'
import {
  type Capabilities,
  compareKeys,
  type Driver,
  type DriverCallOptions,
  type DriverPurgeOptions,
  type DriverReaderOptions,
  type DriverWalkOptions,
  type DriverWriter,
  type DriverWriterOptions,
  directoryKey,
  type FileInfo,
  InvalidOffsetError,
  InvalidPathError,
  isBeneath,
  isStorageError,
  PathNotFoundError,
  parentOf,
  UnsupportedMethodError,
  type UploadInfo,
} from '@stowage/core/driver'
import type { Dav, Entry } from './dav.ts'
import { openReader } from './reader.ts'
import { Sessions, STAGING } from './sessions.ts'
import { WebdavWriter } from './writer.ts'

/** Longest component in bytes: what the disks behind such servers hold. */
const LONGEST_NAME = 255
/** How often what others change at the same time is tried again. */
const ATTEMPTS = 20

export class WebdavDriver implements Driver {
  readonly name = 'webdav'
  readonly capabilities: Partial<Capabilities>
  readonly #dav: Dav
  readonly #sessions: Sessions
  readonly #partSize: number

  /** `exact`: the server keeps every name as it is given. */
  constructor(dav: Dav, { exact, partSize }: { exact: boolean; partSize: number }) {
    this.#dav = dav
    this.#partSize = partSize
    this.#sessions = new Sessions(dav)
    this.capabilities = {
      persistent: true,
      append: true,
      purgeUploads: true,
      unicodePaths: exact,
      caseSensitive: exact,
      normalizationSensitive: exact,
    }
  }

  async getContent(path: string, options: DriverCallOptions): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt++) {
      try {
        const chunks: Uint8Array[] = []
        const stream = await this.reader(path, { ...options, offset: 0 })
        for await (const chunk of stream) chunks.push(chunk)
        return Buffer.concat(chunks)
      } catch (error) {
        // Somebody replaced it meanwhile: there is new content to get.
        if (attempt === ATTEMPTS || !isStorageError(error, 'REVISION_CHANGED')) throw error
      }
    }
  }

  async putContent(
    path: string,
    content: Uint8Array,
    { signal }: DriverCallOptions,
  ): Promise<void> {
    this.#check(path)
    await this.#sessions.stage(content, signal, (staged) => this.publish(staged, path, signal))
  }

  async reader(path: string, options: DriverReaderOptions): Promise<Readable> {
    const { offset, length, signal } = options
    const found = await this.#file(path, signal)
    if (found === undefined) throw new PathNotFoundError(path)
    if (offset > found.size) throw new InvalidOffsetError(path, offset)
    if (offset === found.size || length === 0) return Readable.from([])
    return openReader(this.#dav, { path, file: found }, options)
  }

  async writer(path: string, { append, signal }: DriverWriterOptions): Promise<DriverWriter> {
    this.#check(path)
    const publish = (staged: string): Promise<void> => this.publish(staged, path, signal)
    const session = append ? await this.#sessions.claim(path, signal) : undefined
    if (append && session === undefined) {
      const found = await this.#file(path, signal)
      if (found === undefined) throw new PathNotFoundError(path)
      const detail = 'committed content cannot be continued'
      if (found.size > 0) throw new UnsupportedMethodError({ path, detail })
    }
    await this.#fits(path, signal)
    if ((await this.#look(path, signal))?.isDir) throw occupied(path)
    return new WebdavWriter(this.#sessions, {
      path,
      session,
      partSize: this.#partSize,
      publish,
      signal,
    })
  }

  async stat(path: string, { signal }: DriverCallOptions): Promise<FileInfo> {
    const found = await this.#look(path, signal)
    if (found === undefined) throw new PathNotFoundError(path)
    const { size, modTime, isDir } = found
    return { path, size: isDir ? 0 : size, modTime, isDir }
  }

  async *list(path: string, { signal }: DriverCallOptions): AsyncGenerator<string> {
    for (const { key } of await this.#children(path, signal)) {
      if (!key.endsWith('/') || (await this.#hasFiles(key.slice(0, -1), signal))) yield key
    }
  }

  async *walk(path: string, options: DriverWalkOptions): AsyncGenerator<FileInfo> {
    const { startAfter, signal } = options
    for (const { key, entry } of await this.#children(path, signal)) {
      if (options.skip !== undefined && key.startsWith(options.skip)) continue
      const passed = startAfter !== undefined && compareKeys(key, startAfter) <= 0
      if (passed && !startAfter.startsWith(key)) continue
      if (entry.isDir) yield* this.walk(key.slice(0, -1), options)
      else if (!passed) yield { path: key, size: entry.size, modTime: entry.modTime, isDir: false }
    }
  }

  async move(source: string, destination: string, { signal }: DriverCallOptions): Promise<void> {
    this.#check(destination)
    const found = await this.#look(source, signal)
    if (found === undefined) throw new PathNotFoundError(source)
    if (!found.isDir) return this.publish(source, destination, signal)
    const there = await this.#look(destination, signal)
    if (there?.isDir === false)
      throw new InvalidPathError(destination, { detail: 'a file is there' })
    await this.#ready(destination, signal)
    signal?.throwIfAborted()
    await this.#dav.move(source, destination, { signal, overwrite: true })
  }

  async delete(path: string, { signal }: DriverCallOptions): Promise<void> {
    const found = await this.#look(path, signal)
    signal?.throwIfAborted()
    let uploads = 0
    for await (const _ of this.#sessions.beneath(path, signal)) uploads++
    if (found === undefined && uploads === 0) throw new PathNotFoundError(path)
    if (found) await this.#remove(path, signal)
  }

  /** Where two remove a tree at once, each is told what the other one was quicker with. */
  async #remove(path: string, signal: AbortSignal | undefined): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#dav.status('DELETE', path, { signal, expect: [404] })
        return
      } catch (error) {
        if ((await this.#dav.find(path, 0, signal)) === undefined) return
        if (attempt === ATTEMPTS) throw error
      }
    }
  }

  async *purgeUploads(path: string, options: DriverPurgeOptions): AsyncGenerator<UploadInfo> {
    yield* this.#sessions.beneath(path, options.signal, options)
  }

  /**
   * Moves a file onto the path, which is the one step that makes it visible. A collection without files
   * makes room; a file on the way, or a directory in its place, does not.
   */
  async publish(source: string, path: string, signal?: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted()
      // Without leave to overwrite at first: a collection at the destination would be deleted.
      const there = attempt === 0 ? undefined : await this.#look(path, signal)
      if (there?.isDir) throw occupied(path)
      // Servers do not agree on what they say of a missing directory, or of a destination that others replace.
      const first = attempt === 0 ? [400, 403, 405] : []
      const expect = attempt < ATTEMPTS ? [...first, 404, 409, 412, 500] : [404]
      const overwrite = there !== undefined
      // Without the signal: once it is sent, nobody could tell whether it is done.
      const status = await this.#dav.move(source, path, { overwrite, expect })
      if (status < 300) return
      if (status === 412) await this.#clear(path, signal)
      else {
        const [found] = (await this.#dav.find(source, 0, signal)) ?? []
        if (found === undefined || attempt === ATTEMPTS) throw new PathNotFoundError(source)
        await this.#ready(path, signal)
      }
    }
  }

  /** Makes the directory of a path. */
  async #ready(path: string, signal: AbortSignal | undefined): Promise<void> {
    await this.#fits(path, signal)
    if (parentOf(path) !== '/') await this.#dav.makeDirectories(parentOf(path), signal)
  }

  /** @throws InvalidPathError where a file is on the way to the path. */
  async #fits(path: string, signal: AbortSignal | undefined): Promise<void> {
    for (let at = parentOf(path); at !== '/'; at = parentOf(at)) {
      const [entry] = (await this.#dav.find(at, 0, signal)) ?? []
      if (entry?.isDir) return
      if (entry) throw new InvalidPathError(path, { detail: `${at} is a file` })
    }
  }

  /** Removes a collection without files. */
  async #clear(path: string, signal: AbortSignal | undefined): Promise<void> {
    const [entry] = (await this.#dav.find(path, 0, signal)) ?? []
    if (!entry?.isDir || (await this.#hasFiles(path, signal))) return
    await this.#dav.status('DELETE', path, { signal, expect: [404] })
  }

  async #file(path: string, signal: AbortSignal | undefined): Promise<Entry | undefined> {
    if (!storable(path)) return undefined
    const [entry] = (await this.#dav.find(path, 0, signal)) ?? []
    return entry?.isDir ? undefined : entry
  }

  /** What is at the path; a collection only where a file is beneath it. */
  async #look(path: string, signal: AbortSignal | undefined): Promise<Entry | undefined> {
    if (!storable(path)) return undefined
    const [entry] = (await this.#dav.find(path, 0, signal)) ?? []
    if (!entry?.isDir || path === '/') return entry
    return (await this.#hasFiles(path, signal)) ? entry : undefined
  }

  async #hasFiles(path: string, signal: AbortSignal | undefined): Promise<boolean> {
    for await (const _ of this.walk(path, { signal, skip: undefined })) return true
    return false
  }

  /** What is in the directory, in the order of keys. */
  async #children(path: string, signal: AbortSignal | undefined) {
    if (!storable(path)) return []
    const entries = (await this.#dav.find(path, 1, signal)) ?? []
    return entries
      .map((entry) => ({ key: directoryKey(path) + entry.name + (entry.isDir ? '/' : ''), entry }))
      .filter(({ key }) => key !== `${STAGING}/`)
      .sort((a, b) => compareKeys(a.key, b.key))
  }

  /** @throws InvalidPathError where the path is kept for staging, or a name is too long. */
  #check(path: string): void {
    if (!storable(path))
      throw new InvalidPathError(path, { detail: 'a name is too long or reserved' })
    if (this.capabilities.unicodePaths || /^[ -~]*$/.test(path)) return
    throw new InvalidPathError(path, { detail: 'this server changes names beyond ASCII' })
  }
}

function occupied(path: string): InvalidPathError {
  return new InvalidPathError(path, { detail: 'a directory is there' })
}

function storable(path: string): boolean {
  if (path === STAGING || isBeneath(path, STAGING)) return false
  return path.split('/').every((name) => Buffer.byteLength(name) <= LONGEST_NAME)
}
