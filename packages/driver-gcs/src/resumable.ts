import { ContentError, DriverError, isStorageError } from '@stowage/core'
import { type Api, Refused, type Reply } from './api.ts'
import { encodeCrc32c } from './crc32c.ts'
import { failureError, isMissing, uploadGone, type Where } from './errors.ts'
import {
  type CallOptions,
  CONTENT_TYPE,
  FIELDS,
  getObject,
  type ObjectResource,
} from './objects.ts'

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
  static async start(api: Api, key: string, options: CallOptions): Promise<ResumableUpload> {
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
      body: JSON.stringify({ name: key, contentType: CONTENT_TYPE }),
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
        const about = { operation: 'resumable upload', path, signal }
        const misfit = isMisfit(refused, about)
        if (!misfit) await this.#api.again(attempt, refused, about)
        const progress = await this.status(span, options)
        if (progress.object || progress.stored !== span.offset) return progress
        if (misfit) throw failureError(refused.failure, about)
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
    if (reply.status === 308) return { stored: storedBytes(reply, options.path) }
    if (reply.status < 300) return { object: JSON.parse(reply.text || '{}') as ObjectResource }
    return { object: await this.#finished(span, options) }
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
    if (custom) return new URL(endpoint).origin + url.pathname + url.search
    const known = GOOGLE.test(url.hostname) || url.hostname === new URL(endpoint).hostname
    if (url.protocol !== 'https:' || !known) {
      throw new ContentError('the service named an address for an upload that is not its own')
    }
    return url.href
  }
}

/** Bytes that the session could not place: it has others than its writer believes. */
function isMisfit({ failure }: Refused, about: Where): boolean {
  return failure.status === 400 && !isStorageError(failureError(failure, about), 'CONTENT')
}

/** Without a Range, nothing is stored. */
function storedBytes(reply: Reply, path: string): number {
  const range = reply.header('range')
  if (range === undefined) return 0
  const [, last] = /^bytes=0-(\d+)$/.exec(range) ?? []
  if (last === undefined)
    throw new ContentError(`the service stored another range: ${range}`, { path })
  return Number(last) + 1
}
