import { Readable } from 'node:stream'
import { ConfigError, isStorageError, StorageErrors, UnavailableError } from '@stowage/core/driver'
import { MAX_PAGE_BYTES, MAX_REQUEST_MS, readBody, within } from '@stowage/driver-kit'
import { failure, noWebdav } from './failures.ts'
import { type Entry, entriesOf, parseMultistatus, pathOf } from './multistatus.ts'

export type { Entry }

interface DavRequest {
  readonly signal?: AbortSignal | undefined
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>
  /** Answers besides the successful ones that the caller wants to see. */
  readonly expect?: readonly number[]
}

const PROPFIND = `<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/>
  <getlastmodified/><getetag/></prop></propfind>`

/** Longest time for a request with content, in milliseconds: what a timer takes at most. Sockets have limits of their own. */
const NO_LIMIT_MS = 2 ** 31 - 1

/** How often an answer is asked for that cannot be believed. */
const LOOKS = 4

/** The few requests of RFC 4918 that the driver makes. Paths are those of the storage. */
export class Dav {
  readonly #root: string
  readonly #authorization: Record<string, string>

  constructor(url: string, username?: string, password = '') {
    if (!URL.canParse(url) || !/^https?:/i.test(url)) {
      throw new ConfigError('url is not a URL with http or https')
    }
    const { origin, pathname, username: user, search, hash } = new URL(url)
    if (user || search || hash) throw new ConfigError('url has more than a host and a path')
    this.#root = origin + pathname.replace(/(?<!\/)\/+$/, '')
    const pair = Buffer.from(`${username}:${password}`).toString('base64')
    this.#authorization = username === undefined ? {} : { authorization: `Basic ${pair}` }
  }

  url(path: string): string {
    return this.#root + path.split('/').map(encodeURIComponent).join('/')
  }

  /** Makes a request. The caller reads or cancels the body of the answer. */
  async send(method: string, path: string, options: DavRequest = {}): Promise<Response> {
    const { signal, headers, body, expect = [] } = options
    const response = await fetch(this.url(path), {
      method,
      // A body that is compressed on the way has another length than the file, and cannot be resumed.
      headers: { ...this.#authorization, 'accept-encoding': 'identity', ...headers },
      // What is sent is for this server only.
      redirect: 'manual',
      signal: signal ?? null,
      ...(body && { body, duplex: 'half' }),
    } as RequestInit).catch((cause) => {
      signal?.throwIfAborted()
      // The cause's own words are the address and the system's error.
      throw new UnavailableError(`${method} failed: the server could not be reached`, { cause })
    })
    if (response.status === 207 && method !== 'PROPFIND') {
      return this.#partly(method, response, expect)
    }
    if (response.ok || expect.includes(response.status)) return response
    await response.body?.cancel()
    throw failure(method, path, response.status)
  }

  /** As {@link send}, for answers of which only the status counts. */
  status(method: string, path: string, options: DavRequest = {}): Promise<number> {
    const limit = options.body ? NO_LIMIT_MS : MAX_REQUEST_MS
    return within(limit, options.signal, async (signal) => {
      const { status, body } = await this.send(method, path, { ...options, signal })
      await body?.cancel()
      return status
    })
  }

  /** As {@link send}, for answers that are read whole; of one that is only expected, its status. */
  text(method: string, path: string, options: DavRequest = {}): Promise<string | number> {
    return within(MAX_REQUEST_MS, options.signal, async (signal) => {
      const response = await this.send(method, path, { ...options, signal })
      if (response.ok) return textOf(response)
      await response.body?.cancel()
      return response.status
    })
  }

  put(
    path: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: DavRequest = {},
  ): Promise<number> {
    return this.status('PUT', path, { ...options, body })
  }

  /**
   * Moves a file in one step. The answer is 201, 204, or one of those expected.
   * @throws ConfigError for 200, which any web server says to anything: nothing was moved then.
   */
  async move(
    path: string,
    to: string,
    options: DavRequest & { overwrite?: boolean } = {},
  ): Promise<number> {
    const overwrite = options.overwrite ? 'T' : 'F'
    const headers = { destination: this.url(to), overwrite }
    const status = await this.status('MOVE', path, { ...options, headers })
    if (status === 200) throw noWebdav('MOVE was answered 200, and not 201 or 204')
    return status
  }

  /**
   * The resource itself, or with depth 1 what is in it, in no order; undefined where nothing is.
   * @throws ConfigError where the storage's own collection is not there: then nobody can tell what is in it.
   */
  async find(path: string, depth: 0 | 1, signal?: AbortSignal): Promise<Entry[] | undefined> {
    const found = await this.#propfind(path, depth, signal)
    // Any web server answers 404, also for a URL that is wrong.
    if (found === undefined && (path === '/' || !(await this.#propfind('/', 0, signal)))) {
      throw noWebdav('the collection of `url` does not exist')
    }
    return found
  }

  async #propfind(path: string, depth: 0 | 1, signal?: AbortSignal): Promise<Entry[] | undefined> {
    const headers = { depth: String(depth), 'content-type': 'application/xml' }
    const body = Buffer.from(PROPFIND)
    // Beneath a file, which is no place for anything, servers do not agree on 404.
    const missing = [400, 404, 409]
    for (let attempt = 1; ; attempt++) {
      // Servers look at one property after the other, and some stumble over a file that goes in between.
      const expect = attempt < LOOKS ? [...missing, 500] : missing
      const answer = await this.text('PROPFIND', path, { signal, headers, body, expect })
      if (answer === 500) continue
      if (typeof answer === 'number') return undefined
      try {
        return entriesOf(answer, this.#root, path, depth)
      } catch (error) {
        // Others leave out the length of such a file.
        if (attempt === LOOKS || !isStorageError(error, 'CONTENT')) throw error
      }
    }
  }

  /** A 207 to DELETE or MOVE says what has failed; some servers say so of a single file as well. */
  async #partly(method: string, response: Response, expect: readonly number[]): Promise<Response> {
    const lines = parseMultistatus(await textOf(response)).map(({ href, status = '' }) => ({
      path: pathOf(href, this.#root),
      status: Number(/ (\d{3})/.exec(String(status))?.[1] ?? 500),
    }))
    const failed = lines.filter(({ status }) => status >= 300)
    if (failed[0] === undefined) return new Response(null, { status: 204 })
    if (failed.every(({ status }) => expect.includes(status))) return new Response(null, failed[0])
    throw new StorageErrors(failed.map(({ path, status }) => failure(method, path, status)))
  }

  /** Makes the collections of a directory that are not there yet. */
  async makeDirectories(path: string, signal?: AbortSignal): Promise<void> {
    // 405: it is there already. From the root on, since few levels are missing at a time.
    for (let cut = path.indexOf('/', 1); ; cut = path.indexOf('/', cut + 1)) {
      const directory = cut < 0 ? path : path.slice(0, cut)
      await this.status('MKCOL', directory, { signal, expect: [403, 405, 409, 500] })
      if (cut < 0) return
    }
  }
}

async function textOf({ body }: Response): Promise<string> {
  if (body === null) return ''
  const bytes = await readBody(Readable.fromWeb(body as never), MAX_PAGE_BYTES)
  return bytes.toString()
}
