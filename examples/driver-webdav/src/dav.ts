import {
  ConfigError,
  DriverError,
  NoSpaceError,
  PermissionError,
  type StorageError,
  StorageErrors,
  ThrottledError,
  UnavailableError,
} from '@stowage/core'
import { XMLParser } from 'fast-xml-parser'

/** One line of a PROPFIND's answer. */
export interface Entry {
  /** The last component of its path. */
  readonly name: string
  readonly isDir: boolean
  readonly size: number
  readonly modTime: Date
  readonly etag: string | undefined
}

interface DavRequest {
  readonly signal?: AbortSignal | undefined
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>
  /** Answers besides the successful ones that the caller wants to see. */
  readonly expect?: readonly number[]
}

const PROPFIND = `<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/>
  <getlastmodified/><getetag/></prop></propfind>`

const parser = new XMLParser({
  removeNSPrefix: true,
  parseTagValue: false,
  isArray: (name) => name === 'response' || name === 'propstat',
})

interface Multistatus {
  readonly multistatus?: {
    readonly response?: readonly {
      readonly href: string
      readonly status?: string
      readonly propstat?: readonly { readonly status: string; readonly prop: Properties }[]
    }[]
  }
}

interface Properties {
  readonly resourcetype?: '' | { readonly collection?: unknown }
  readonly getcontentlength?: string
  readonly getlastmodified?: string
  readonly getetag?: string
}

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
    this.#root = origin + pathname.replace(/\/+$/, '')
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
      headers: { ...this.#authorization, ...headers },
      redirect: 'error',
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
    return linked(options.signal, async (signal) => {
      const { status, body } = await this.send(method, path, { ...options, signal })
      await body?.cancel()
      return status
    })
  }

  /** As {@link send}, for answers that are read whole; undefined for one that is only expected. */
  text(method: string, path: string, options: DavRequest = {}): Promise<string | undefined> {
    return linked(options.signal, async (signal) => {
      const response = await this.send(method, path, { ...options, signal })
      const text = await response.text()
      return response.ok ? text : undefined
    })
  }

  put(
    path: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: DavRequest = {},
  ): Promise<number> {
    return this.status('PUT', path, { ...options, body })
  }

  /** Moves a file in one step. The answer is 201, 204, or one of those expected. */
  move(
    path: string,
    to: string,
    options: DavRequest & { overwrite?: boolean } = {},
  ): Promise<number> {
    const overwrite = options.overwrite ? 'T' : 'F'
    const headers = { destination: this.url(to), overwrite }
    return this.status('MOVE', path, { ...options, headers })
  }

  /** The resource itself, or with depth 1 what is in it, in no order; undefined where nothing is. */
  async find(path: string, depth: 0 | 1, signal?: AbortSignal): Promise<Entry[] | undefined> {
    const headers = { depth: String(depth), 'content-type': 'application/xml' }
    const body = Buffer.from(PROPFIND)
    // Beneath a file, which is no place for anything, servers do not agree on 404.
    const expect = [400, 404, 409]
    const answer = await this.text('PROPFIND', path, { signal, headers, body, expect })
    if (answer === undefined) return undefined
    const { multistatus } = parser.parse(answer) as Multistatus
    const entries: Entry[] = []
    for (const { href, propstat = [] } of multistatus?.response ?? []) {
      const at = this.#path(href)
      if (depth === 1 && at === path) continue
      const found = propstat.find(({ status }) => / 200( |$)/.test(status))?.prop
      if (found === undefined) continue
      entries.push({
        name: at.slice(at.lastIndexOf('/') + 1),
        isDir: typeof found.resourcetype === 'object' && 'collection' in found.resourcetype,
        size: Number(found.getcontentlength ?? 0),
        modTime: new Date(found.getlastmodified ?? 0),
        etag: found.getetag && tag(found.getetag),
      })
    }
    return entries
  }

  /** The path of the storage that a URL of the server's stands for. */
  #path(href: string): string {
    const own = new URL(this.#root).pathname.replace(/\/$/, '')
    const path = new URL(href, this.#root).pathname.slice(own.length).replace(/\/$/, '')
    return decodeURIComponent(path) || '/'
  }

  /** A 207 to DELETE or MOVE says what has failed; some servers say so of a single file as well. */
  async #partly(method: string, response: Response, expect: readonly number[]): Promise<Response> {
    const { multistatus } = parser.parse(await response.text()) as Multistatus
    const failed = (multistatus?.response ?? []).map(({ href, status = '' }) => ({
      path: this.#path(href),
      status: Number(/ (\d{3})/.exec(status)?.[1] ?? 500),
    }))
    const known = failed.every(({ status }) => expect.includes(status))
    if (known && failed[0] !== undefined) return new Response(null, failed[0])
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

/** An entity tag in one form: some servers quote it in one place only. */
export function tag(text: string): string {
  return text.replace(/^W\//, '').replaceAll('"', '')
}

/** Runs with a signal that follows the caller's one: `fetch` would leave its listeners on that. */
async function linked<T>(
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (signal === undefined) return run(undefined)
  signal.throwIfAborted()
  const own = new AbortController()
  const abort = (): void => own.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await run(own.signal)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function failure(method: string, path: string, status: number): StorageError {
  const text = `${method} was answered ${status}`
  if (status === 401) return new ConfigError(`${text}: wrong user or password`)
  if (status === 403) return new PermissionError(text, { path })
  if (status === 429) return new ThrottledError(text, { path })
  if (status === 507) return new NoSpaceError(text, { path })
  if (status >= 500 || status === 423) return new UnavailableError(text, { path })
  return new DriverError(text, { path })
}
