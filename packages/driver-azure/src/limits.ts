/** Numbers of the service, from Microsoft's "Scalability and performance targets for Blob storage". */
export const MIB: number = 1024 * 1024
/** Of one Put Block, and of one Put Block From URL. */
export const MAX_BLOCK_SIZE: number = 4000 * MIB
/** Committed blocks of a blob. */
export const MAX_BLOCKS = 50_000
/** Largest source of a synchronous Copy Blob From URL. */
export const MAX_SYNC_COPY: number = 256 * MIB
/** Longest URL of a copy's source, with the right to read it in it. */
export const MAX_SOURCE_URL = 2048
/** Most subrequests of a Blob Batch. */
export const MAX_BATCH = 256
/** Most blobs in a page of a listing, and the default. */
export const MAX_PAGE = 5000

/**
 * The size of the block that begins at this offset. It grows with the file, so that 50,000 blocks are
 * enough: 8 MiB blocks stay so up to 40 GiB, and reach the service's largest at 20 TiB.
 */
export function blockSizeAt(offset: number, smallest: number): number {
  const wanted = offset / 5000
  return wanted <= smallest ? smallest : Math.min(MAX_BLOCK_SIZE, Math.ceil(wanted / MIB) * MIB)
}

/**
 * How many blocks may be under way while another one is filled: as many as asked for, fewer once
 * blocks have grown, so that the memory does not grow with them beyond two blocks.
 */
export function blocksUnderWay(size: number, smallest: number, concurrency: number): number {
  return Math.max(1, Math.floor((smallest * (concurrency + 1)) / size) - 1)
}

/** Bytes of one step of a server-side copy: few steps for small files, at most 10,000 for large ones. */
export function copyStep(size: number): number {
  return Math.min(MAX_BLOCK_SIZE, Math.max(64 * MIB, Math.ceil(size / 10_000 / MIB) * MIB))
}
