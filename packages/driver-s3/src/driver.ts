import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import {
  type Capabilities,
  type Driver,
  type DriverCallOptions,
  type DriverPurgeOptions,
  type DriverPutOptions,
  type DriverReaderOptions,
  type DriverRedirectOptions,
  type DriverWalkOptions,
  type DriverWriter,
  type DriverWriterOptions,
  type FileInfo,
  PathNotFoundError,
  placeInBucket,
  type StoragePlace,
  type UploadInfo,
} from '@stowage/core/driver'
import { keptTime, timeAttributes } from './attributes.ts'
import { children } from './children.ts'
import { isMissing } from './errors.ts'
import { head } from './head.ts'
import { files, hasFiles } from './lister.ts'
import type { Settings } from './parameters.ts'
import { Presigner } from './presign.ts'
import { purge } from './purge.ts'
import { put } from './put.ts'
import { openReader, readAll } from './reader.ts'
import { takeNewest } from './sessions.ts'
import { Store } from './store.ts'
import { S3Writer } from './writer.ts'

/**
 * Amazon S3 and stores that speak its protocol. Keys are those of the original driver: root directory
 * and path without a leading slash. The SDK is loaded by the first call that needs it.
 */
export class S3Driver implements Driver {
  readonly name = 's3aws'
  readonly capabilities: Partial<Capabilities>
  readonly #store: Store
  readonly #presigner: Presigner

  constructor(settings: Settings) {
    this.#store = new Store(settings)
    this.#presigner = new Presigner(this.#store)
    this.capabilities = this.#store.backend.capabilities
  }

  getContent(path: string, { signal }: DriverCallOptions): Promise<Uint8Array> {
    return readAll(this.#store, path, signal)
  }

  async putContent(
    path: string,
    content: Uint8Array,
    { modTime, signal }: DriverPutOptions,
  ): Promise<void> {
    this.#store.names.key(path)
    await this.#store.trees.conflicts.refuse(path, { path, signal })
    await put(this.#store, path, { Body: content, attributes: timeAttributes(modTime) }, signal)
  }

  reader(path: string, options: DriverReaderOptions): Promise<Readable> {
    return openReader(this.#store, path, options)
  }

  async writer(
    path: string,
    { append, modTime, signal }: DriverWriterOptions,
  ): Promise<DriverWriter> {
    this.#store.names.key(path)
    const resumed = append ? await takeNewest(this.#store, path, signal) : undefined
    if (!resumed) await this.#store.trees.conflicts.refuse(path, { path, signal })
    // The store learns of an upload late, or never: a delete has to end those of this process, too.
    const held = resumed?.held ?? this.#store.held.hold(path, randomUUID())
    return new S3Writer(this.#store, {
      ...{ path, signal, resumed, held },
      attributes: timeAttributes(modTime),
    })
  }

  async stat(path: string, { signal }: DriverCallOptions): Promise<FileInfo> {
    const key = this.#store.names.key(path)
    try {
      if (path !== '/') {
        const { ContentLength, LastModified, Metadata } = await head(this.#store, key, {
          ...{ path, signal },
        })
        const modTime = keptTime(Metadata) ?? LastModified ?? new Date(0)
        return { path, size: ContentLength, modTime, isDir: false }
      }
    } catch (error) {
      // Only "not there" leads on: without permission it is not known what is there.
      if (!isMissing(error)) throw error
    }
    if (!(await hasFiles(this.#store, path, signal))) throw new PathNotFoundError(path)
    return { path, size: 0, modTime: new Date(0), isDir: true }
  }

  list(path: string, { signal }: DriverCallOptions): AsyncIterable<string> {
    return children(this.#store, path, signal)
  }

  walk(path: string, options: DriverWalkOptions): AsyncIterable<FileInfo> {
    return files(this.#store, path, options)
  }

  move(source: string, destination: string, options: DriverCallOptions): Promise<void> {
    return this.#store.trees.move(source, destination, options)
  }

  delete(path: string, options: DriverCallOptions): Promise<void> {
    return this.#store.trees.delete(path, options)
  }

  redirectURL(path: string, options: DriverRedirectOptions): Promise<string | undefined> {
    return this.#presigner.url(path, options)
  }

  purgeUploads(path: string, options: DriverPurgeOptions): AsyncIterable<UploadInfo> {
    return purge(this.#store, path, options)
  }

  /** The key of a path in the bucket, for middleware that addresses objects by another way. */
  bucketKey(path: string): string {
    return this.#store.names.key(path)
  }

  async locate(path: string): Promise<StoragePlace> {
    return placeInBucket(
      's3',
      await this.#store.endpoint(),
      this.#store.bucket,
      this.#store.names.key(path),
    )
  }

  async close(): Promise<void> {
    await this.#presigner.close()
    await this.#store.close()
  }
}
