import type { Hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { raceSignal } from '../abort.ts'
import { ContentError, isStorageError, RevisionChangedError } from '../errors.ts'
import type { FileWriter, OperationOptions, StorageDriver } from '../storage-driver.ts'
import { bytesOf, openSource } from './sources.ts'
import { giveUp, openWriter } from './streams.ts'

export interface TransferOptions extends OperationOptions {
  /**
   * Continue an unfinished upload at the destination, and leave one when this is interrupted. What is
   * there already is read from the source again, so that the checksum covers everything, but not sent.
   */
  resume?: boolean | undefined
  /**
   * Read the destination back and compare checksums. Default: only where an upload was continued, as
   * its first bytes may be those of another source.
   */
  verify?: boolean | undefined
  /** Give the copy the time of its source, where the destination keeps times. Default true. */
  keepTime?: boolean | undefined
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
  /** Names the source in errors. */
  readonly path: string
  /** The driver's name, where it is in a storage. */
  readonly driver?: string | undefined
  /** A read gives one revision even while others write, so the source needs no second look. */
  readonly isPinned?: boolean | undefined
  /** Looks at the file as it is now. @throws where no file is there. */
  stat(): Promise<Revision>
  /** Opens the file as it was looked at. */
  open(revision: Revision): Promise<Readable>
}

/** What tells one content of a file from the next one. */
export interface Revision {
  readonly size: number
  readonly modTime: Date
}

/** How often a file is read that changes while it is read. */
const ATTEMPTS = 3

/**
 * File systems give times in steps of up to 10 ms: a change within the step of an earlier one is not seen. So
 * a file that was changed just now is looked at again after that time.
 */
const TIME_STEP_MS = 20

/**
 * Brings a source to a path, with the rules of copy and uploadFile. What is published was read from one
 * revision of the source.
 * @throws ContentError where the source gave other than its size, or where the destination differs.
 * @throws RevisionChangedError where the source changed during each attempt.
 */
export async function transfer(
  source: TransferSource,
  to: StorageDriver,
  path: string,
  options: TransferOptions,
): Promise<TransferResult> {
  for (let attempt = 1; ; attempt++) {
    const revision = await settled(source, options.signal)
    try {
      return await transferOnce({ source, revision }, to, path, {
        ...options,
        // What an earlier attempt has stored is of another revision.
        fresh: attempt > 1,
      })
    } catch (error) {
      if (!(error instanceof ChangedSource)) throw error
      if (attempt === ATTEMPTS) throw error.error
    }
  }
}

/** The source was changed while it was read: what was read is not to be published. */
class ChangedSource extends Error {
  readonly error: RevisionChangedError
  constructor(error: RevisionChangedError) {
    super(error.message)
    this.error = error
  }
}

/** The source once its time can tell a change from now on. */
async function settled(source: TransferSource, signal: AbortSignal | undefined): Promise<Revision> {
  const revision = await raceSignal(source.stat(), signal)
  const age = Date.now() - revision.modTime.getTime()
  if (age < 0 || age >= TIME_STEP_MS) return revision
  await raceSignal(new Promise((resolve) => setTimeout(resolve, TIME_STEP_MS - age)), signal)
  return raceSignal(source.stat(), signal)
}

/** One revision of a source. */
interface Pinned {
  readonly source: TransferSource
  readonly revision: Revision
}

async function mustBeUnchanged(
  { source, revision }: Pinned,
  signal: AbortSignal | undefined,
): Promise<void> {
  const now = await raceSignal(source.stat(), signal)
  const isSame = now.size === revision.size && now.modTime.getTime() === revision.modTime.getTime()
  if (!isSame) throw changed(source)
}

function changed({ path, driver }: TransferSource, cause?: unknown): ChangedSource {
  const message = `${path} was changed while it was copied`
  return new ChangedSource(new RevisionChangedError(message, { driver, path, cause }))
}

async function transferOnce(
  pinned: Pinned,
  to: StorageDriver,
  path: string,
  options: SendOptions,
): Promise<TransferResult> {
  const first = await send(pinned, to, path, options)
  if (!(options.verify ?? first.resumedAt > 0)) return first
  const verified = async (sent: TransferResult): Promise<boolean> => {
    if (!(await matches(sent, to, path, options))) return false
    await mustBeUnchanged(pinned, options.signal)
    return true
  }
  if (await verified(first)) return { ...first, verified: true }
  // An upload of something else was continued: what we know to be right goes there instead.
  const second =
    first.resumedAt > 0 ? await send(pinned, to, path, { ...options, fresh: true }) : undefined
  if (second && (await verified(second))) return { ...second, verified: true }
  throw new ContentError('what was stored differs from the source', { driver: to.name, path })
}

interface SendOptions extends TransferOptions {
  fresh?: boolean
}

async function send(
  pinned: Pinned,
  to: StorageDriver,
  path: string,
  options: SendOptions,
): Promise<TransferResult> {
  const { signal, resume: keep = false } = options
  const hash = await sha256()
  const writer = await openAt(pinned.revision, to, path, options)
  const resumedAt = writer.size
  try {
    await pump(pinned, writer, hash, options)
    await raceSignal(writer.commit(), signal)
  } catch (error) {
    await giveUp(writer, { keep: keep && !(error instanceof ChangedSource), signal })
    throw error
  }
  return { bytes: pinned.revision.size, sha256: hash.digest('hex'), resumedAt, verified: false }
}

/** A writer that continues an unfinished upload where that is wanted and possible, else a new one. */
async function openAt(
  source: Revision,
  to: StorageDriver,
  path: string,
  { resume: keep = false, fresh = false, keepTime = true, signal }: SendOptions,
): Promise<FileWriter> {
  const modTime = keepTime && to.capabilities.modTimes ? source.modTime : undefined
  if (keep && !fresh && to.capabilities.append) {
    try {
      const writer = await openWriter(to, path, { append: true, keep, modTime, signal })
      if (writer.size <= source.size) return writer
      await writer.cancel()
    } catch (error) {
      const nothing =
        isStorageError(error, 'PATH_NOT_FOUND') || isStorageError(error, 'UNSUPPORTED_METHOD')
      if (!nothing) throw error
    }
  }
  return openWriter(to, path, { keep, modTime, signal })
}

/** Reads the whole source, and writes what the writer does not have yet. */
async function pump(
  pinned: Pinned,
  writer: FileWriter,
  hash: Hash,
  { signal, onProgress }: TransferOptions,
): Promise<void> {
  const { size: total } = pinned.revision
  const { size: start } = writer
  let bytes = 0
  for await (const chunk of contentOf(pinned, signal)) {
    hash.update(chunk)
    const missing = chunk.subarray(Math.min(Math.max(start - bytes, 0), chunk.length))
    bytes += chunk.length
    if (missing.length === 0) continue
    await raceSignal(writer.write(missing), signal)
    onProgress?.({ bytes, total })
  }
  const isWhole = bytes === total && writer.size === total
  if (!isWhole || !pinned.source.isPinned) await mustBeUnchanged(pinned, signal)
  if (!isWhole) {
    throw new ContentError(`${pinned.source.path} gave ${bytes} bytes instead of ${total}`, {
      path: writer.path,
    })
  }
  if (start === total) onProgress?.({ bytes, total })
}

/** The bytes of the source. An error that a change explains is told as the change. */
async function* contentOf(
  pinned: Pinned,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const { source, revision } = pinned
  try {
    const readable = await raceSignal(source.open(revision), signal, (late) => late.destroy())
    yield* bytesOf(openSource(readable), signal)
  } catch (error) {
    if (isStorageError(error, 'REVISION_CHANGED')) throw changed(source, error)
    if (isStorageError(error, 'CONTENT')) await mustBeUnchanged(pinned, signal)
    throw error
  }
}

async function matches(
  { bytes, sha256: expected }: TransferResult,
  to: StorageDriver,
  path: string,
  { signal }: TransferOptions,
): Promise<boolean> {
  const hash = await sha256()
  let length = 0
  const stored = openSource(await to.reader(path, { signal }))
  for await (const chunk of bytesOf(stored, signal)) {
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
