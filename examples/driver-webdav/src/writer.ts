import { type DriverWriter, isStorageError } from '@stowage/core/driver'
import { gone, type Session, type Sessions } from './sessions.ts'

interface Upload {
  readonly path: string
  readonly session: Session | undefined
  readonly partSize: number
  readonly publish: (staged: string) => Promise<void>
  readonly signal: AbortSignal | undefined
}

/** Fills a buffer and sends it as a part when it is full. A session begins with the first part. */
export class WebdavWriter implements DriverWriter {
  readonly #sessions: Sessions
  readonly #upload: Upload
  #session: Session | undefined
  #buffer: Buffer | undefined
  #buffered = 0
  #stored: number
  /** Where the parts are put together; from then on nobody else can continue the session. */
  #whole: string | undefined

  constructor(sessions: Sessions, upload: Upload) {
    this.#sessions = sessions
    this.#upload = upload
    this.#session = upload.session
    this.#stored = sum(upload.session?.parts ?? [])
  }

  get size(): number {
    return this.#stored + this.#buffered
  }

  async write(chunk: Uint8Array): Promise<void> {
    const { partSize } = this.#upload
    for (let at = 0; at < chunk.length; ) {
      this.#buffer ??= Buffer.allocUnsafe(partSize)
      const piece = chunk.subarray(at, at + partSize - this.#buffered)
      this.#buffer.set(piece, this.#buffered)
      this.#buffered += piece.length
      at += piece.length
      if (this.#buffered === partSize) await this.#flush()
    }
  }

  async close(): Promise<void> {
    if (this.#buffered > 0 || this.size === 0) await this.#flush()
    const first = this.#whole ?? `${this.#session?.place}/0.${this.#session?.parts[0] ?? 0}`
    if ((await this.#sessions.dav.find(first, 0)) === undefined) throw gone(this.#upload)
  }

  async cancel(): Promise<void> {
    if (this.#session) await this.#sessions.remove(this.#session)
  }

  async commit(): Promise<void> {
    const { publish, signal } = this.#upload
    if (this.#session === undefined) {
      const content = (this.#buffer ?? Buffer.alloc(0)).subarray(0, this.#buffered)
      return this.#sessions.stage(content, signal, publish)
    }
    if (this.#buffered > 0 || this.size === 0) await this.#flush()
    this.#whole ??= await this.#sessions.join(this.#session, signal)
    await publish(this.#whole).catch((error) => {
      throw isStorageError(error, 'PATH_NOT_FOUND') ? gone(this.#upload) : error
    })
    await this.#sessions.remove(this.#session)
  }

  async #flush(): Promise<void> {
    const { path, signal } = this.#upload
    this.#session ??= await this.#sessions.begin(path, signal)
    const { place, parts } = this.#session
    const content = (this.#buffer ?? Buffer.alloc(0)).subarray(0, this.#buffered)
    const name = `${place}/${parts.length}.${content.length}`
    const expect = [403, 404, 409]
    if ((await this.#sessions.dav.put(name, content, { signal, expect })) >= 300) {
      throw gone(this.#upload)
    }
    parts.push(content.length)
    this.#stored += content.length
    this.#buffered = 0
  }
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0)
}
