import type { Readable } from 'node:stream'
import { DriverError, isStorageError, Limiter } from '@stowage/core/driver'
import {
  authorizationSecrets,
  failureError,
  HttpAgents,
  loadSdk,
  MAX_REQUEST_MS,
  readErrorBody,
  Scrubber,
  withHandle,
  within,
} from '@stowage/driver-kit'
import { delayBefore, pause } from './backoff.ts'
import { importSdk, type Opened, openClient, SDK_PACKAGES } from './client.ts'
import {
  documentFailure,
  type Failure,
  failureOf,
  isObject,
  isRetryable,
  isThrottled,
  jsonOf,
  kindOf,
  NO_OBJECT,
  thrownFailure,
} from './errors.ts'
import { secretsOf } from './keys.ts'
import type { Settings } from './parameters.ts'
import {
  type Document,
  type Failed,
  hasContent,
  headerOf,
  type RawReply,
  Refused,
  type Reply,
  type Request,
  readReply,
  type StreamReply,
} from './request.ts'
import { exchange, type Init } from './transport.ts'

/** How long a socket waits for the next request: less than the service keeps it. */
const KEEP_ALIVE_MS = 60_000
/** Tokens of the latest requests, which no error may show. */
const MAX_TOKENS = 8

/** Query parameters, in which undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>

/** The service: requests with everything that all of them share. Here is the one layer that retries. */
export class Api {
  readonly settings: Settings
  readonly #gate: Limiter
  #agents: HttpAgents | undefined
  #isClosed = false
  readonly #tokens = new Set<string>()
  #opening: Promise<Opened> | undefined
  #opened: Opened | undefined

  constructor(settings: Settings) {
    this.settings = settings
    this.#gate = new Limiter(settings.maxConcurrency)
  }

