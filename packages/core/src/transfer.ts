import type { Hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { raceSignal } from './abort.ts'
import type { FileWriter, OperationOptions, StorageDriver } from './driver.ts'
import { ContentError, isStorageError } from './errors.ts'
import { bytesOf } from './sources.ts'
import { giveUp, openWriter } from './streams.ts'

export interface TransferOptions extends OperationOptions {
  /**
   * Continue an unfinished upload at the destination, and leave one when this is interrupted. What is
   * there already is read from the source again, so that the checksum covers everything, but not sent.
   */
  resume?: boolean | undefined
  /**
   * Read the destination back and compare checksums. Default: only where an upload was continued, as
   * nobody knows whose it was.
   */
  verify?: boolean | undefined
  /** Called as bytes are stored, and at the end. An exception in it is a failure. */
  onProgress?: ((progress: TransferProgress) => void) | undefined
}

/** How far a transfer has come. */
export interface TransferProgress {
  /** Bytes at the destination, those of an earlier run included. */
  readonly bytes: number
  /** Size of the source. */
  readonly total: number
}

/** What a transfer has stored. */
export interface TransferResult {
  /** Size of the file. */
  readonly bytes: number
  /** SHA-256 of the source's bytes as they were read, in hexadecimal. */
  readonly sha256: string
  /** Bytes that an earlier run had left at the destination and that were not sent again. */
  readonly resumedAt: number
  /** Whether the destination was read back and found equal. */
  readonly verified: boolean
}

/** A file to be read from its start, as often as it takes. */
export interface TransferSource {
  readonly size: number
  open(): Promise<Readable>
}

/**
 * Brings a source to a path, with the rules of copy and uploadFile.
 * @throws ContentError where the source gave other than its size, or where the destination differs.
 */
export async function transfer(
  source: TransferSource,
  to: StorageDriver,
  path: string,
  options: TransferOptions,
): Promise<TransferResult> {
  const first = await send(source, to, path, options)
  if (!(options.verify ?? first.resumedAt > 0)) return first
  if (await matches(first, to, path, options)) return { ...first, verified: true }
  // An upload of something else was continued: what we know to be right goes there instead.
  const second =
    first.resumedAt > 0 ? await send(source, to, path, { ...options, fresh: true }) : undefined
  if (second && (await matches(second, to, path, options))) return { ...second, verified: true }
  throw new ContentError('what was stored differs from the source', { driver: to.name, path })
}

interface SendOptions extends TransferOptions {
  fresh?: boolean
}

async function send(
  source: TransferSource,
  to: StorageDriver,
  path: string,
  options: SendOptions,
): Promise<TransferResult> {
  const { signal, resume: keep = false } = options
  const hash = await sha256()
  const writer = await openAt(source, to, path, options)
  const resumedAt = writer.size
  try {
    await pump(source, writer, hash, options)
    await raceSignal(writer.commit(), signal)
  } catch (error) {
    await giveUp(writer, { keep, signal })
    throw error
  }
  return { bytes: source.size, sha256: hash.digest('hex'), resumedAt, verified: false }
}

/** A writer that continues an unfinished upload where that is wanted and possible, else a new one. */
async function openAt(
  source: TransferSource,
  to: StorageDriver,
  path: string,
  { resume: keep = false, fresh = false, signal }: SendOptions,
): Promise<FileWriter> {
  if (keep && !fresh && to.capabilities.append) {
    try {
      const writer = await openWriter(to, path, { append: true, keep, signal })
      if (writer.size <= source.size) return writer
      await writer.cancel()
    } catch (error) {
      const nothing =
        isStorageError(error, 'PATH_NOT_FOUND') || isStorageError(error, 'UNSUPPORTED_METHOD')
      if (!nothing) throw error
    }
  }
  return openWriter(to, path, { keep, signal })
}

/** Reads the whole source, and writes what the writer does not have yet. */
async function pump(
  source: TransferSource,
  writer: FileWriter,
  hash: Hash,
  { signal, onProgress }: TransferOptions,
): Promise<void> {
  const { size: total } = source
  const { size: start } = writer
  let bytes = 0
  const readable = await raceSignal(source.open(), signal, (late) => late.destroy())
  for await (const chunk of bytesOf(readable, signal)) {
    hash.update(chunk)
    const missing = chunk.subarray(Math.min(Math.max(start - bytes, 0), chunk.length))
    bytes += chunk.length
    if (missing.length === 0) continue
    await raceSignal(writer.write(missing), signal)
    onProgress?.({ bytes, total })
  }
  if (bytes !== total || writer.size !== total) {
    throw new ContentError(`the source gave ${bytes} bytes instead of ${total}`, {
      path: writer.path,
    })
  }
  if (start === total) onProgress?.({ bytes, total })
}

async function matches(
  { bytes, sha256: expected }: TransferResult,
  to: StorageDriver,
  path: string,
  { signal }: TransferOptions,
): Promise<boolean> {
  const hash = await sha256()
  let length = 0
  for await (const chunk of bytesOf(await to.reader(path, { signal }), signal)) {
    hash.update(chunk)
    length += chunk.length
  }
  return length === bytes && hash.digest('hex') === expected
}

async function sha256(): Promise<Hash> {
  // Loaded when it is needed: it would be the greater part of the time that core takes to load.
  const { createHash } = await import('node:crypto')
  return createHash('sha256')
}
