import http from 'node:http'
import https from 'node:https'

/** What the SDK hands over for one request, credentials included. */
export interface Init {
  readonly method?: string
  readonly headers?: Iterable<[string, string]>
  readonly body?: Uint8Array | string | null
  readonly signal?: AbortSignal | null
  readonly agent?: http.Agent
}

/** What the SDK reads of an answer. */
interface Answer {
  readonly status: number
  readonly statusText: string
  readonly ok: boolean
  readonly url: string
  readonly headers: Headers
  readonly body: http.IncomingMessage
}

/**
 * One exchange over Node's own HTTP, in the form in which the SDK asks for it. What it brings along itself
 * takes 308 for a redirect, decompresses, and throws an error that nobody can catch when a signal is aborted just
 * before a request with a body. A redirect is an answer like others: nothing is sent elsewhere.
 */
export function exchange(target: string | URL, init: Init): Promise<Answer> {
  const url = new URL(target)
  const { method = 'GET', headers = [], body, signal, agent } = init
  // A view of the same bytes: chunks are large.
  const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? undefined)
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const { request } = url.protocol === 'https:' ? https : http
    const sent = request(url, {
      method,
      headers: { ...Object.fromEntries(headers), ...lengthOf(bytes) },
      ...(agent && { agent }),
      ...(signal && { signal }),
    })
    sent.on('error', reject)
    sent.on('response', (reply) => {
      // Nobody reads what has no body, and an answer that is not read holds its socket.
      if (reply.statusCode === 204) reply.resume()
      resolve(answer(url, reply))
    })
    sent.end(bytes)
  })
}

function lengthOf(bytes: Uint8Array | undefined): Record<string, string> {
  return bytes === undefined ? {} : { 'content-length': String(bytes.length) }
}

function answer(url: URL, reply: http.IncomingMessage): Answer {
  const { statusCode: status = 0, statusMessage: statusText = '' } = reply
  const headers = new Headers()
  for (const [name, value] of Object.entries(reply.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return { status, statusText, ok: status < 300, url: url.href, headers, body: reply }
}
