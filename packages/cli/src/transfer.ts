import { isStorageError } from '@stowage/core'
import { copy } from '@stowage/core/transfer'
import { type Context, errorText } from './context.ts'
import type { Endpoint, Source } from './endpoints.ts'
import { EXIT } from './exit-codes.ts'
import { bytes, duration, plural, rate } from './format.ts'
import { AHEAD, forEach, readAhead } from './pool.ts'
import { type Progress, startProgress } from './progress.ts'
import { reportSkippedFiles } from './skipped-files.ts'
import { Spellings, sameFile } from './spellings.ts'
import { printable } from './text.ts'

/** One file to be copied. */
export interface Job {
  readonly source: string
  readonly destination: string
  readonly size: number
  /** Of the source. */
  readonly modTime: Date
  /** Asked before the copy: true means that there is nothing to do. */
  readonly isCurrent?: (() => Promise<boolean>) | undefined
}

export interface TransferSettings {
  /** Continue interrupted uploads, and leave them continuable. */
  readonly resume: boolean
  /** Read everything back and compare. */
  readonly verify?: boolean | undefined
  /** Give copies the times of their sources. Default true. */
  readonly keepTime?: boolean | undefined
  /** There is one file only, and its error is the command's. */
  readonly single?: boolean | undefined
}

/** Smaller files are sent again as a whole: asking for their unfinished uploads costs a request each. */
const RESUMABLE = 8 * 1024 * 1024

/** Less than this says nothing about how fast it is. */
const WORTH_A_RATE = 1024 * 1024

/** Errors after which no further file has a chance. */
const FATAL = ['CONFIG', 'UNKNOWN_DRIVER', 'NO_SPACE'] as const

/** Copies files in parallel, shows how far it is, and counts. */
export class Transfers {
  readonly started: number = performance.now()
  files = 0
  bytes = 0
  unchanged = 0
  failed = 0
  resumed = 0
  /** Bytes that earlier, interrupted runs had brought. */
  resumedBytes = 0
  readonly progress: Progress
  readonly #context: Context
  readonly #from: Endpoint
  readonly #to: Endpoint
  readonly #settings: TransferSettings
  readonly #taken: Spellings

  constructor(context: Context, from: Endpoint, to: Endpoint, settings: TransferSettings) {
    this.#context = context
    this.#from = from
    this.#to = to
    this.#settings = settings
    this.#taken = new Spellings(to.storage)
    context.out.goOn()
    const { stderr, quiet, json } = context
    this.progress = startProgress({ stream: stderr, quiet: quiet || json })
  }

  /**
   * Copies every file. One that fails is reported and the rest goes on.
   * @param onFailure is told of it instead, and says whether that settles it.
   */
  async run(
    jobs: AsyncIterable<Job> | Iterable<Job>,
    onFailure: (job: Job, error: unknown) => boolean = () => false,
    onCopied: (job: Job) => void = () => {},
  ): Promise<void> {
    const { concurrency, signal } = this.#context
    const one = async (job: Job): Promise<void> => {
      try {
        const first = this.#taken.take(job.destination)
        if (first !== undefined) {
          throw sameFile(this.#to.show(job.destination), this.#to.show(first))
        }
        if (await job.isCurrent?.()) {
          this.unchanged++
          this.progress.found(-1, -job.size)
          return
        }
        await this.#copy(job)
        onCopied(job)
      } catch (error) {
        const fatal = FATAL.some((code) => isStorageError(error, code))
        if (this.#settings.single || fatal || signal.aborted) throw error
        if (!onFailure(job, error)) this.fail(error, this.#from.show(job.source))
      }
    }
    const found = (job: Job): void => this.progress.found(1, job.size)
    await forEach(readAhead(jobs, AHEAD, found), concurrency, one, signal)
  }

  async #copy(job: Job): Promise<void> {
    const { signal, out } = this.#context
    let seen = 0
    const result = await copy(this.#from.storage, job.source, this.#to.storage, job.destination, {
      signal,
      resume: this.#settings.resume && job.size >= RESUMABLE,
      verify: this.#settings.verify,
      keepTime: this.#settings.keepTime,
      onProgress: ({ bytes: stored }) => {
        this.progress.advance(stored - seen)
        seen = stored
      },
    })
    this.files++
    this.bytes += result.bytes
    if (result.resumedAt > 0) this.resumed++
    this.resumedBytes += result.resumedAt
    const source = this.#from.show(job.source)
    const destination = this.#to.show(job.destination)
    const resumed = result.resumedAt > 0 ? `, resumed at ${bytes(result.resumedAt)}` : ''
    const line = `copied ${source} to ${destination} (${bytes(result.bytes)}${resumed})`
    this.progress.done(printable(line))
    await out.result({ type: 'copied', source, destination, ...result })
  }

  /** Reports one file's failure and counts it. */
  fail(error: unknown, file?: string): void {
    this.failed++
    this.progress.note(errorText(error, this.#context, file))
  }

  /** Reports a directory of an end that cannot be listed, and counts it. */
  readonly unreadable = (error: unknown, end: Endpoint = this.#from): void => {
    const { path } = error as { path?: string }
    this.fail(error, path === undefined ? undefined : end.show(path))
  }

  /** Reports what a storage cannot hold of a source that is a local directory, before anything else. */
  async checkSource(source: Source): Promise<void> {
    const note = (line: string): void => this.progress.note(line)
    this.failed += await reportSkippedFiles(this.#context, source, note)
  }

  /** A file whose source stays, and which therefore was copied, not moved. */
  keep(job: Job, error: unknown): void {
    this.files--
    this.bytes -= job.size
    this.fail(error, this.#from.show(job.source))
  }

  /** Shows the sum, and gives the exit code. */
  async finish(word: string, more: Record<string, number> = {}): Promise<number> {
    this.progress.stop()
    const elapsed = performance.now() - this.started
    const { files, bytes: count, failed, resumed, resumedBytes } = this
    const notes = Object.entries(more).map(([name, value]) => `${value} ${name}`)
    if (resumed > 0) notes.push(`${resumed} resumed after ${bytes(resumedBytes)}`)
    if (failed > 0) notes.push(`${failed} FAILED`)
    const sent = count - resumedBytes
    const speed = sent < WORTH_A_RATE ? '' : ` (${rate(sent, elapsed)})`
    const sum = `${word} ${plural(files, 'file')}, ${bytes(count)} in ${duration(elapsed)}${speed}`
    const { quiet, json, stderr, out } = this.#context
    if (!quiet && !json) stderr.write(`${[sum, ...notes].join('; ')}\n`)
    await out.result({
      type: 'summary',
      files,
      bytes: count,
      failed,
      resumed,
      resumedBytes,
      ...more,
      milliseconds: Math.round(elapsed),
    })
    return failed > 0 ? EXIT.partial : EXIT.ok
  }
}
