import { Readable } from 'node:stream'
import {
  ContentError,
  type DriverReaderOptions,
  RevisionChangedError,
  UnavailableError,
} from '@stowage/core/driver'
import type { Dav, Entry } from './dav.ts'
import { tag } from './multistatus.ts'

/** Bodies that may break in a row without a byte of progress. */
const BREAKS = 3

/** The bytes of the file that was found, from the offset on. */
export async function openReader(
  dav: Dav,
  { path, file }: { path: string; file: Entry },
  options: DriverReaderOptions,
): Promise<Readable> {
  const stream = new DavReader(dav, path, file, options)
  await stream.open()
  return stream
}

/**
 * A body that breaks, or ends before the size that was found, is continued at the next byte, as long as the
 * server says by its entity tag that the file is the same one.
 */
class DavReader extends Readable {
  readonly #dav: Dav
  readonly #path: string
  readonly #file: Entry
  readonly #stop = new AbortController()
  readonly #end: number
  #at: number
  #breaks = 0
  #body: ReadableStreamDefaultReader<Uint8Array> | undefined

  constructor(dav: Dav, path: string, file: Entry, { offset, length }: DriverReaderOptions) {
    super({ highWaterMark: 1 })
    this.#dav = dav
    this.#path = path
    this.#file = file
    this.#at = offset
    this.#end = length === undefined ? file.size : Math.min(file.size, offset + length)
  }

  async open(): Promise<void> {
    const from = this.#at
    const headers = from > 0 ? { range: `bytes=${from}-` } : {}
    const response = await this.#dav.send('GET', this.#path, {
      signal: this.#stop.signal,
      headers,
      expect: [404, 416],
    })
    if (response.headers.has('content-encoding')) {
      await response.body?.cancel()
      const text = 'the server encodes the body (Content-Encoding), although it was asked not to'
      throw new ContentError(text, { path: this.#path })
    }
    const start = Number(
      /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? 0,
    )
    const now = response.headers.get('etag')
    const same = now === null || tag(now) === this.#file.etag
    if (response.ok && same && start === from) this.#body = response.body?.getReader()
    else {
      await response.body?.cancel()
      throw this.#changed()
    }
  }

  override _read(): void {
    this.#next().then(
      (chunk) => this.push(chunk),
      (error) => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stop.abort()
    done(error)
  }

  async #next(): Promise<Uint8Array | null> {
    while (this.#at < this.#end) {
      const chunk = await this.#body?.read().then(
        ({ value }) => value,
        () => this.#stop.signal.throwIfAborted(),
      )
      if (chunk !== undefined && chunk.length > 0) {
        const wanted = chunk.subarray(0, this.#end - this.#at)
        this.#at += wanted.length
        this.#breaks = 0
        return wanted
      }
      if (++this.#breaks > BREAKS) {
        throw new UnavailableError('the server broke off the body', { path: this.#path })
      }
      await this.open()
    }
    await this.#confirm()
    return null
  }

  /**
   * Some servers look at one file, for its size and its tag, and then open the one that has replaced it. So the
   * file has to be the same at the end as it was before the beginning.
   */
  async #confirm(): Promise<void> {
    this.#stop.abort()
    const [now] = (await this.#dav.find(this.#path, 0)) ?? []
    if (now?.etag !== this.#file.etag || now?.size !== this.#file.size) throw this.#changed()
  }

  #changed(): RevisionChangedError {
    return new RevisionChangedError('replaced or deleted while it was read', { path: this.#path })
  }
}
