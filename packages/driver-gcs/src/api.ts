import type { Readable } from 'node:stream'
import { isStorageError, Limiter } from '@stowage/core'
import { Agents } from './agents.ts'
import { delayBefore, pause } from './backoff.ts'
import { loadSdk, type Opened, openClient } from './client.ts'
import {
  type Failure,
  failureError,
  isRetryable,
  isThrottled,
  thrownFailure,
  type Where,
} from './errors.ts'
import type { Settings } from './parameters.ts'
import { exchange, type Init } from './transport.ts'

/** One request of the JSON API. */
export interface Request extends Where {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** Path and query, or a whole URL. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: Uint8Array | string | undefined
  readonly signal?: AbortSignal | undefined
  /** Statuses that are answers too, besides 200 to 299. */
  readonly accept?: readonly number[] | undefined
  /** Sent at once, however many requests wait: others depend on it. */
  readonly urgent?: boolean | undefined
}

export interface Reply {
  readonly status: number
  /** An earlier attempt got no answer, or none that tells: it may have done what was asked. */
  readonly repeated: boolean
  header(name: string): string | undefined
  readonly text: string
}

export interface StreamReply extends Omit<Reply, 'text' | 'repeated'> {
  readonly body: Readable
}

/** A refused or failed attempt, for those who must look before they try again. */
export class Refused extends Error {
  readonly failure: Failure
  readonly retryAfter: string | undefined

  constructor(failure: Failure, retryAfter?: string) {
    super('refused')
    this.failure = failure
    this.retryAfter = retryAfter
  }

  static from(error: unknown): Refused | undefined {
    return error !== null && typeof error === 'object' && 'failure' in error
      ? (error as Refused)
      : undefined
  }
}

interface RawReply {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly data: Readable | string
}

/** Query parameters, in which undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>

/** The service: requests with everything that all of them share. Here is the one layer that retries. */
export class Api {
  readonly settings: Settings
  readonly #gate: Limiter
  readonly #agents = new Agents()
  #opening: Promise<Opened> | undefined

  constructor(settings: Settings) {
    this.settings = settings
    this.#gate = new Limiter(settings.maxConcurrency)
  }

  /** The SDK's client, loaded and made by the first call. */
  open(): Promise<Opened> {
    this.#opening ??= loadSdk()
      .then((sdk) => openClient(sdk, this.settings))
      .catch((error: unknown) => {
        this.#opening = undefined
        if (isStorageError(error)) throw error
        throw failureError(thrownFailure(error), { operation: 'credentials', path: '/' })
      })
    return this.#opening
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

  /** The same, of which the answer's body is read as it comes. */
  stream(request: Request): Promise<StreamReply> {
    return this.#repeat(request, () =>
      this.#guarded(request, async () => {
        const { status, headers, data } = await this.#send(request)
        return { status, header: headerOf(headers), body: data as Readable }
      }),
    )
  }

  /** The request once. @throws Refused, or the signal's reason. */
  attempt(request: Request): Promise<Reply> {
    return this.#guarded(request, async () => {
      const { status, headers, data } = await this.#send(request)
      return { status, repeated: false, header: headerOf(headers), text: await textOf(data) }
    })
  }

  /** Waits as long as is due before the next attempt. @throws the failure where there are to be no more. */
  async again(
    attempt: number,
    refused: Refused,
    request: Where & Pick<Request, 'signal'>,
  ): Promise<void> {
    const { failure, retryAfter } = refused
    const { maxRetries, retryDelay } = this.settings
    if (!isRetryable(failure) || attempt > maxRetries) throw failureError(failure, request)
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

  async #guarded<T>({ signal, urgent }: Request, run: () => Promise<T>): Promise<T> {
    try {
      return await (urgent ? run() : this.#gate.run(run, signal))
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (isStorageError(error) || Refused.from(error)) throw error
      throw new Refused(thrownFailure(error))
    }
  }

  async #send({ method, url, headers, body, signal, accept = [] }: Request): Promise<RawReply> {
    const { sender, endpoint } = await this.open()
    const target = url.startsWith('/') ? endpoint + url : url
    const { userAgent, idleTimeout } = this.settings
    const agent = this.#agents.for(target)
    const options = {
      ...{ url: target, method, responseType: 'stream', retry: false },
      fetchImplementation: (to: string | URL, init: Init) => exchange(to, init, idleTimeout),
      headers: { 'user-agent': `${userAgent} stowage`.trim(), ...headers },
      // The SDK gets new credentials after a 401, and tries once more.
      validateStatus: (status: number) => status !== 401,
      ...(body !== undefined && { data: body }),
      ...(signal && { signal }),
      ...(agent && { agent }),
    }
    const reply = (await sender.request(options as never)) as unknown as RawReply
    if ((reply.status >= 200 && reply.status < 300) || accept.includes(reply.status)) return reply
    const failure = failureOf(reply.status, await textOf(reply.data))
    throw new Refused(failure, reply.headers.get('retry-after') ?? undefined)
  }

  /** Ends the sockets; a later call opens one for itself. */
  close(): void {
    this.#agents.destroy()
  }
}

function headerOf(headers: RawReply['headers']): Reply['header'] {
  return (name) => headers.get(name) ?? undefined
}

async function textOf(data: Readable | string): Promise<string> {
  if (typeof data === 'string') return data
  const chunks: Buffer[] = []
  for await (const chunk of data) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

interface ErrorDocument {
  readonly error?: {
    readonly message?: string
    readonly errors?: readonly { readonly reason?: string }[]
  }
}

/** The service explains itself in JSON, or for content in plain text. */
export function failureOf(status: number, text: string): Failure {
  try {
    const { error } = JSON.parse(text) as ErrorDocument
    const reason = error?.errors?.[0]?.reason ?? ''
    if (error?.message) return { status, message: error.message, reason }
  } catch {
    // Not JSON: the words as they are.
  }
  return { status, message: text.trim(), reason: '' }
}
