import { isStorageError } from '@stowage/core/driver'
import type { BlockBuffer } from './buffer.ts'
import { copyInOneStep, ontoBlockBlob, sourceNow } from './copy.ts'
import { isConditionFailure, isSourceGone } from './errors.ts'
import { type Kept, uploadOptions } from './properties.ts'
import { copySource } from './source.ts'
import { timeMetadata } from './times.ts'
import type { WriterContext } from './writer.ts'

/** An upload whose blocks are all committed on its own blob. */
export interface Staged {
  readonly name: string
  readonly etag: string
  readonly size: number
  /** Whether no mark of a writer is on the blob, which must not come along. */
  readonly sealed: boolean
}

/** Says that the staged blob is gone, or is another writer's. */
export class StagedBlobGone extends Error {}

/** What a file that is written has besides its bytes. */
function written({ modTime, settings }: Pick<WriterContext, 'modTime' | 'settings'>): Kept {
  return { metadata: modTime && timeMetadata(modTime), tier: settings.accessTier }
}

/** The whole file in one request. */
export async function putBlob(
  context: Pick<WriterContext, 'opened' | 'settings' | 'modTime' | 'signal'>,
  name: string,
  body: Uint8Array | BlockBuffer,
): Promise<void> {
  const { opened, signal } = context
  signal?.throwIfAborted()
  const options = { ...(signal && { abortSignal: signal }), ...uploadOptions(written(context)) }
  await ontoBlockBlob(opened, name, (blob) =>
    blob.upload(body instanceof Uint8Array ? body : body.body(), body.length, options),
  )
}

/**
 * Copies a staged upload to its path.
 * @throws StagedBlobGone only where the service says so: everything else can be tried again.
 */
export async function publish(context: WriterContext, staged: Staged): Promise<void> {
  const { client, opened, sessions, settings, path, signal } = context
  const { sealed, ...rest } = staged
  const kept = written(context)
  const original = {
    ...{ ...rest, path, kept },
    source: () => copySource(client, opened, staged.name),
    asItIs: sealed || kept.metadata !== undefined,
  }
  try {
    await copyInOneStep(opened, original, sessions.names.key(path), { ...settings, signal })
  } catch (error) {
    const changed = isSourceGone(error) || isConditionFailure(error)
    if (changed || isStorageError(error, 'REVISION_CHANGED')) {
      const now = await sourceNow(opened, original)
      if (now === 'replaced' || now === 'gone') throw new StagedBlobGone(now, { cause: error })
    }
    throw error
  }
}
