import { Readable, Writable } from 'node:stream'
import { raceSignal } from '../abort.ts'
import type { FileWriter, OperationOptions, StorageDriver } from '../storage-driver.ts'
import { alreadyRead, bytesOf, openSource, type UploadSource } from './sources.ts'

export interface UploadOptions extends OperationOptions {
  /** Continue the newest unfinished upload of the path: the source gives what comes after it. */
  append?: boolean | undefined
  /**
   * What happens to the upload on a failure or an abort. False, the default: it is cancelled and
   * nothing of it remains. True: what was accepted is kept, to be continued with `append`; to make it
   * durable, an abort then waits for the backend.
   */
  keep?: boolean | undefined
}

/**
 * Stores a source of bytes as a file: it is published once the source has ended, and not before. One
 * chunk is held at a time. A failure, of the source or of the driver, rejects with its error, frees the
 * source and leaves the file as it was.
 *
 * @returns the size of the file.
 * @throws TypeError where something else has read from the source, or reads from it at the same time.
 * @example
 * ```ts
 * const { body } = await fetch('https://example.com/big.iso')
 * if (body) await upload(storage, '/big.iso', body)
 * ```
 */
export async function upload(
  driver: StorageDriver,
  path: string,
  source: UploadSource,
  { append, keep = false, signal }: UploadOptions = {},
): Promise<number> {
  const opened = openSource(source)
  let writer: FileWriter
  try {
    writer = await openWriter(driver, path, { append, keep, signal })
  } catch (error) {
    opened.abandon()
    throw error
  }
  try {
    for await (const chunk of bytesOf(opened, signal)) {
      await raceSignal(writer.write(chunk), signal)
    }
    const { size } = writer
    await raceSignal(writer.commit(), signal)
    return size
  } catch (error) {
    await giveUp(writer, { keep, signal })
    throw error
  }
}

interface Keeping extends OperationOptions {
  keep: boolean
}

interface Opening extends Keeping {
  append?: boolean | undefined
  modTime?: Date | undefined
}

/** An abort cancels a writer that has the signal. A writer that keeps its upload does not get it. */
export function openWriter(
  driver: StorageDriver,
  path: string,
  { append, keep, modTime, signal }: Opening,
): Promise<FileWriter> {
  if (!keep) return driver.writer(path, { append, modTime, signal })
  signal?.throwIfAborted()
  return raceSignal(driver.writer(path, { append, modTime }), signal, (late) =>
    append ? late.close() : late.cancel(),
  )
}

/**
 * Ends a writer after a failure, which is what the caller is to hear of: a failed clean-up leaves an
 * upload to `purgeUploads`. An aborted one is cleaned up by core, and not waited for.
 */
export async function giveUp(writer: FileWriter, { keep, signal }: Keeping): Promise<void> {
  const ended = (keep ? writer.close() : writer.cancel()).catch(() => {})
  if (keep || !signal?.aborted) await ended
}

/** What {@link toWritable} takes besides the writer. */
export interface WritableOptions {
  /** What the end of the stream does with the file. Default `commit`. */
  end?: 'commit' | 'close' | undefined
  /** What a destruction before the end does: `cancel`, the default, or `close` to keep it for `append`. */
  onFailure?: 'cancel' | 'close' | undefined
}

/**
 * A writer as a Node.js stream, with back-pressure, for `pipeline(readable, toWritable(writer))`. It
 * has finished once the file is published (or, by option, closed). A stream that is destroyed earlier
 * has cleaned up when it emits `close`. A stream that was read to its end before, or flows elsewhere, makes
 * it fail with a TypeError. For a web stream: `Writable.toWeb(toWritable(writer))`.
 *
 * @example
 * ```ts
 * await pipeline(request, createGunzip(), toWritable(await storage.writer('/log')))
 * ```
 */
export function toWritable(
  writer: FileWriter,
  { end = 'commit', onFailure = 'cancel' }: WritableOptions = {},
): Writable {
  let finished = false
  const piped = new WeakSet<Readable>()
  let isEmpty = true
  let wasRead = false
  const writable = new Writable({
    // The writer has its own buffer; a second one would only hold more.
    highWaterMark: 1,
    write(chunk: Uint8Array, _encoding, done) {
      isEmpty = false
      writer.write(chunk).then(() => done(), done)
    },
    final(done) {
      if (wasRead && isEmpty) return done(alreadyRead())
      writer[end]().then(() => {
        finished = true
        done()
      }, done)
    },
    destroy(error, done) {
      if (finished) return done(error)
      writer[onFailure]().then(
        () => done(error),
        (failed: Error) => done(error ?? failed),
      )
    },
  })
  return writable.on('pipe', (source: Readable) => {
    // A stream that is piped again was read into this writer before.
    if (!piped.has(source) && Readable.isDisturbed(source)) {
      wasRead = true
      if (source.readableFlowing) writable.destroy(alreadyRead())
    }
    piped.add(source)
  })
}
