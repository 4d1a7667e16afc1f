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
  UnsupportedMethodError,
  type UploadInfo,
} from '@stowage/core/driver'
import { type Names, Trees } from '@stowage/driver-kit'
import { Api } from './api.ts'
import { GcsBackend } from './backend.ts'
import { isMissing } from './errors.ts'
import { hasFiles, listKeys, walkFiles } from './listing.ts'
import { modTimeMetadata, modTimeOf } from './mod-time.ts'
import { objectNames } from './names.ts'
import { getObject, insertObject, isOriginalSession } from './objects.ts'
import type { Settings } from './parameters.ts'
import { openReader, readAll } from './reader.ts'
import { Sessions } from './sessions.ts'
import { UrlSigner } from './sign.ts'
import { GcsWriter } from './writer.ts'

/**
 * Google Cloud Storage. Keys are those of the original driver: root directory and path without a leading
 * slash. The SDK is loaded by the first call that needs it.
 */
export class GcsDriver implements Driver {
  readonly name = 'gcs'
  readonly capabilities: Partial<Capabilities>
  readonly #api: Api
  readonly #names: Names
  readonly #sessions: Sessions
  readonly #trees: Trees
  readonly #signer: UrlSigner

  constructor(settings: Settings) {
    this.#api = new Api(settings)
    this.#names = objectNames(settings.rootDirectory)
    this.#sessions = new Sessions(this.#api, this.#names)
    this.#signer = new UrlSigner(this.#api)
    const backend = new GcsBackend(this.#api, this.#names)
    this.capabilities = backend.capabilities
    this.#trees = new Trees(backend, this.#sessions)
  }

  getContent(path: string, { signal }: DriverCallOptions): Promise<Uint8Array> {
    return readAll(this.#api, { key: this.#names.key(path), path }, signal)
  }

  async putContent(
    path: string,
    content: Uint8Array,
    { modTime, signal }: DriverPutOptions,
  ): Promise<void> {
    const key = this.#names.key(path)
    if (content.length <= this.#api.settings.chunkSize) {
      const metadata = modTimeMetadata(modTime)
      await insertObject(this.#api, key, content, { path, signal, metadata })
      return
    }
    // What is repeated after a failure is a chunk then, not the whole.
    const context = { api: this.#api, path, key, signal, modTime, private: true }
    const writer = new GcsWriter(context, this.#sessions.begin(path))
    try {
      await writer.write(content)
      await writer.commit()
    } catch (error) {
      await writer.cancel().catch(() => {})
      throw error
    }
  }

  async reader(path: string, options: DriverReaderOptions): Promise<Readable> {
    return openReader(this.#api, { key: this.#names.key(path), path }, options)
  }

  async writer(
    path: string,
    { append, modTime, signal }: DriverWriterOptions,
  ): Promise<DriverWriter> {
    const key = this.#names.key(path)
    const context = { api: this.#api, path, key, signal, modTime }
    if (append) {
      const claim = await this.#sessions.claimNewest(path, key, signal)
      if (claim) return new GcsWriter(context, claim.session, claim)
      await this.#mustBeEmpty(path, key, signal)
    }
    return new GcsWriter(context, this.#sessions.begin(path))
  }

  async #mustBeEmpty(path: string, key: string, signal: AbortSignal | undefined): Promise<void> {
    const { size, contentType } = await getObject(this.#api, key, { path, signal })
    if (isOriginalSession(contentType)) throw new PathNotFoundError(path)
    if (size === 0) return
    throw new UnsupportedMethodError({ path, detail: 'committed content cannot be appended to' })
  }

  async stat(path: string, { signal }: DriverCallOptions): Promise<FileInfo> {
    if (path !== '/') {
      try {
        const key = this.#names.key(path)
        const object = await getObject(this.#api, key, { path, signal })
        if (!isOriginalSession(object.contentType)) {
          return { path, size: object.size, modTime: modTimeOf(object), isDir: false }
        }
      } catch (error) {
        // Only "not there" leads on: without permission it is not known what is there.
        if (!isMissing(error)) throw error
      }
    }
    const found = await hasFiles(this.#api, this.#names, path, this.#names.prefix(path), signal)
    if (!found) throw new PathNotFoundError(path)
    return { path, size: 0, modTime: new Date(0), isDir: true }
  }

  list(path: string, { signal }: DriverCallOptions): AsyncIterable<string> {
    return listKeys(this.#api, this.#names, path, signal)
  }

  walk(path: string, options: DriverWalkOptions): AsyncIterable<FileInfo> {
    return walkFiles(this.#api, this.#names, path, options)
  }

  move(source: string, destination: string, options: DriverCallOptions): Promise<void> {
    return this.#trees.move(source, destination, options)
  }

  delete(path: string, options: DriverCallOptions): Promise<void> {
    return this.#trees.delete(path, options)
  }

  async redirectURL(path: string, options: DriverRedirectOptions): Promise<string | undefined> {
    return this.#signer.sign(this.#names.key(path), path, options)
  }

  /** The key of a path in the bucket, for middleware that addresses objects by another way. */
  bucketKey(path: string): string {
    return this.#names.key(path)
  }

  async locate(path: string): Promise<StoragePlace> {
    const { endpoint, bucket } = this.#api.settings
    return placeInBucket('gcs', endpoint, bucket, this.#names.prefix(path))
  }

  async *purgeUploads(
    path: string,
    { olderThan, dryRun, signal }: DriverPurgeOptions,
  ): AsyncGenerator<UploadInfo> {
    for await (const found of this.#sessions.find(path, { signal })) {
      if (found.startedAt >= olderThan || found.isHeld) continue
      if (!dryRun && !(await this.#sessions.discard(found, { signal }))) continue
      const { startedAt, size } = found
      yield { path: found.path, startedAt, ...(size !== undefined && { size }) }
    }
  }

  async close(): Promise<void> {
    this.#api.close()
  }
}
