import type { BlockBlobClient } from '@azure/storage-blob'
import { DriverError, eachLimit, UnavailableError } from '@stowage/core/driver'
import { blockId } from './blocks.ts'
import type { Opened } from './client.ts'
import { codeOf, isNotFound } from './errors.ts'
import { copyStep, MAX_SOURCE_URL, MAX_SYNC_COPY } from './limits.ts'
import { type Kept, listOptions, syncOptions } from './properties.ts'
import { newWriterMark } from './sessions.ts'
import type { CopySource } from './source.ts'
import { stageThrough } from './through.ts'

/** One revision of a blob as the source of a copy. */
export interface Original {
  readonly name: string
  /** The caller's path, for errors. */
  readonly path: string
  /** Asked anew for each step: what gives the right to read may expire. */
  readonly source: () => Promise<CopySource>
  readonly size: number
  readonly etag: string
  /** Whether one request may copy it: not from another type of blob, nor with metadata of ours on it. */
  readonly asItIs: boolean
  readonly kept: Kept
}

/** How a copy is made. */
export interface CopySettings {
  readonly concurrency: number
  readonly blockSize: number
  /** Milliseconds that one step may take. */
  readonly copyTimeout: number
  readonly signal?: AbortSignal | undefined
}

/** How often a copy by blocks is made anew because somebody else's commit dropped its blocks. */
const COPY_ATTEMPTS = 5

/** Refusals of a service that cannot copy this blob by itself: it has no such step, or its URL is too long. */
const NOT_BY_ITSELF = new Set([
  'NotImplemented',
  'APINotImplemented',
  'FeatureNotSupportedForAccount',
  'InvalidBlobOrBlock',
  'OutOfRangeInput',
])

/**
 * Copies in one visible step: up to 256 MiB by one synchronous copy in the service, beyond that by blocks that one Put
 * Block List publishes. What the service cannot copy is read and written. Resolves to the copy's ETag.
 */
export async function copyInOneStep(
  opened: Opened,
  original: Original,
  target: string,
  settings: CopySettings,
): Promise<string | undefined> {
  return ontoBlockBlob(opened, target, async (blob) => {
    const through: Stage = () => stageThrough(opened, original, blob, settings)
    const { url } = await original.source()
    if (url.length > MAX_SOURCE_URL) return copyByBlocks(opened, blob, original, settings, through)
    try {
      if (original.asItIs && original.size <= MAX_SYNC_COPY) {
        return await copyAtOnce(blob, original, settings)
      }
      const stage: Stage = () => stageFromSource(blob, original, settings)
      return await copyByBlocks(opened, blob, original, settings, stage)
    } catch (error) {
      if (!NOT_BY_ITSELF.has(codeOf(error))) throw error
      return copyByBlocks(opened, blob, original, settings, through)
    }
  })
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
  { source, etag, kept }: Original,
  settings: CopySettings,
): Promise<string | undefined> {
  const { url, authorization } = await source()
  settings.signal?.throwIfAborted()
  const { copyStatus, etag: copied } = await inTime(settings, (abortSignal) =>
    blob.syncCopyFromURL(url, {
      ...authorization,
      ...syncOptions(kept),
      abortSignal,
      sourceConditions: { ifMatch: etag },
    }),
  )
  if (copyStatus !== undefined && copyStatus !== 'success') {
    throw new DriverError(`a synchronous copy ended as ${copyStatus}`)
  }
  return copied
}

/** Stages all blocks of a copy at the target, and gives their ids. */
type Stage = () => Promise<string[]>

async function copyByBlocks(
  { container }: Opened,
  blob: BlockBlobClient,
  { name, etag, kept }: Original,
  { signal }: CopySettings,
  stage: Stage,
): Promise<string | undefined> {
  const abort = signal ? { abortSignal: signal } : {}
  for (let attempt = 1; ; attempt++) {
    const blocks = await stage()
    const options = await listOptions(kept, abort)
    // The SDK has no condition for the steps: if the source is the same now, it was so all the time.
    await container.getBlobClient(name).getProperties({ ...abort, conditions: { ifMatch: etag } })
    signal?.throwIfAborted()
    try {
      return (await blob.commitBlockList(blocks, options)).etag
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

/** What became of the source of a copy that was refused: the service's refusal alone is no proof. */
export async function sourceNow(
  { container }: Opened,
  { name, etag }: Pick<Original, 'name' | 'etag'>,
): Promise<'same' | 'replaced' | 'gone' | 'unknown'> {
  try {
    const found = await container.getBlobClient(name).getProperties()
    return found.etag === etag ? 'same' : 'replaced'
  } catch (error) {
    return isNotFound(error) ? 'gone' : 'unknown'
  }
}
