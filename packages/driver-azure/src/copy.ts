import { setTimeout as delay } from 'node:timers/promises'
import type { BlockBlobClient } from '@azure/storage-blob'
import { DriverError, eachLimit, UnavailableError } from '@stowage/core'
import { blockId } from './blocks.ts'
import type { Opened } from './client.ts'
import { codeOf, statusOf } from './errors.ts'
import { copyStep, MAX_SYNC_COPY } from './limits.ts'
import { newWriterMark } from './sessions.ts'
import type { CopySource } from './source.ts'

/** One revision of a blob as the source of a copy. */
export interface Original {
  readonly name: string
  /** Asked anew for each step: what gives the right to read may expire. */
  readonly source: () => Promise<CopySource>
  readonly size: number
  readonly etag: string
  /** Whether one request may copy it with all its properties: not from another type of blob. */
  readonly asItIs: boolean
}

/** How a copy is made. */
export interface CopySettings {
  readonly concurrency: number
  /** Milliseconds that one step may take, or all of a copy that is polled. */
  readonly copyTimeout: number
  readonly retryDelay: number
  readonly signal?: AbortSignal | undefined
}

/** How often a copy by blocks is made anew because somebody else's commit dropped its blocks. */
const COPY_ATTEMPTS = 5

/**
 * Copies within the service, in one visible step: up to 256 MiB by one synchronous copy, beyond that by
 * blocks that one Put Block List publishes. Resolves to the copy's ETag.
 */
export async function copyInOneStep(
  opened: Opened,
  original: Original,
  target: string,
  settings: CopySettings,
): Promise<string | undefined> {
  return ontoBlockBlob(opened, target, (blob) =>
    original.asItIs && original.size <= MAX_SYNC_COPY
      ? copyAtOnce(blob, original, settings)
      : copyByBlocks(opened, blob, original, settings),
  )
}

/** Runs one step with a limit of time; nothing says whether the service goes on with it after that. */
async function inTime<T>(
  { copyTimeout, signal }: CopySettings,
  run: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(copyTimeout)
  try {
    return await run(signal ? AbortSignal.any([signal, deadline]) : deadline)
  } catch (error) {
    if (!deadline.aborted || signal?.aborted) throw error
    throw new UnavailableError(`a copy took longer than ${copyTimeout / 1000} s (copyTimeout)`)
  }
}

async function copyAtOnce(
  blob: BlockBlobClient,
  { source, etag }: Original,
  settings: CopySettings,
): Promise<string | undefined> {
  const { url, authorization } = await source()
  settings.signal?.throwIfAborted()
  const { copyStatus, etag: copied } = await inTime(settings, (abortSignal) =>
    blob.syncCopyFromURL(url, {
      ...authorization,
      abortSignal,
      sourceConditions: { ifMatch: etag },
    }),
  )
  if (copyStatus !== undefined && copyStatus !== 'success') {
    throw new DriverError(`a synchronous copy ended as ${copyStatus}`)
  }
  return copied
}

async function copyByBlocks(
  { container }: Opened,
  blob: BlockBlobClient,
  original: Original,
  settings: CopySettings,
): Promise<string | undefined> {
  const { signal } = settings
  const abort = signal ? { abortSignal: signal } : {}
  const conditions = { ifMatch: original.etag }
  for (let attempt = 1; ; attempt++) {
    const blocks = await stageFromSource(blob, original, settings)
    // The SDK has no condition for the steps: if the source is the same now, it was so all the time.
    await container.getBlobClient(original.name).getProperties({ ...abort, conditions })
    signal?.throwIfAborted()
    try {
      return (await blob.commitBlockList(blocks, abort)).etag
    } catch (error) {
      // Another commit at the target, of whoever, drops all blocks that are not its own.
      if (codeOf(error) !== 'InvalidBlockList' || attempt >= COPY_ATTEMPTS) throw error
    }
  }
}