  /** The SDK's client, loaded and made by the first call. */
  open(): Promise<Opened> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      if (isStorageError(error)) throw error
      throw this.error(thrownFailure(error), { operation: 'credentials', path: '/' })
    })
    return this.#opening
  }

  async #open(): Promise<Opened> {
    const sdk = await loadSdk(SDK_PACKAGES, importSdk)
    this.#opened = await openClient(sdk, this.settings)
    const { idleTimeout } = this.settings
    this.#agents ??= await HttpAgents.open({ idleTimeout, keepAlive: KEEP_ALIVE_MS })
    if (this.#isClosed) this.#agents.destroy()
    return this.#opened
  }

  /** The path of the bucket, or of one of its objects, with a query. */
  url(prefix: string, key: string | undefined, query: Query = {}): string {
    const { bucket, userProject } = this.settings
    const object = key === undefined ? '' : `/${encodeURIComponent(key)}`
    const search = Object.entries({ ...query, userProject })
      .flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
      )
      .join('&')
    return `${prefix}/b/${encodeURIComponent(bucket)}/o${object}${search && `?${search}`}`
  }

  /** A request that may be repeated. @throws one of Stowage's errors. */
  call(request: Request): Promise<Reply> {
    return this.#repeat(request, async (repeated) => ({
      ...(await this.attempt(request)),
      repeated,
    }))
  }

  /** The same, whose answer is a document. @throws DriverError where it is none. */
  async document(request: Request): Promise<Document> {
    const { reply, document } = await this.#repeat(request, async () => {
      const reply = await this.attempt(request)
      const document = jsonOf(reply.text)
      // Some servers say 200 before they know, and then what went wrong.
      const { error } = (isObject(document) ? document : {}) as { error?: { code?: unknown } }
      const failure = documentFailure(Number(error?.code) || 500, document)
      if (failure) throw new Refused(failure)
      return { reply, document }
    })
    if (isObject(document)) return { document, header: reply.header }
    const { operation, path } = request
    const text = `${operation}: the answer is not what the service's interface says: check the endpoint`
    throw new DriverError(text, { path })
  }

  /** The same, of which the answer's body is read as it comes. */
  stream(request: Request): Promise<StreamReply> {
    return this.#repeat(request, () =>
      this.#guarded(request, () =>
        within(MAX_REQUEST_MS, request.signal, async (signal) => {
          const { status, headers, data } = await this.#send({ ...request, signal })
          return { status, header: headerOf(headers), body: data as Readable }
        }),
      ),
    )
  }

  /** The request once. @throws Refused, or the signal's reason. */
  attempt(request: Request): Promise<Reply> {
    return this.#guarded(request, async () => {
      if (hasContent(request)) {
        const reply = await this.#send(request)
        return within(MAX_REQUEST_MS, request.signal, (signal) => readReply(reply, signal))
      }
      return within(MAX_REQUEST_MS, request.signal, async (signal) =>
        readReply(await this.#send({ ...request, signal }), signal),
      )
    })
  }

  /** Waits as long as is due before the next attempt. @throws the failure where there are to be no more. */
  async again(attempt: number, refused: Refused, request: Failed): Promise<void> {
    const { failure, retryAfter } = refused
    const { maxRetries, retryDelay } = this.settings
    if (!isRetryable(failure) || attempt > maxRetries) throw await this.fail(failure, request)
    await pause(delayBefore(attempt, { ...failure, retryAfter }, retryDelay), request.signal)
  }

  async #repeat<T>(request: Request, run: (repeated: boolean) => Promise<T>): Promise<T> {
    let repeated = false
    for (let attempt = 1; ; attempt++) {
      try {
        return await run(repeated)
      } catch (error) {
        const refused = Refused.from(error)
        if (refused === undefined) throw error
        await this.again(attempt, refused, request)
        repeated ||= !isThrottled(refused.failure)
      }
    }
  }

  /** The caller's error for a failure. "Not found" is looked into once more where its words leave a doubt. */
  async fail(failure: Failure, request: Failed): Promise<unknown> {
    const { url = '', keyed, path, signal } = request
    if (!keyed || failure.status !== 404) return this.error(failure, request)
    let told = failure
    try {
      const options = { method: 'GET', path, signal } as const
      if (!told.isOwn && url.includes('alt=media')) {
        // Of content, servers answer in words of any kind; of the object itself in JSON.
        const about = url.replace('alt=media', 'fields=name')
        const look = { ...options, operation: 'objects.get', url: about, accept: [404] }
        const { status, text } = await this.call(look)
        told = status === 404 ? failureOf(status, text) : { ...told, isOwn: true }
      }
      // Emulators say nothing at all. A page of HTML is never the service's.
      told = { ...told, isOwn: told.isOwn || told.message === '' }
      if (told.isOwn && !told.message.startsWith(NO_OBJECT)) {
        // The service has one reason for an object and a bucket that are not there.
        const bucket = this.url('/storage/v1', undefined, { maxResults: 1 })
        await this.document({ ...options, operation: 'objects.list', url: bucket })
      }
      return this.error(told, request)
    } catch (error) {
      signal?.throwIfAborted()
      // Who may not list the bucket knows that it is there.
      const known = isStorageError(error, 'PERMISSION_DENIED') && told.isOwn
      return known ? this.error(told, request) : error
    }
  }

  /** The caller's error for a failure, taken at its word. */
  error(failure: Failure, request: Failed): Error {
    const { operation, path, url = '', keyed = false, checked } = request
    const { status, message, reason: name } = failure
    const conditional = url.includes('GenerationMatch=')
    const kind = kindOf(failure, { keyed, checked, conditional })
    const upload = /[?&]upload_id=([^&]{1,4096})/.exec(url)?.[1]
    const scrubber = new Scrubber(() => [...this.#secrets(), upload])
    return failureError({ kind, name, message, status }, { operation, path, keyed }, scrubber)
  }

  #secrets(): string[] {
    return [
      ...this.#tokens,
      ...secretsOf(this.settings.credentials),
      ...(this.#opened?.secrets() ?? []),
    ]
  }

  async #guarded<T>({ signal, urgent }: Request, run: () => Promise<T>): Promise<T> {
    try {
      return await (urgent ? run() : this.#gate.run(run, signal))
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (isStorageError(error) || Refused.from(error)) throw error
      // Who makes the connections has errors of ours, which the SDK wraps.
      const { cause } = (error ?? {}) as { cause?: unknown }
      if (isStorageError(cause)) throw cause
      throw new Refused(thrownFailure(error))
    }
  }

  async #send({ method, url, headers, body, signal, accept = [] }: Request): Promise<RawReply> {
    const { sender, endpoint } = await this.open()
    const target = url.startsWith('/') ? endpoint + url : url
    const options = {
      ...{ url: target, method, responseType: 'stream', retry: false },
      fetchImplementation: (to: string | URL, init: Init) => {
        this.#noteToken(init)
        return withHandle(() => exchange(to, init), this.settings.idleTimeout, signal)
      },
      headers: { 'user-agent': `${this.settings.userAgent} stowage`.trim(), ...headers },
      // The SDK gets new credentials after a 401, and tries once more.
      validateStatus: (status: number) => status !== 401,
      ...(body !== undefined && { data: body }),
      ...(signal && { signal }),
      agent: this.#agents?.for(target),
    }
    const reply = (await sender.request(options as never)) as unknown as RawReply
    if ((reply.status >= 200 && reply.status < 300) || accept.includes(reply.status)) return reply
    const { data } = reply
    const text = typeof data === 'string' ? data : (await readErrorBody(data)).toString()
    throw new Refused(failureOf(reply.status, text), reply.headers.get('retry-after') ?? undefined)
  }

  /** A server may repeat in its errors what it was sent. */
  #noteToken({ headers = [] }: Init): void {
    for (const [name, value] of headers) {
      if (name.toLowerCase() !== 'authorization') continue
      for (const secret of authorizationSecrets(value)) this.#tokens.add(secret)
    }
    for (const token of this.#tokens) {
      if (this.#tokens.size <= MAX_TOKENS) return
      this.#tokens.delete(token)
    }
  }

  /** Ends the sockets; a later call opens one for itself. */
  close(): void {
    this.#isClosed = true
    this.#agents?.destroy()
  }
}
