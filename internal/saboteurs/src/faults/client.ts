import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { ThrottledError, UnavailableError } from '@stowage/core/driver'

export interface Sent {
  readonly body?: Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
  readonly headers?: Record<string, string> | undefined
}

export interface Received {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Tries of a request. */
export const ATTEMPTS = 3
const PAUSE_MS = 5
const AGAIN = new Set([408, 429, 500, 503])

/** Requests to the store, each tried a few times. */
export class Client {
  readonly agent: Agent = new Agent({ keepAlive: true })
  readonly endpoint: string
  readonly idleTimeoutMs: number

  constructor(endpoint: string, idleTimeoutMs: number) {
    this.endpoint = endpoint
    this.idleTimeoutMs = idleTimeoutMs
  }

  /** @throws UnavailableError, ThrottledError once the tries are used up. */
  async call(method: string, path: string, sent: Sent = {}): Promise<Received> {
    for (let attempt = 1; ; attempt++) {
      const failed = await this.once(method, path, sent, attempt).catch((error: unknown) => {
        sent.signal?.throwIfAborted()
        return error as Error
      })
      if ('status' in failed && !AGAIN.has(failed.status)) return failed
      if (attempt === ATTEMPTS) throw giveUp(failed)
      await wait(PAUSE_MS * attempt, undefined, sent.signal ? { signal: sent.signal } : {})
    }
  }

  /** One try. */
  once(
    method: string,
    path: string,
    { body, signal, headers }: Sent,
    _attempt: number,
  ): Promise<Received> {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(body.length) }
      const sent = request(new URL(path, this.endpoint), {
        ...{ method, agent: this.agent, headers: { ...headers, ...length } },
        ...(signal && { signal }),
      })
      sent.setTimeout(this.idleTimeoutMs, () => sent.destroy(new Error('nothing came')))
      sent.on('error', reject)
      sent.on('response', (reply) => {
        this.receive(reply, method).then(
          (bytes) =>
            resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: bytes }),
          reject,
        )
      })
      sent.end(body)
    })
  }

  /** The whole body of a reply. */
  async receive(reply: IncomingMessage, _method: string): Promise<Buffer> {
    const chunks: Buffer[] = []
    for await (const chunk of reply) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks)
  }

  close(): void {
    this.agent.destroy()
  }
}

function giveUp(last: Received | Error): Error {
  if (!('status' in last)) return new UnavailableError(last.message, { cause: last })
  const text = `the store said ${last.status}`
  return last.status === 429 ? new ThrottledError(text) : new UnavailableError(text)
}
