// A fake: content, copies, listings. See README.md in this folder.
import type { ServerResponse } from 'node:http'
import { compareKeys } from '@stowage/core'
import type { Exchange } from './exchange.ts'
import { json } from './exchange.ts'
import { HttpError } from './http-error.ts'
import { type Bucket, check, crc32c, md5, resource, type StoredObject } from './objects.ts'

const MAX_PAGE = 1000

/** Content, whole or a range. Of compressed content, clients that do not take gzip get what is in it. */
export function media(object: StoredObject, { method, request, reply }: Exchange): void {
  const { content, contentEncoding, generation, contentType } = object
  const headers: Record<string, string> = {
    ...{ 'content-type': contentType, 'x-goog-generation': generation },
    ...{ 'x-goog-hash': `crc32c=${crc32c(content)},md5=${md5(content)}` },
    'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(content.length),
    ...(contentEncoding && { 'content-encoding': contentEncoding }),
  }
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  if (from === undefined || (from === '' && to === '')) {
    reply.writeHead(200, { ...headers, 'content-length': String(content.length) })
    send(reply, method, content)
    return
  }
  const size = content.length
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1)
  if (start >= size || end <= start) {
    reply.setHeader('content-range', `bytes */${size}`)
    throw new HttpError(416, 'Request range not satisfiable', 'requestedRangeNotSatisfiable')
  }
  const part = content.subarray(start, end)
  reply.writeHead(206, {
    ...headers,
    'content-length': String(part.length),
    'content-range': `bytes ${start}-${end - 1}/${size}`,
  })
  send(reply, method, part)
}

function send(reply: ServerResponse, method: string, content: Buffer): void {
  if (method === 'HEAD') reply.end()
  else reply.end(content)
}

/** One page; tokens say after which entry to go on. */
export function list(bucket: Bucket, { query, reply }: Exchange): void {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const limit = Math.min(Number(query.get('maxResults') ?? MAX_PAGE), MAX_PAGE)
  const startOffset = query.get('startOffset') ?? ''
  // Clients send parameters that have no value: as if they did not.
  const endOffset = query.get('endOffset') || undefined
  const token = query.get('pageToken') || undefined
  const after = token && Buffer.from(token, 'base64url').toString()
  const items: Record<string, unknown>[] = []
  const prefixes: string[] = []
  let last: string | undefined
  for (const name of bucket.names()) {
    if (!name.startsWith(prefix) || compareKeys(name, startOffset) < 0) continue
    if (endOffset !== undefined && compareKeys(name, endOffset) >= 0) continue
    const cut = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length)
    const entry = cut < 0 ? name : name.slice(0, cut + delimiter.length)
    const trailing = cut >= 0 && name === entry && query.get('includeTrailingDelimiter') === 'true'
    // An entry with its marker is one entry of the page, and comes whole.
    if (after !== undefined && compareKeys(entry, after) <= 0) continue
    if (entry !== last && items.length + prefixes.length >= limit) {
      const nextPageToken = Buffer.from(last ?? '').toString('base64url')
      json(reply, { kind: 'storage#objects', items, prefixes, nextPageToken })
      return
    }
    if (cut < 0 || trailing) items.push(resource(bucket.objects.get(name) as StoredObject))
    if (cut >= 0 && entry !== prefixes.at(-1)) prefixes.push(entry)
    last = entry
  }
  json(reply, { kind: 'storage#objects', items, prefixes })
}

/** Copies between names. With `bytesPerRewrite`, a rewrite takes several requests. */
export class Copies {
  bytesPerRewrite = Number.POSITIVE_INFINITY
  readonly #tokens = new Map<string, { done: number; generation: string }>()

  run(bucket: Bucket, source: string, to: string, { query, reply, path }: Exchange): void {
    const object = bucket.find(source, query, 'ifSource')
    check(bucket.objects.get(to), query)
    const total = object.content.length
    const token = query.get('rewriteToken') ?? ''
    const begun =
      token === '' ? { done: 0, generation: object.generation } : this.#tokens.get(token)
    if (begun === undefined || begun.generation !== object.generation) {
      throw new HttpError(400, 'Invalid rewrite token.', 'invalid')
    }
    const done = Math.min(total, begun.done + this.bytesPerRewrite)
    const progress = { totalBytesRewritten: String(done), objectSize: String(total) }
    if (done < total) {
      const rewriteToken = `token-${this.#tokens.size}-${done}`
      this.#tokens.set(rewriteToken, { done, generation: object.generation })
      json(reply, { done: false, rewriteToken, ...progress })
      return
    }
    const { contentType, metadata, contentEncoding, cacheControl } = object
    const about = {
      contentType,
      ...(metadata && { metadata }),
      ...(contentEncoding && { contentEncoding }),
      ...(cacheControl && { cacheControl }),
    }
    const copy = resource(bucket.store(to, object.content, about, query))
    json(reply, path.includes('/copyTo/') ? copy : { done: true, ...progress, resource: copy })
  }
}
