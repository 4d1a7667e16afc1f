import type { Writable } from 'node:stream'
import { MultiBar, type SingleBar } from 'cli-progress'
import { bytes, plural, rate } from './format.ts'

/** Shows how far a transfer is, on stderr. */
export interface Progress {
  /** More was found that is to be done. */
  found(files: number, size: number): void
  /** Bytes are there, those that an earlier run had brought included; negative where one starts over. */
  advance(count: number): void
  /** A file is done. The line is shown where there is no bar. */
  done(line: string): void
  /** Something to read now, whatever else is shown. */
  note(line: string): void
  /** Nothing is shown any more. */
  stop(): void
}

export interface ProgressOptions {
  readonly stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  /** Notes only. */
  readonly quiet: boolean
}

/** A bar on a terminal, plain lines elsewhere. */
export function startProgress({ stream, quiet }: ProgressOptions): Progress {
  if (quiet || stream.isTTY !== true) return new Lines(stream, quiet)
  return new Bar(stream, stream.columns ?? 80)
}

class Lines implements Progress {
  readonly #stream: Writable
  readonly #quiet: boolean

  constructor(stream: Writable, quiet: boolean) {
    this.#stream = stream
    this.#quiet = quiet
  }

  found(): void {}
  advance(): void {}
  done(line: string): void {
    if (!this.#quiet) this.note(line)
  }
  note(line: string): void {
    this.#stream.write(`${line}\n`)
  }
  stop(): void {}
}

/** Files count as one byte each, so that a tree of empty files moves the bar as well. */
class Bar implements Progress {
  readonly #bars: MultiBar
  readonly #bar: SingleBar
  readonly #started = performance.now()
  #files = 0
  #doneFiles = 0
  #total = 0
  #bytes = 0

  constructor(stream: Writable, columns: number) {
    const options = {
      format: ' {bar} {percentage}%  {files}  {bytes}  {rate}',
      barsize: Math.max(10, Math.min(30, columns - 56)),
      barCompleteChar: '█',
      barIncompleteChar: '░',
      stream: stream as NodeJS.WriteStream,
      fps: 10,
      clearOnComplete: true,
      stopOnComplete: false,
      gracefulExit: false,
    }
    this.#bars = new MultiBar(options)
    this.#bar = this.#bars.create(1, 0, this.#payload())
  }

  found(files: number, size: number): void {
    this.#files += files
    this.#total += size
    this.#bar.setTotal(this.#total + this.#files)
    this.#update()
  }

  advance(count: number): void {
    this.#bytes += count
    this.#update()
  }

  done(): void {
    this.#doneFiles++
    this.#update()
  }

  note(line: string): void {
    this.#bars.log(`${line}\n`)
    this.#bars.update()
  }

  stop(): void {
    this.#bars.stop()
  }

  #update(): void {
    this.#bar.update(this.#bytes + this.#doneFiles, this.#payload())
  }

  #payload(): object {
    const elapsed = performance.now() - this.#started
    return {
      files: `${this.#doneFiles}/${plural(this.#files, 'file')}`,
      bytes: bytes(this.#bytes),
      rate: rate(this.#bytes, elapsed),
    }
  }
}
