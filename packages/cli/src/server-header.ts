import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'

/** Answers of `node:http`, which most SDKs use, and of the global `fetch`. */
const HTTP = 'http.client.response.finish'
const FETCH = 'undici:request:headers'

interface FetchAnswer {
  readonly response?: { readonly headers?: readonly Uint8Array[] }
}

/**
 * What the storage calls itself while `run` talks to it: the `Server` header of the first answer that has
 * one. Undefined where nothing goes over HTTP.
 */
export async function serverHeader(run: () => Promise<unknown>): Promise<string | undefined> {
  let seen: string | undefined
  const http = (message: unknown): void => {
    seen ??= (message as { response?: IncomingMessage }).response?.headers.server?.toString()
  }
  const fetched = (message: unknown): void => {
    const raw = (message as FetchAnswer).response?.headers ?? []
    const headers = raw.map((part) => Buffer.from(part).toString('latin1'))
    const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'server')
    if (at >= 0) seen ??= headers[at + 1]
  }
  subscribe(HTTP, http)
  subscribe(FETCH, fetched)
  try {
    await run()
  } finally {
    unsubscribe(HTTP, http)
    unsubscribe(FETCH, fetched)
  }
  return seen
}
