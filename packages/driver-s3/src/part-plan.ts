import { DriverError } from '@stowage/core/driver'

const MIB = 1024 * 1024

// Amazon's limits of a multipart upload: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
/** Smallest part that another one can follow. */
export const MIN_PART: number = 5 * MIB
export const MAX_PART: number = 5 * 1024 * MIB
/** Parts of one upload. */
export const MAX_PARTS = 10_000
/** After so many parts, the next ones are twice as large. */
const PARTS_OF_ONE_SIZE = 1000

/**
 * The size of the part with that number (from 1). It doubles every 1,000 parts up to the service's
 * 5 GiB, so that a small part size, which is what memory depends on, does not limit the file: from 10 MiB
 * on, 10,000 parts hold about 10 TiB, from 5 GiB on the service's maximum of 48.8 TiB. Where all parts
 * must be equal, they are.
 */
export function partSize(number: number, base: number, equalParts: boolean): number {
  if (equalParts) return base
  return Math.min(MAX_PART, base * 2 ** Math.floor((number - 1) / PARTS_OF_ONE_SIZE))
}

/** Bytes that an upload of that base size can hold. */
export function capacity(base: number, equalParts: boolean): number {
  let sum = 0
  for (let number = 1; number <= MAX_PARTS; number++) sum += partSize(number, base, equalParts)
  return sum
}

/** @throws DriverError where there are no more part numbers. */
export function checkPartNumber(number: number, path: string, chunkSize: number): void {
  if (number <= MAX_PARTS) return
  throw new DriverError(`an upload has at most ${MAX_PARTS} parts`, {
    path,
    detail: `set a chunkSize above ${chunkSize}`,
  })
}

/** The part size of a copy: as asked, or larger where the object would need too many parts. */
export function copyPartSize(size: number, asked: number): number {
  return Math.min(MAX_PART, Math.max(asked, Math.ceil(size / MAX_PARTS)))
}
