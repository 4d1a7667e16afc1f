import { addAbortSignal, type Readable } from 'node:stream'
import { MAX_PAGE_BYTES, readBody } from '@stowage/driver-kit'
import type { Asked, Failure, Where } from './errors.ts'

/** One request of the JSON API. */
export interface Request extends Where, Omit<Asked, 'conditional'> {
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

/** As the SDK gives it. */
export interface RawReply {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly data: Readable | string
}

/** A request that failed, or what is known of it. */
export type Failed = Where & Asked & Partial<Pick<Request, 'signal' | 'url'>>

/** An answer of the service in JSON. */
export interface Document {
  readonly document: Readonly<Record<string, unknown>>
  header(name: string): string | undefined
}

/** Whether a request may take as long as its bytes need. */
export function hasContent({ body }: Request): boolean {
  return body !== undefined && body.length > 0
}

export function headerOf(headers: RawReply['headers']): Reply['header'] {
  return (name) => headers.get(name) ?? undefined
}

export async function readReply(
  { status, headers, data }: RawReply,
  signal: AbortSignal,
): Promise<Reply> {
  const reply = { status, repeated: false, header: headerOf(headers) }
  if (typeof data === 'string') return { ...reply, text: data }
  addAbortSignal(signal, data)
  return { ...reply, text: (await readBody(data, MAX_PAGE_BYTES)).toString() }
}
