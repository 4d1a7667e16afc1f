import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import {
  type Capabilities,
  ContentError,
  type Driver,
  type DriverCallOptions,
  type DriverPurgeOptions,
  type DriverPutOptions,
  type DriverReaderOptions,
  type DriverWalkOptions,
  type DriverWriter,
  type DriverWriterOptions,
  type FileInfo,
  InvalidOffsetError,
  isStorageError,
  Limiter,
  PathNotFoundError,
  type StoragePlace,
  UnsupportedMethodError,
  type UploadInfo,
} from '@stowage/core/driver'
import { attributesAt, setAttributes } from './attributes.ts'
import { capabilitiesOn } from './capabilities.ts'
import { mustBeGone, storageError, translated } from './errors.ts'
import { type FileSystem, readAll } from './file-system.ts'
import { gated } from './gate.ts'
import { Mover } from './move.ts'
import { checkNames, NameRules } from './names.ts'
import { CONFINES, nodeFileSystem } from './node-file-system.ts'
import { openFile } from './open-file.ts'
import type { Settings } from './parameters.ts'
import { Publisher } from './publish.ts'
import { FileReader } from './reader.ts'
import { NOTHING, type Removal, removeAll } from './remove.ts'
import { Root } from './root.ts'
import { type Session, Sessions } from './sessions.ts'
import { statAt } from './stat.ts'
import { Temporary } from './temporary.ts'
import { Tree } from './tree.ts'
import { lookAtVolume } from './volume.ts'
import { listKeys, walkFiles } from './walk.ts'
import { FsWriter } from './writer.ts'

/** What a test may put in the place of the real thing. */
export interface Surroundings {
  readonly system?: FileSystem
  readonly platform?: NodeJS.Platform
  /** Whether no call of the file system follows a link on the way to its path. */
  readonly isConfined?: boolean
}

/** A directory of the local file system. */
export class FsDriver implements Driver {
  readonly name = 'filesystem'
  readonly #rules: NameRules
  readonly #platform: NodeJS.Platform
  readonly #system: FileSystem
  readonly #settings: Settings
  /** Thousands of puts at once wait here with little memory each, not between their calls of the file system. */
  readonly #puts: Limiter
  readonly #root: Root
  readonly #tree: Tree
  readonly #temporary: Temporary
  readonly #sessions: Sessions
  readonly #publisher: Publisher
  readonly #mover: Mover

  constructor(settings: Settings, surroundings: Surroundings = {}) {
    const { system = nodeFileSystem, platform = process.platform } = surroundings
    const { isConfined = CONFINES } = surroundings
    this.#settings = settings
    this.#puts = new Limiter(settings.maxThreads)
    this.#rules = new NameRules(platform)
    this.#platform = platform
    this.#system = gated(system, settings.maxThreads, platform)
    const root = new Root(this.#system, settings, this.#rules, isConfined)
    const tree = new Tree(root)
    const temporary = new Temporary(root)
    const publisher = new Publisher(root, tree, temporary)
    this.#root = root
    this.#tree = tree
    this.#temporary = temporary
    this.#publisher = publisher
    this.#sessions = new Sessions(root, temporary)
    this.#mover = new Mover({ root, tree, publisher, temporary })
  }

  /** A driver that has looked at the root's volume, as far as it is there. */
  static async open(settings: Settings, surroundings: Surroundings = {}): Promise<FsDriver> {
    const driver = new FsDriver(settings, surroundings)
    if (!(await driver.#lookAtVolume())) {
      driver.#root.onMade = async () => void (await driver.#lookAtVolume())
    }
    return driver
  }

  async #lookAtVolume(): Promise<boolean> {
    const { volume, isLocal, isFinal } = await lookAtVolume(this.#root, this.#platform)
    this.#rules.volume = volume
    this.#root.isLocal = isLocal
    return isFinal
  }

  get capabilities(): Partial<Capabilities> {
    return capabilitiesOn(this.#rules)
  }

  getContent(path: string): Promise<Uint8Array> {
    return this.#do(path, 'read', async () => {
      const { fd, stats } = await openFile(this.#root, this.#tree, path)
      try {
        const content = Buffer.allocUnsafeSlow(stats.size)
        const read = await readAll(this.#system, fd, content, 0)
        if (read < stats.size) throw new ContentError('the file has become shorter', { path })
        return content
      } finally {
        await this.#system.close(fd)
      }
    })
  }

  putContent(
    path: string,
    content: Uint8Array,
    { signal, modTime }: DriverPutOptions,
  ): Promise<void> {
    return this.#puts.run(() => this.#put(path, content, { signal, modTime }))
  }

  #put(path: string, content: Uint8Array, { signal, modTime }: DriverPutOptions): Promise<void> {
    return this.#do(path, 'write', async () => {
      const root = await this.#root.make()
      const parent = this.#publisher.hasParent(root, path)
      parent.catch(() => {})
      const attributes = attributesAt(this.#root, root, path)
      attributes.catch(() => {})
      const { file, fd } = await this.#temporary.create(path)
      try {
        await this.#temporary.fill(fd, content, async () => {
          await setAttributes(this.#root, fd, await attributes, modTime)
        })
        await this.#publisher.publish(file, path, signal, parent)
      } catch (error) {
        await this.#temporary.remove(file)
        throw error
      }
      await this.#publisher.sync(root, path)
    })
  }

