import type { BlockBlobClient } from '@azure/storage-blob'
import {
  DriverError,
  type DriverWriter,
  type HeldSession,
  isStorageError,
  UploadNotFoundError,
} from '@stowage/core/driver'
import { blockId, type StagedBlock } from './blocks.ts'
import { BlockBuffer } from './buffer.ts'
import type { AzureClient, Opened } from './client.ts'
import { codeOf, isConditionFailure, isNotFound } from './errors.ts'
import { blockSizeAt, blocksUnderWay, MAX_BLOCKS } from './limits.ts'
import type { AzureSettings } from './parameters.ts'
import { publish, putBlob, StagedBlobGone } from './publish.ts'
import { type Claim, discard, ids, newWriterMark, ownership, type Sessions } from './sessions.ts'

/** What a writer works with. */
export interface WriterContext {
  readonly client: AzureClient
  readonly opened: Opened
  readonly sessions: Sessions
  readonly settings: AzureSettings
  readonly path: string
  /** The time that the file is to keep. */
  readonly modTime?: Date | undefined
  readonly signal?: AbortSignal | undefined
}

/** A block that is on its way, or that could not be sent and waits for the next attempt. */
interface Pending {
  readonly block: StagedBlock
  readonly bytes: BlockBuffer
  task: Promise<void>
}

/**
 * One session. Its blocks are staged on a blob of its own beneath `.stowage/uploads`, where no other
 * commit can drop them. What fits into one block is never staged: it is one Put Blob at the commit.
 */
export class AzureWriter implements DriverWriter {
  readonly #context: WriterContext
  readonly #session: HeldSession
  readonly #writer: string
  readonly #staging: BlockBlobClient
  readonly #abort: { readonly abortSignal?: AbortSignal }
  readonly #blocks: StagedBlock[]
  readonly #pending = new Set<Pending>()
  /** Whether a block could not be sent since the last attempt to send all. */
  #failed = false
  #buffer = new BlockBuffer()
  /** Of blocks that are stored. New memory each time would be garbage for long, and costs the system to clear. */
  readonly #spare: BlockBuffer[] = []
  /** Bytes in blocks, sent or under way; the buffer's come after them. */
  #passed: number
  /** Of what is committed on the staging blob; undefined where nothing is. */
  #etag: string | undefined
  /** Whether blocks of this writer were sent since that commit. */
  #changed = false
  /** Whether the last commit on the staging blob left no mark of its writer there. */
  #sealed = false

  constructor(context: WriterContext, session: HeldSession, claim?: Claim) {
    this.#context = context
    this.#session = session
    this.#staging = context.opened.container.getBlockBlobClient(session.key)
    this.#writer = claim?.writer ?? newWriterMark()
    this.#blocks = [...(claim?.blocks ?? [])]
    this.#passed = claim?.size ?? 0
    this.#etag = claim?.etag
    this.#abort = context.signal ? { abortSignal: context.signal } : {}
  }

