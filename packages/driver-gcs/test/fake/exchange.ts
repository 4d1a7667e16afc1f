// A fake: one request and what answers it. See README.md in this folder.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError } from './http-error.ts'

export interface Exchange {
  readonly method: string
  /** Decoded by nobody: names have slashes of their own, encoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly request: IncomingMessage
  readonly reply: ServerResponse
  /** Origin under which the client reached us. */
  readonly origin: string
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export function json(reply: ServerResponse, value: unknown, status = 200): void {
  reply.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' })
  reply.end(JSON.stringify(value))
}

/** Errors of the JSON API are documents; those of content and of the XML API are text. */
export function refuse({ reply, query }: Exchange, error: unknown): void {
  const known = error instanceof HttpError ? error : undefined
  const { status = 500, reason = 'backendError' } = known ?? {}
  const message = known?.message ?? String((error as Error).stack)
  if (reply.headersSent) {
    reply.destroy()
    return
  }
  if (status === 304) {
    reply.writeHead(304).end()
    return
  }
  if (query.get('alt') === 'media') {
    reply.writeHead(status, { 'content-type': 'text/html; charset=UTF-8' }).end(message)
    return
  }
  json(reply, { error: { code: status, message, errors: [{ message, reason }] } }, status)
}
