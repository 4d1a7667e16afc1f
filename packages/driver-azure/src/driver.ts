import type { Readable } from 'node:stream'
import type {
  Capabilities,
  Driver,
  DriverCallOptions,
  DriverPurgeOptions,
  DriverPutOptions,
  DriverReaderOptions,
  DriverRedirectOptions,
  DriverWalkOptions,
  DriverWriter,
  DriverWriterOptions,
  FileInfo,
  StoragePlace,
  UploadInfo,
} from '@stowage/core/driver'
import { PathNotFoundError, placeInBucket, UnsupportedMethodError } from '@stowage/core/driver'
import { type Names, Trees } from '@stowage/driver-kit'
import { AzureBackend } from './backend.ts'
import { AzureClient } from './client.ts'
import { isNotFound } from './errors.ts'
import { fileFrom } from './files.ts'
import { MAX_SYNC_COPY } from './limits.ts'
import { hasFiles, listKeys, walkFiles } from './listing.ts'
import { blobNames } from './names.ts'
import type { AzureSettings } from './parameters.ts'
import { putBlob } from './publish.ts'
import { openReader } from './reader.ts'
import { uploadRemover } from './remove-uploads.ts'
import { UrlSigner } from './sas.ts'
import { discard, Sessions } from './sessions.ts'
import { AzureWriter } from './writer.ts'

/** Longer content is written in blocks, as by a writer. */
const MAX_PUT = MAX_SYNC_COPY

/** Azure Blob Storage. Files are block blobs; data the original driver wrote as append blobs is read too. */
export class AzureDriver implements Driver {
  readonly name = 'azure'
  readonly capabilities: Partial<Capabilities>
  readonly #settings: AzureSettings
  readonly #client: AzureClient
  readonly #names: Names
  readonly #sessions: Sessions
  readonly #trees: Trees
  readonly #signer: UrlSigner

  constructor(settings: AzureSettings) {
    this.#settings = settings
    this.#client = new AzureClient(settings)
    this.#names = blobNames(settings.rootDirectory)
    const account = settings.connection?.serviceURL ?? settings.client?.url.split('?')[0]
    this.#sessions = new Sessions(
      this.#names,
      `azure ${account} ${settings.container} ${this.#names.root}`,
    )
    const backend = new AzureBackend(this.#client, this.#names, settings)
    this.capabilities = backend.capabilities
    this.#trees = new Trees(backend, uploadRemover(this.#client, this.#sessions))
    this.#signer = new UrlSigner(this.#client)
  }

  async getContent(path: string, options: DriverCallOptions): Promise<Uint8Array> {
    const body = await this.reader(path, { ...options, offset: 0 })
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk as Uint8Array)
    return Buffer.concat(chunks)
  }

  async putContent(path: string, content: Uint8Array, options: DriverPutOptions): Promise<void> {
    const name = this.#names.key(path)
    if (content.length > MAX_PUT) return this.#putInBlocks(path, content, options)
    const opened = await this.#client.open()
    const context = { opened, settings: this.#settings, ...options }
    await opened.failures.translated(putBlob(context, name, content), path)
  }

  async #putInBlocks(path: string, content: Uint8Array, options: DriverPutOptions) {
    const writer = await this.writer(path, { append: false, ...options })
    try {
      await writer.write(content)
      await writer.commit()
    } catch (error) {
      await writer.cancel().catch(() => {})
      throw error
    }
  }

  async reader(path: string, options: DriverReaderOptions): Promise<Readable> {
    const name = this.#names.key(path)
    const { container, failures } = await this.#client.open()
    return openReader({ blob: container.getBlobClient(name), path, failures }, options)
  }

  async writer(path: string, options: DriverWriterOptions): Promise<DriverWriter> {
    const { append, modTime, signal } = options
    this.#names.key(path)
    const opened = await this.#client.open()
    const context = {
      ...{ client: this.#client, opened, sessions: this.#sessions },
      ...{ settings: this.#settings, path, modTime, signal },
    }
    if (append) {
      const claim = await this.#sessions.claimNewest(opened, path, signal)
      if (claim) return new AzureWriter(context, claim.session, claim)
      await this.#mustBeEmpty(path, signal)
    }
    const name = this.#names.session(path, this.#sessions.newId(this.#client.clock.now()))
    return new AzureWriter(context, this.#sessions.held.hold(path, name))
  }

  async #mustBeEmpty(path: string, signal: AbortSignal | undefined): Promise<void> {
    const { size, isDir } = await this.stat(path, { signal })
    if (isDir) throw new PathNotFoundError(path)
    if (size === 0) return
    throw new UnsupportedMethodError({ path, detail: 'committed content cannot be appended to' })
  }

  async stat(path: string, { signal }: DriverCallOptions): Promise<FileInfo> {
    const directory = { path, size: 0, modTime: new Date(0), isDir: true }
    const opened = await this.#client.open()
    if (path !== '/') {
      const blob = opened.container.getBlobClient(this.#names.key(path))
      try {
        const found = await blob.getProperties(signal ? { abortSignal: signal } : {})
        const file = fileFrom(found, path)
        if (file !== undefined) return file
      } catch (error) {
        if (!isNotFound(error)) throw opened.failures.translate(error, path)
      }
    }
    if (await hasFiles(opened, this.#names, path, signal)) return directory
    throw new PathNotFoundError(path)
  }

  async *list(path: string, { signal }: DriverCallOptions): AsyncGenerator<string> {
    const opened = await this.#client.open()
    yield* listKeys(opened, this.#names, path, signal)
  }

  async *walk(path: string, options: DriverWalkOptions): AsyncGenerator<FileInfo> {
    const opened = await this.#client.open()
    yield* walkFiles(opened, this.#names, path, options)
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

  async locate(path: string): Promise<StoragePlace> {
    const { service, container } = await this.#client.open()
    return placeInBucket('azure', service.url, container.containerName, this.#names.prefix(path))
  }

  async *purgeUploads(
    path: string,
    { olderThan, dryRun, signal }: DriverPurgeOptions,
  ): AsyncGenerator<UploadInfo> {
    const opened = await this.#client.open()
    for await (const session of this.#sessions.find(opened, path, { signal })) {
      if (session.startedAt >= olderThan || this.#sessions.held.has(session.name)) continue
      if (!dryRun) {
        signal?.throwIfAborted()
        const blob = opened.container.getBlockBlobClient(session.name)
        await discard(blob, session.path, opened.failures, { signal })
      }
      yield { path: session.path, startedAt: session.startedAt }
    }
  }

  async close(): Promise<void> {
    this.#client.close()
  }
}