  get size(): number {
    return this.#passed + this.#buffer.length
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#mustExist()
    for (let rest = chunk; rest.length > 0; ) {
      const size = this.#blockSize
      // A full block waits for more bytes: until then the file may be a single Put Blob.
      if (this.#buffer.length >= size) await this.#pass()
      rest = rest.subarray(this.#buffer.fill(rest, this.#blockSize))
    }
  }

  async close(): Promise<void> {
    if (!this.#session.removed) {
      if (this.size === 0 && this.#etag === undefined) await this.#commitBlocks()
      else await this.#passAll()
    }
    this.#end()
  }

  async cancel(): Promise<void> {
    await Promise.allSettled([...this.#pending].map(({ task }) => task))
    if (this.#stored) await this.#discard()
    this.#end()
  }

  async commit(): Promise<void> {
    this.#mustExist()
    if (!this.#stored) await this.#putBlob()
    else await this.#commitStaged().catch((error: unknown) => this.#leaveNothing(error))
    this.#end()
  }

  async #commitStaged(): Promise<void> {
    await this.#passAll()
    await this.#seal()
    await this.#publish()
    // Published it is. A left-over session harms nobody, and purging removes it.
    await this.#staging.delete({ deleteSnapshots: 'include' }).catch(() => {})
  }

  /** Of a session that was removed, blocks may be there that came after that. */
  async #leaveNothing(error: unknown): Promise<never> {
    if (isStorageError(error, 'UPLOAD_NOT_FOUND')) {
      await this.#discard().catch(() => {})
    }
    throw error
  }

  #discard(): Promise<void> {
    const { path, opened } = this.#context
    const conditions = ownership(this.#etag)
    return discard(this.#staging, path, opened.failures, { conditions })
  }

  get #blockSize(): number {
    return blockSizeAt(this.#passed, this.#context.settings.blockSize)
  }

  /** Whether the service holds anything of this session. */
  get #stored(): boolean {
    return this.#etag !== undefined || this.#blocks.length > 0
  }

  #mustExist(): void {
    if (this.#session.removed) throw this.#gone('the upload was removed by a delete')
  }

  #gone(text: string, cause?: unknown): UploadNotFoundError {
    return new UploadNotFoundError(text, { path: this.#context.path, ...(cause ? { cause } : {}) })
  }

  #translate(error: unknown): unknown {
    return this.#context.opened.failures.translate(error, this.#context.path)
  }

  #end(): void {
    this.#session.release()
  }

  /** Sends the buffer as the next block, once there is room for one more under way. */
  async #pass(): Promise<void> {
    const { settings, path } = this.#context
    if (this.#blocks.length >= MAX_BLOCKS) {
      const detail = 'set a larger blockSize'
      throw new DriverError(`an upload has at most ${MAX_BLOCKS} blocks`, { path, detail })
    }
    const bytes = this.#buffer
    const allowed = blocksUnderWay(bytes.length, settings.blockSize, settings.concurrency)
    while (this.#pending.size >= allowed)
      await Promise.race([...this.#pending].map(({ task }) => task))
    this.#mustExist()
    const block = {
      id: blockId(this.#writer, this.#passed),
      offset: this.#passed,
      size: bytes.length,
    }
    const pending: Pending = { block, bytes, task: Promise.resolve() }
    this.#blocks.push(block)
    this.#passed += bytes.length
    this.#buffer = this.#spare.pop() ?? new BlockBuffer()
    this.#changed = true
    this.#pending.add(pending)
    this.#send(pending)
  }

  #send(pending: Pending): void {
    const { block, bytes } = pending
    // Not aborted: a block whose request is cut off may arrive after the session was discarded.
    const sent = this.#staging.stageBlock(block.id, bytes.stream(), block.size)
    pending.task = sent.then(
      () => {
        this.#pending.delete(pending)
        if (bytes.reuse()) this.#spare.push(bytes)
      },
      (error: unknown) => {
        this.#failed = true
        throw this.#translate(error)
      },
    )
    // Whoever waits for the task gets its error; nobody may wait.
    this.#session.track(pending.task)
  }

  /** Sends what is left, and again what could not be sent before, and waits for all. */
  async #passAll(): Promise<void> {
    if (this.#failed) {
      await Promise.allSettled([...this.#pending].map(({ task }) => task))
      this.#failed = false
      for (const pending of this.#pending) this.#send(pending)
    }
    if (this.#buffer.length > 0) await this.#pass()
    await Promise.all([...this.#pending].map(({ task }) => task))
  }

  /** The whole file in one request. */
  async #putBlob(): Promise<void> {
    const { sessions, path } = this.#context
    try {
      await putBlob(this.#context, sessions.names.key(path), this.#buffer)
    } catch (error) {
      throw this.#translate(error)
    }
  }

  /** Commits all blocks on the staging blob. Until then they would not outlive a week, nor be copied. */
  async #seal(): Promise<void> {
    if (!this.#changed) return
    this.#context.signal?.throwIfAborted()
    await this.#commitBlocks()
    this.#changed = false
    this.#sealed = true
  }

  async #commitBlocks(): Promise<void> {
    try {
      const request = this.#staging.commitBlockList(ids(this.#blocks), {
        ...this.#abort,
        conditions: ownership(this.#etag),
      })
      this.#session.track(request)
      this.#etag = (await request).etag
    } catch (error) {
      if (isConditionFailure(error)) {
        this.#etag = await this.#committedETag(error)
        return
      }
      const gone = isNotFound(error) || codeOf(error) === 'InvalidBlockList'
      throw gone ? this.#lost(error) : this.#translate(error)
    }
  }

  /**
   * The ETag of the staging blob if just our blocks are committed there: then an attempt of ours had
   * worked although its reply was lost. Their ids have our mark in them, so nobody else can have done it.
   */
  async #committedETag(refusal: unknown): Promise<string | undefined> {
    const list = await this.#staging.getBlockList('committed').catch((error: unknown) => {
      throw isNotFound(error) ? this.#lost(refusal) : this.#translate(error)
    })
    const found = (list.committedBlocks ?? []).map(({ name }) => name)
    const ours = ids(this.#blocks)
    if (found.length === ours.length && found.every((id, i) => id === ours[i])) return list.etag
    throw this.#lost(refusal)
  }

  #lost(error: unknown): UploadNotFoundError {
    const text = 'the upload was removed, has expired, or another writer continued it'
    return this.#gone(text, this.#translate(error))
  }

  async #publish(): Promise<void> {
    this.#mustExist()
    this.#context.signal?.throwIfAborted()
    try {
      await publish(this.#context, {
        ...{ name: this.#staging.name, etag: this.#etag ?? '' },
        ...{ size: this.#passed, sealed: this.#sealed },
      })
    } catch (error) {
      throw error instanceof StagedBlobGone ? this.#lost(error.cause) : this.#translate(error)
    }
  }
}
