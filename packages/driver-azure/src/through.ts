import type { BlockBlobClient } from '@azure/storage-blob'
import { blockId } from './blocks.ts'
import { BlockBuffer } from './buffer.ts'
import type { Opened } from './client.ts'
import type { CopySettings, Original } from './copy.ts'
import { blockSizeAt } from './limits.ts'
import { readRange } from './reader.ts'
import { newWriterMark } from './sessions.ts'

/**
 * Stages a revision of a blob at another one by reading and writing it, for what the service cannot copy by itself: the
 * URL of a copy's source has at most 2 KiB. It holds one block. Gives the ids of the blocks.
 */
export async function stageThrough(
  { container, failures }: Opened,
  { name, path, size, etag }: Original,
  target: BlockBlobClient,
  { blockSize, signal }: CopySettings,
): Promise<string[]> {
  const ids: string[] = []
  if (size === 0) return ids
  const mark = newWriterMark()
  const source = { blob: container.getBlobClient(name), path, failures }
  const stream = await readRange(source, { start: 0, end: size, etag }, { signal })
  let sent = 0
  let buffer = new BlockBuffer()
  const send = async (): Promise<void> => {
    const id = blockId(mark, sent)
    const { length } = buffer
    await target.stageBlock(id, buffer.stream(), length, signal ? { abortSignal: signal } : {})
    ids.push(id)
    sent += length
    if (!buffer.reuse()) buffer = new BlockBuffer()
  }
  for await (const chunk of stream) {
    for (let rest = chunk as Buffer; rest.length > 0; ) {
      const full = blockSizeAt(sent, blockSize)
      rest = rest.subarray(buffer.fill(rest, full))
      if (buffer.length >= full) await send()
    }
  }
  if (buffer.length > 0) await send()
  return ids
}