async function stageFromSource(
  blob: BlockBlobClient,
  { source, size }: Original,
  settings: CopySettings,
): Promise<string[]> {
  const mark = newWriterMark()
  const step = copyStep(size)
  const offsets = Array.from({ length: Math.ceil(size / step) }, (_, i) => i * step)
  await eachLimit(offsets, settings.concurrency, async (offset) => {
    const count = Math.min(step, size - offset)
    const { url, authorization } = await source()
    await inTime(settings, (abortSignal) =>
      blob.stageBlockFromURL(blockId(mark, offset), url, offset, count, {
        ...authorization,
        abortSignal,
      }),
    )
  })
  return offsets.map((offset) => blockId(mark, offset))
}

/**
 * Runs what makes a block blob. Where a blob of another type is in the way (the original driver's
 * append blobs), the service refuses; that blob is removed then, if it is still the same, and it runs again.
 */
export async function ontoBlockBlob<T>(
  { container }: Opened,
  name: string,
  run: (blob: BlockBlobClient) => Promise<T>,
): Promise<T> {
  const blob = container.getBlockBlobClient(name)
  try {
    return await run(blob)
  } catch (error) {
    if (codeOf(error) !== 'InvalidBlobType') throw error
    const { blobType, etag = '' } = await blob.getProperties()
    if (blobType === 'BlockBlob') throw error
    await blob.delete({ deleteSnapshots: 'include', conditions: { ifMatch: etag } })
    return await run(blob)
  }
}

/** Refusals of a copy by blocks that say nothing against an asynchronous one. */
const NOT_BY_BLOCKS = ['NotImplemented', 'FeatureNotSupportedForAccount', 'InvalidBlobOrBlock']

/** Whether the service has no copy in one step for this blob. */
export function cannotCopyInOneStep(error: unknown): boolean {
  return statusOf(error) === 501 || NOT_BY_BLOCKS.includes(codeOf(error))
}

/**
 * Copies by the service's asynchronous Copy Blob, and polls until it is done. While it is pending, the
 * target is there and not whole: only for services that have nothing better. A copy that fails or takes
 * too long is ended, and what it left is removed.
 */
export async function copyAndPoll(
  { container }: Opened,
  { source, etag }: Original,
  target: string,
  { copyTimeout, retryDelay, signal }: CopySettings,
): Promise<void> {
  const blob = container.getBlockBlobClient(target)
  const abort = signal ? { abortSignal: signal } : {}
  const until = Date.now() + copyTimeout
  const { url } = await source()
  const poller = await blob.beginCopyFromURL(url, {
    ...abort,
    sourceConditions: { ifMatch: etag },
  })
  const { copyId } = poller.getOperationState() as { copyId?: string }
  try {
    for (let attempt = 1; ; attempt++) {
      const state = await blob.getProperties(abort)
      if (state.copyId !== copyId) throw new DriverError('another copy to the same blob took over')
      if (state.copyStatus === 'success') return
      if (state.copyStatus !== 'pending') {
        throw new DriverError(
          `failed to move blob: ${state.copyStatusDescription ?? state.copyStatus}`,
        )
      }
      if (Date.now() >= until) {
        throw new UnavailableError(`the copy is pending for ${copyTimeout / 1000} s (copyTimeout)`)
      }
      await delay(
        Math.min(retryDelay * attempt, 5000, Math.max(0, until - Date.now())),
        undefined,
        {
          ...(signal && { signal }),
        },
      )
    }
  } catch (error) {
    await abandon(blob, copyId)
    throw error
  }
}

/** Ends the copy and removes what it left, as far as that is ours. */
async function abandon(blob: BlockBlobClient, copyId: string | undefined): Promise<void> {
  try {
    if (copyId !== undefined) await blob.abortCopyFromURL(copyId).catch(() => {})
    const state = await blob.getProperties()
    if (state.copyId !== copyId || state.copyStatus === 'success') return
    await blob.delete({ conditions: { ifMatch: state.etag ?? '' } })
  } catch {
    // The error that led here says more.
  }
}
