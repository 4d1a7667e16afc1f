import { ContentError, DriverError } from '@stowage/core/driver'
import type { Api } from './api.ts'
import { encodeCrc32c } from './crc32c.ts'
import {
  type Asked,
  documentFailure,
  type Failure,
  failureOf,
  isMissing,
  jsonOf,
  kindOf,
  uploadGone,
} from './errors.ts'
import {
  type CallOptions,
  CONTENT_TYPE,
  FIELDS,
  getObject,
  type ObjectResource,
  objectOf,
} from './objects.ts'
import { Refused, type Reply } from './request.ts'

/** The service says so of a session that is gone: expired, cancelled, never there. */
const GONE = [404, 410, 499]
/** Hosts to which a session of Google's own endpoint may point. */
const GOOGLE = /(^|\.)googleapis\.com$/i

/** How far a session is: the bytes it has, or the object that it has become. */
export type Progress =
  | { readonly stored: number; readonly object?: undefined }
  | { readonly stored?: undefined; readonly object: ObjectResource }

/** What is sent: the bytes from an offset on, and the whole length where they are the last. */
export interface Span {
  readonly offset: number
  readonly bytes: Uint8Array
  /** The size of the whole object: these bytes are the last of it. */
  readonly total?: number | undefined
  /** CRC32C of the whole object, where it is known: the service refuses another content. */
  readonly crc?: number | undefined
}

/**
 * One resumable upload of the service: begun, fed, asked, cancelled. Its URI is all that a stranger
 * would need to write to it, so no error and no log has it.
 */
export class ResumableUpload {
  readonly #api: Api
  readonly uri: string

  constructor(api: Api, uri: string) {
    this.#api = api
    this.uri = uri
  }

  /** Begins one. Nothing is visible at the key before its end. */
  static async start(
    api: Api,
    key: string,
    {
      metadata,
      ...options
    }: CallOptions & { metadata?: Readonly<Record<string, string>> | undefined },
  ): Promise<ResumableUpload> {
    const reply = await api.call({
      ...{ method: 'POST', operation: 'resumable upload: start', ...options },
      url: api.url('/upload/storage/v1', undefined, {
        uploadType: 'resumable',
        name: key,
        fields: FIELDS,
      }),
      headers: {
        'content-type': 'application/json; charset=UTF-8',
        'x-upload-content-type': CONTENT_TYPE,
      },
      body: JSON.stringify({ name: key, contentType: CONTENT_TYPE, metadata }),
    })
    const uri = reply.header('location')
    if (!uri)
      throw new DriverError('the service began an upload and gave no address for it', {
        path: options.path,
      })
    return new ResumableUpload(api, uri)
  }

  /**
   * Sends bytes and says how far the session is then, which may be less than was sent. After every
   * failure that leaves it open what has arrived, the session is asked; and where the bytes do not fit to
   * it, whose they were is for the caller to judge.
   * @throws UploadNotFoundError where the session is gone.
   */
  async send(span: Span, options: CallOptions & { key: string }): Promise<Progress> {
    for (let attempt = 1; ; attempt++) {
      const { path, signal } = options
      try {
        signal?.throwIfAborted()
        return await this.#put(span, options)
      } catch (error) {
        const refused = Refused.from(error)
        if (refused === undefined) throw error
        const checked = span.crc !== undefined
        const about = { operation: 'resumable upload', path, signal, checked, url: this.uri }
        const misfit = isMisfit(refused, about)
        if (!misfit) await this.#api.again(attempt, refused, about)
        const progress = await this.status(span, options)
        if (progress.object || progress.stored !== span.offset) return progress
        if (misfit) throw this.#api.error(refused.failure, about)
      }
    }
  }

