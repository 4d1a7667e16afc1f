// A healthy driver for the object store that believes no odd answer.
import type { IncomingMessage } from 'node:http'
import {
  ContentError,
  type DriverCallOptions,
  DriverError,
  type FileInfo,
} from '@stowage/core/driver'
import type { OddLimits } from '@stowage/testsuite'
import { Client, type Received, type Sent } from '../faults/client.ts'
import { type Entry, HttpDriver } from '../faults/driver.ts'

export const TOKEN = 'a-token-that-no-error-may-show'
/** Bytes of a body: of an answer that is no error, and of one. */
const MOST = { right: 4 * 2 ** 20, error: 64 * 1024 }

/** A page of a listing. */
export interface Page {
  readonly entries: readonly { key: string; size: unknown; time?: number }[]
  readonly more: boolean
  readonly token?: string | undefined
}

export class OddClient extends Client {
  readonly limits: OddLimits

  constructor(endpoint: string, limits: OddLimits) {
    super(endpoint, limits.idleTimeoutMs)
    this.limits = limits
  }

  override async call(method: string, path: string, sent: Sent = {}): Promise<Received> {
    const headers = { ...sent.headers, authorization: `Bearer ${TOKEN}` }
    const limit = sent.body === undefined ? this.limit() : undefined
    const signals = [limit, sent.signal].filter((one) => one !== undefined)
    const signal = signals.length > 0 ? AbortSignal.any(signals) : undefined
    const received = await super.call(method, path, { ...sent, headers, signal })
    this.check(method, path, received)
    return received
  }

  /** Ends a request, however slowly its answer comes. */
  limit(): AbortSignal | undefined {
    return AbortSignal.timeout(this.limits.requestTimeoutMs)
  }

  /** @throws DriverError where the answer is neither what was asked for nor "nothing is there". */
  check(method: string, path: string, { status, headers, body }: Received): void {
    const isKeyed = path.startsWith('/o/') ? method !== 'PUT' : path.startsWith('/copy')
    const isMissing = status === 404 && headers['content-type'] === undefined && isKeyed
    if (isMissing || status === 416) return
    if (body.length > this.most(status)) throw new DriverError('the answer has no end')
    if (status < 200 || status > 299) throw new DriverError(`the store said ${status}`)
    if (path.startsWith('/copy') && body.length > 0) throw new DriverError('the copy has failed')
    const [, first, last] = /^bytes (\d+)-(\d+)/.exec(headers['content-range'] ?? '') ?? []
    if (first !== undefined && Number(last) - Number(first) + 1 !== body.length) {
      throw new ContentError(`${body.length} bytes are not what the range says`)
    }
  }

  override async receive(reply: IncomingMessage, _method: string): Promise<Buffer> {
    const most = this.most(reply.statusCode ?? 0)
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of reply) {
      length += (chunk as Buffer).length
      chunks.push(chunk as Buffer)
      // Another try would read as much again: the check refuses it.
      if (length > most) break
    }
    return Buffer.concat(chunks)
  }

  most(status: number): number {
    return status < 300 ? MOST.right : MOST.error
  }
}

export class OddDriver extends HttpDriver {
  override async entries(prefix: string, signal: AbortSignal | undefined): Promise<Entry[]> {
    const wanted = this.root + prefix
    const found: Entry[] = []
    const tokens = new Set<string>()
    for (let token: string | undefined = ''; token !== undefined; ) {
      const query = `prefix=${encodeURIComponent(wanted)}&after=${encodeURIComponent(token)}`
      const page = this.parse(await this.client.call('GET', `/list?${query}`, { signal }))
      for (const { key, size, time = 0 } of page.entries) {
        if (this.isWanted(key, wanted))
          found.push({ key: this.pathOf(key), size: this.size(size), time })
      }
      token = this.next(page, tokens)
    }
    return found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
  }

  /** The store's own listing has one page, which is all. */
  parse({ headers, body }: Received): Page {
    if (headers['content-encoding']) throw new DriverError('the listing is compressed')
    const document: unknown = JSON.parse(body.toString())
    if (Array.isArray(document)) return { entries: document, more: false }
    if (!Array.isArray((document as Page).entries)) throw new DriverError('this is no listing')
    return document as Page
  }

  next({ more, token }: Page, seen: Set<string>): string | undefined {
    if (!more) return undefined
    if (!token || seen.has(token)) throw new DriverError('the listing does not go on')
    seen.add(token)
    return token
  }

  isWanted(key: string, prefix: string): boolean {
    return key.startsWith(prefix)
  }

  pathOf(key: string): string {
    return key.slice(this.root.length)
  }

  size(size: unknown): number {
    if (!/^\d+$/.test(String(size))) throw new DriverError(`${size} is no size`)
    return Number(size)
  }

  async *walk(path: string, { signal }: DriverCallOptions): AsyncGenerator<FileInfo> {
    for (const { key, size, time } of await this.entries(path === '/' ? path : `${path}/`, signal))
      yield { path: key, size, modTime: new Date(time), isDir: false }
  }
}
