import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  type Capabilities,
  compareKeys,
  type Driver,
  type DriverCallOptions,
  type DriverPurgeOptions,
  type DriverReaderOptions,
  type DriverWriter,
  type DriverWriterOptions,
  type FileInfo,
  InvalidOffsetError,
  PathNotFoundError,
  UnsupportedMethodError,
  type UploadInfo,
} from '@stowage/core/driver'
import type { Client } from './client.ts'
import { HttpWriter, type Upload } from './writer.ts'

/** A file as the store lists it. */
export interface Entry {
  readonly key: string
  readonly size: number
  readonly time: number
}

/** A healthy driver for the store, as plain as it gets. */
export class HttpDriver implements Driver {
  readonly name = 'http'
  readonly capabilities: Partial<Capabilities> = {
    ...{ persistent: true, append: true, purgeUploads: true, fileAndDirectory: true },
    ...{ longNames: true, unicodePaths: true, caseSensitive: true, normalizationSensitive: true },
  }
  readonly client: Client
  readonly root: string

  constructor(client: Client, root: string) {
    this.client = client
    this.root = root
  }

  object(path: string): string {
    return `/o/${encodeURIComponent(this.root + path)}`
  }

  async getContent(path: string, { signal }: DriverCallOptions): Promise<Uint8Array> {
    const { status, body } = await this.client.call('GET', this.object(path), { signal })
    if (status === 404) throw new PathNotFoundError(path)
    return body
  }

  async putContent(
    path: string,
    content: Uint8Array,
    { signal }: DriverCallOptions,
  ): Promise<void> {
    await this.client.call('PUT', this.object(path), { body: content, signal })
  }

  async reader(path: string, { offset, length, signal }: DriverReaderOptions): Promise<Readable> {
    const last = length === undefined ? '' : offset + length - 1
    const headers = { range: `bytes=${offset}-${last}` }
    const { status, body } = await this.client.call('GET', this.object(path), { signal, headers })
    if (status === 404) throw new PathNotFoundError(path)
    if (status === 416) throw new InvalidOffsetError(path, offset)
    return Readable.from([body], { objectMode: false })
  }

  async writer(path: string, { append, signal }: DriverWriterOptions): Promise<DriverWriter> {
    if (!append) return new HttpWriter(this, { path, signal })
    const found = await this.uploads(path, signal)
    const upload = found.filter(({ key }) => key === this.root + path).at(-1)
    if (upload) return new HttpWriter(this, { path, signal, upload })
    const { size, isDir } = await this.stat(path, { signal })
    if (isDir) throw new PathNotFoundError(path)
    if (size === 0) return new HttpWriter(this, { path, signal })
    throw new UnsupportedMethodError({ path })
  }

  async uploads(path: string, signal: AbortSignal | undefined): Promise<Upload[]> {
    const prefix = encodeURIComponent(this.root + path)
    const { body } = await this.client.call('GET', `/uploads?prefix=${prefix}`, { signal })
    return JSON.parse(body.toString()) as Upload[]
  }

  async stat(path: string, { signal }: DriverCallOptions): Promise<FileInfo> {
    const { status, headers } = await this.client.call('HEAD', this.object(path), { signal })
    if (status === 200) {
      const modTime = new Date(Number(headers['x-time']))
      return { path, size: Number(headers['x-size']), modTime, isDir: false }
    }
    const beneath = await this.entries(path === '/' ? path : `${path}/`, signal)
    if (beneath.length === 0) throw new PathNotFoundError(path)
    return { path, size: 0, modTime: new Date(0), isDir: true }
  }

  /** All files whose path begins like this, in the order of their keys. */
  async entries(prefix: string, signal: AbortSignal | undefined): Promise<Entry[]> {
    const query = encodeURIComponent(this.root + prefix)
    const { body } = await this.client.call('GET', `/list?prefix=${query}`, { signal })
    const found = JSON.parse(body.toString()) as Entry[]
    return found
      .map((entry) => ({ ...entry, key: entry.key.slice(this.root.length) }))
      .sort((a, b) => compareKeys(a.key, b.key))
  }

  async *list(path: string, { signal }: DriverCallOptions): AsyncGenerator<string> {
    const prefix = path === '/' ? path : `${path}/`
    const keys = new Set<string>()
    for (const { key } of await this.entries(prefix, signal)) {
      const cut = key.indexOf('/', prefix.length)
      keys.add(cut < 0 ? key : key.slice(0, cut + 1))
    }
    yield* [...keys].sort(compareKeys)
  }

  async move(source: string, destination: string, { signal }: DriverCallOptions): Promise<void> {
    const files = await this.#filesOf(source, signal)
    if (files.length === 0) throw new PathNotFoundError(source)
    const names = new Map(files.map((key) => [key, destination + key.slice(source.length)]))
    for (const [from, to] of names) await this.copy(from, to, signal)
    if (!names.has(source)) {
      const there = await this.entries(`${destination}/`, signal)
      const kept = new Set(names.values())
      for (const { key } of there) if (!kept.has(key)) await this.remove(key, signal)
    }
    for (const from of names.keys()) await this.remove(from, signal)
  }

  /** The file itself, or all beneath it. */
  async #filesOf(path: string, signal: AbortSignal | undefined): Promise<string[]> {
    const found = await this.entries(path, signal)
    if (found.some(({ key }) => key === path)) return [path]
    return found.map(({ key }) => key).filter((key) => key.startsWith(`${path}/`))
  }

  async copy(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
    const [a, b] = [from, to].map((path) => encodeURIComponent(this.root + path))
    const { status } = await this.client.call('POST', `/copy?from=${a}&to=${b}`, { signal })
    if (status === 404) throw new PathNotFoundError(from)
  }

  async remove(path: string, signal: AbortSignal | undefined): Promise<void> {
    await this.client.call('DELETE', this.object(path), { signal })
  }

  async delete(path: string, { signal }: DriverCallOptions): Promise<void> {
    const mine = (key: string): boolean => key === path || key.startsWith(`${path}/`)
    const files = (await this.entries(path, signal)).map(({ key }) => key).filter(mine)
    const uploads = (await this.uploads(path, signal)).filter(({ key }) =>
      mine(key.slice(this.root.length)),
    )
    for (const file of files) await this.remove(file, signal)
    for (const { id } of uploads) await this.client.call('DELETE', `/u/${id}`, { signal })
    if (files.length + uploads.length === 0) throw new PathNotFoundError(path)
  }

  async *purgeUploads(
    path: string,
    { olderThan, dryRun, signal }: DriverPurgeOptions,
  ): AsyncGenerator<UploadInfo> {
    for (const { id, key, time } of await this.uploads(path, signal)) {
      if (time >= olderThan.getTime()) continue
      if (!dryRun) await this.client.call('DELETE', `/u/${id}`, { signal })
      yield { path: key.slice(this.root.length), startedAt: new Date(time) }
    }
  }

  async close(): Promise<void> {
    this.client.close()
  }

  newId(): string {
    return randomUUID()
  }
}