  async #put(span: Span, options: CallOptions & { key: string }): Promise<Progress> {
    const { offset, bytes, total, crc } = span
    const end = offset + bytes.length
    const range = bytes.length === 0 ? '*' : `${offset}-${end - 1}`
    const reply = await this.#api.attempt({
      ...{
        method: 'PUT',
        operation: 'resumable upload',
        path: options.path,
        signal: options.signal,
      },
      ...{ url: await this.#target(), body: bytes, accept: [308, ...GONE] },
      headers: {
        'content-range': `bytes ${range}/${total ?? '*'}`,
        'content-length': String(bytes.length),
        ...(total !== undefined &&
          crc !== undefined && { 'x-goog-hash': `crc32c=${encodeCrc32c(crc)}` }),
      },
    })
    return this.#progress(reply, span, options)
  }

  /** Asks how far the session is. That never ends it: the content is checked where it is sent. */
  async status(span: Span | undefined, options: CallOptions & { key: string }): Promise<Progress> {
    const { path, signal } = options
    const reply = await this.#api.call({
      ...{ method: 'PUT', operation: 'resumable upload: status', path, signal },
      ...{ url: await this.#target(), body: '', accept: [308, ...GONE] },
      headers: { 'content-range': 'bytes */*', 'content-length': '0' },
    })
    return this.#progress(reply, span, options)
  }

  async #progress(
    reply: Reply,
    span: Span | undefined,
    options: CallOptions & { key: string },
  ): Promise<Progress> {
    const { status, text } = reply
    if (status === 308) return { stored: storedBytes(reply, options.path) }
    const object = status < 300 ? objectOf(jsonOf(text)) : undefined
    if (object) return { object }
    const failure = this.#strange(status, text)
    if (failure) {
      const about = { operation: 'resumable upload', path: options.path, url: this.uri }
      throw this.#api.error(failure, about)
    }
    if (status < 300) return { object: await getObject(this.#api, options.key, options) }
    return { object: await this.#finished(span, options) }
  }

  /** An error in the clothes of a success, or a page of whatever is on the way: neither tells of the upload. */
  #strange(status: number, text: string): Failure | undefined {
    if (/^\s{0,100}</.test(text)) return { ...failureOf(404, text), isOwn: false }
    return status < 300 ? documentFailure(500, jsonOf(text)) : undefined
  }

  /**
   * A session is gone, too, some time after its end. Whether this was its end, the object at the key tells
   * the caller, who knows size and CRC32C of what was to be stored.
   */
  async #finished(span: Span | undefined, options: CallOptions & { key: string }) {
    if (span?.total === undefined || span.crc === undefined) throw uploadGone(options.path)
    try {
      return await getObject(this.#api, options.key, options)
    } catch (error) {
      throw isMissing(error) ? uploadGone(options.path, error) : error
    }
  }

  /** Ends it without a trace. One that is gone already is fine. */
  async cancel(options: CallOptions): Promise<void> {
    await this.#api.call({
      ...{ method: 'DELETE', operation: 'resumable upload: cancel', ...options },
      ...{ url: await this.#target(), accept: [...GONE, 400, 501] },
      headers: { 'content-length': '0' },
    })
  }

  /**
   * The URI as it is to be used. With a custom endpoint, its host is that one's, whatever the server
   * believes to be called: emulators and proxies are behind other names.
   */
  async #target(): Promise<string> {
    const { custom, endpoint } = await this.#api.open()
    const url = new URL(this.uri, endpoint)
    if (custom) {
      const { origin, pathname } = new URL(endpoint)
      // A server behind a gateway does not know beneath which path it is shown.
      const base = pathname.replace(/(?<!\/)\/+$/, '')
      const path = url.pathname.startsWith(`${base}/`) ? url.pathname : base + url.pathname
      return origin + path + url.search
    }
    const known = GOOGLE.test(url.hostname) || url.hostname === new URL(endpoint).hostname
    if (url.protocol !== 'https:' || !known) {
      throw new ContentError('the service named an address for an upload that is not its own')
    }
    return url.href
  }
}

/** Bytes that the session could not place: it has others than its writer believes. */
function isMisfit({ failure }: Refused, asked: Asked): boolean {
  return failure.status === 400 && kindOf(failure, asked) !== 'content'
}

/** Without a Range, nothing is stored. */
function storedBytes(reply: Reply, path: string): number {
  const range = reply.header('range')
  if (range === undefined) return 0
  const [, last] = /^bytes=0-(\d+)$/.exec(range) ?? []
  if (last === undefined)
    throw new ContentError(`the service stored another range: ${range.slice(0, 100)}`, { path })
  return Number(last) + 1
}