  reader(path: string, { offset, length }: DriverReaderOptions): Promise<Readable> {
    return this.#do(path, 'read', async () => {
      const { fd, stats } = await openFile(this.#root, this.#tree, path)
      if (offset > stats.size) {
        await this.#system.close(fd)
        throw new InvalidOffsetError(path, offset)
      }
      const end = Math.min(stats.size, offset + (length ?? stats.size))
      const { chunkSize } = this.#settings
      return new FileReader(this.#system, fd, { path, start: offset, end, chunkSize })
    })
  }

  writer(path: string, { append, signal, modTime }: DriverWriterOptions): Promise<DriverWriter> {
    return this.#do(path, 'write', async () => {
      const session = append ? await this.#resume(path) : await this.#begin(path)
      const parts = { root: this.#root, sessions: this.#sessions, publisher: this.#publisher }
      return new FsWriter(parts, session, { signal, modTime })
    })
  }

  async #begin(path: string): Promise<Session> {
    await this.#publisher.look(await this.#root.make(), path)
    return await this.#sessions.begin(path)
  }

  async #resume(path: string): Promise<Session> {
    const session = await this.#sessions.claim(path)
    if (session !== undefined) return session
    const { size } = await translated(path, 'read', () => this.#stat(path))
    if (size > 0) {
      const detail = 'committed content cannot be appended to'
      throw new UnsupportedMethodError({ path, detail })
    }
    return await this.#sessions.begin(path)
  }

  stat(path: string): Promise<FileInfo> {
    return this.#do(path, 'read', () => statAt(this.#root, this.#tree, path))
  }

  async #stat(path: string): Promise<FileInfo> {
    const info = await this.stat(path)
    if (info.isDir) throw new PathNotFoundError(path)
    return info
  }

  async *list(path: string): AsyncGenerator<string> {
    checkNames(path, this.#rules)
    try {
      const root = await this.#root.find()
      if (root !== undefined && (await this.#root.reaches(root + withoutSlash(path)))) {
        yield* listKeys(this.#tree, root, path)
      }
      await this.#root.mustBeThere()
    } catch (error) {
      throw storageError(error, path, 'read')
    }
  }

  async *walk(path: string, options: DriverWalkOptions): AsyncGenerator<FileInfo> {
    checkNames(path, this.#rules)
    try {
      const root = await this.#root.find()
      if (root !== undefined && (await this.#root.reaches(root + withoutSlash(path)))) {
        yield* walkFiles(this.#root, this.#tree, root, path, options)
      }
      await this.#root.mustBeThere()
    } catch (error) {
      throw storageError(error, path, 'read')
    }
  }

  move(source: string, destination: string, { signal }: DriverCallOptions): Promise<void> {
    return this.#do(destination, 'write', () => {
      checkNames(source, this.#rules)
      return this.#mover.move(source, destination, signal)
    })
  }

  delete(path: string, { signal }: DriverCallOptions): Promise<void> {
    return this.#do(path, 'write', async () => {
      const root = await this.#root.find()
      if (root === undefined) throw new PathNotFoundError(path)
      const shown = await this.#root.shows(dirname(root + path))
      const uploads = await this.#sessions.remove(root, path, signal)
      const files = shown ? await removeAll(this.#system, root + path, signal) : NOTHING
      await this.#sessions.prune(root, path)
      if (shown) await this.#root.prune(dirname(root + path), root)
      mustBeGone([uploads, files], root)
      if (uploads.files + files.files === 0) throw new PathNotFoundError(path)
    })
  }

  async *purgeUploads(path: string, options: DriverPurgeOptions): AsyncGenerator<UploadInfo> {
    checkNames(path, this.#rules)
    try {
      const root = await this.#root.find()
      await this.#root.mustBeThere()
      if (root === undefined) return
      const errors: Removal['errors'][number][] = []
      yield* this.#sessions.purge(root, path, options, errors)
      if (path === '/' && !options.dryRun) {
        await this.#temporary.purge(root, options)
        await this.#root.pruneStaging(root)
      }
      if (errors.length === 1) throw errors[0]?.error
      mustBeGone([{ files: 0, errors }], root)
    } catch (error) {
      throw storageError(error, path, 'write')
    }
  }

  locate(path: string): Promise<StoragePlace> {
    return this.#do(path, 'read', () => this.#root.locate(path))
  }

  /** Removes the directories of staging in which nothing is: a directory without uploads is left as it was. */
  async close(): Promise<void> {
    const root = await this.#root.find().catch(() => undefined)
    if (root !== undefined) await this.#root.pruneStaging(root)
    await this.#system.forget()
  }

  #do<T>(path: string, purpose: 'read' | 'write', steps: () => Promise<T>): Promise<T> {
    return translated(path, purpose, async () => {
      checkNames(path, this.#rules)
      try {
        return await steps()
      } catch (error) {
        const cause = storageError(error, path, purpose)
        if (isStorageError(cause, 'PATH_NOT_FOUND')) await this.#root.mustBeThere()
        throw error
      }
    })
  }
}

function withoutSlash(path: string): string {
  return path === '/' ? '' : path
}
