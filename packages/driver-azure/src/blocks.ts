import type { Block, BlockList } from '@azure/storage-blob'
import { DriverError } from '@stowage/core/driver'
import { parseSize } from '@stowage/driver-kit'

/** A staged block: who staged it, and where its bytes belong. */
export interface StagedBlock {
  /** The block's id as the service wants it. */
  readonly id: string
  readonly offset: number
  readonly size: number
}

/** What a session's blob holds, as far as it is whole from the first byte on. */
export interface SessionState {
  readonly blocks: readonly StagedBlock[]
  readonly size: number
  /** Whether blocks are there that lead nowhere: a removed session whose writer went on. */
  readonly broken: boolean
}

/**
 * The id of a block: the mark of the writer that stages it, and its offset. It is the same for each
 * attempt, so that a repeated one changes nothing, and ids of all blocks have the same length, as the
 * service demands.
 */
export function blockId(writer: string, offset: number): string {
  return Buffer.from(writer + offset.toString(16).padStart(12, '0')).toString('base64')
}

interface Parsed extends StagedBlock {
  readonly writer: string
}

function parse({ name, size }: Block): Parsed | undefined {
  if (parseSize(size) === undefined)
    throw new DriverError('Get Block List: a block has a size that is not a number of bytes')
  const match = /^([0-9a-f]{8})([0-9a-f]{12})$/.exec(Buffer.from(name, 'base64').toString('latin1'))
  return match?.[1] === undefined
    ? undefined
    : { id: name, writer: match[1], offset: Number.parseInt(match[2] ?? '', 16), size }
}

/**
 * Puts a session's bytes together. Committed blocks count as they are: a writer that takes the session
 * over commits what was there. Uncommitted ones count if they are of the writer that holds it: the one
 * named on the blob, else the one that committed last, else the only one there ever was.
 */
export function assemble(
  {
    committedBlocks = [],
    uncommittedBlocks = [],
  }: Pick<BlockList, 'committedBlocks' | 'uncommittedBlocks'>,
  holder: string | undefined,
): SessionState {
  const blocks: StagedBlock[] = []
  let size = 0
  let last: string | undefined
  for (const block of committedBlocks.map(parse)) {
    if (block === undefined) continue
    blocks.push(block)
    size += block.size
    last = block.writer
  }
  const writer = holder ?? last
  const loose = uncommittedBlocks
    .map(parse)
    .filter((block) => block !== undefined && (writer === undefined || block.writer === writer))
    .sort((a, b) => (a?.offset ?? 0) - (b?.offset ?? 0))
  for (const block of loose) {
    if (block === undefined || block.offset < size) continue
    if (block.offset > size) break
    blocks.push(block)
    size += block.size
  }
  return { blocks, size, broken: blocks.length === 0 && uncommittedBlocks.length > 0 }
}
