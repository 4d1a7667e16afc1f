import { DriverError } from '@stowage/core/driver'

const MIB = 1024 * 1024

/** How a service wants the parts of an upload. */
export interface PartLimits {
  /** Bytes of the first parts, as the user has set them. Memory and capacity depend on it. */
  readonly size: number
  /** Bytes of the largest part that the service takes. */
  readonly maxSize: number
  /** Most parts of an upload. */
  readonly maxCount: number
  /** All parts but the last one have the same size. */
  readonly equal?: boolean | undefined
  /** The parameter that sets `size`, for the error of an upload that needs too many parts. */
  readonly parameter: string
}

/**
 * Bytes of the part that begins at the offset. From a tenth of the parts on, each is as large as the average of so
 * many before it: a small part size, which is what memory depends on, does not limit the file.
 */
export function partSize(offset: number, { size, maxSize, maxCount, equal }: PartLimits): number {
  const wanted = (offset * 10) / maxCount
  if (equal || wanted <= size) return size
  return Math.min(maxSize, Math.ceil(wanted / MIB) * MIB)
}

/** Bytes that an upload can hold. */
export function capacity(limits: PartLimits): number {
  let offset = 0
  for (let i = 0; i < limits.maxCount; i++) offset += partSize(offset, limits)
  return offset
}

/**
 * Parts that may be under way while the one at the offset is filled: as many as asked for, fewer where parts have
 * grown, so that memory does not grow beyond two of them.
 */
export function partsUnderWay(offset: number, limits: PartLimits, concurrency: number): number {
  const bytes = limits.size * (concurrency + 1)
  return Math.max(1, Math.floor(bytes / partSize(offset, limits)) - 1)
}

/** @throws DriverError where an upload cannot have a part of that number. */
export function checkPartNumber(
  number: number,
  path: string,
  { maxCount, parameter, size }: PartLimits,
): void {
  if (number <= maxCount) return
  throw new DriverError(`an upload has at most ${maxCount} parts`, {
    path,
    detail: `set a ${parameter} above ${size}`,
  })
}
