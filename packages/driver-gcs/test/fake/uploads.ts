// A fake: the three ways to upload. See README.md in this folder.
import { randomBytes } from 'node:crypto'
import { bodyOf, type Exchange, json } from './exchange.ts'
import { HttpError } from './http-error.ts'
import { type About, type Bucket, check, resource, type StoredObject } from './objects.ts'

const GRANULE = 256 * 1024

interface Session {
  readonly bucket: Bucket
  readonly name: string
  readonly about: About
  readonly query: URLSearchParams
  content: Buffer
  object: StoredObject | undefined
  gone: 404 | 410 | 499 | undefined
}

/** What `x-goog-hash` promises of the content. */
function promised(header: string | string[] | undefined): About {
  const text = String(header ?? '')
  const [, crc] = /crc32c=([^,\s]+)/.exec(text) ?? []
  const [, hash] = /md5=([^,\s]+)/.exec(text) ?? []
  return { ...(crc && { crc32c: crc }), ...(hash && { md5Hash: hash }) }
}

export async function mediaUpload(bucket: Bucket, { query, request, reply }: Exchange) {
  const content = await bodyOf(request)
  const contentType = request.headers['content-type']
  const about = { ...(contentType && { contentType }), ...promised(request.headers['x-goog-hash']) }
  json(reply, resource(bucket.store(query.get('name') ?? '', content, about, query)))
}

export async function multipartUpload(bucket: Bucket, { query, request, reply }: Exchange) {
  const body = await bodyOf(request)
  const [, boundary = ''] = /boundary="?([^";]+)/.exec(request.headers['content-type'] ?? '') ?? []
  const line = Buffer.from(`--${boundary}`)
  const first = body.indexOf(line)
  const second = body.indexOf(line, first + line.length)
  const last = body.lastIndexOf(Buffer.from(`\r\n--${boundary}--`))
  if (first < 0 || second < 0 || last < 0)
    throw new HttpError(400, 'Malformed multipart body.', 'badRequest')
  const part = (from: number, to: number): { head: string; content: Buffer } => {
    const start = body.indexOf('\r\n\r\n', from)
    return { head: body.subarray(from, start).toString(), content: body.subarray(start + 4, to) }
  }
  const about = JSON.parse(part(first, second).content.toString())
  const media = part(second, last)
  const [, contentType] = /content-type:\s*(.+)/i.exec(media.head) ?? []
  const name = query.get('name') ?? about.name ?? ''
  const whole = { contentType, ...about, ...promised(request.headers['x-goog-hash']) }
  json(reply, resource(bucket.store(name, Buffer.from(media.content), whole, query)))
}

/** What `Content-Range` says of a request's bytes; without it they are all there are. */
function spanOf({ headers }: Exchange['request']) {
  const whole = headers['content-range'] === undefined
  const range = String(headers['content-range'] ?? 'bytes 0-*/*')
  const [, from, to, total] = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(range) ?? []
  return { from, to, total, whole }
}

/** Resumable uploads. Their ids are all that a client needs to write. */
export class Uploads {
  readonly sessions = new Map<string, Session>()

  async start(bucket: Bucket, { query, request, reply, origin, path }: Exchange): Promise<void> {
    const text = (await bodyOf(request)).toString()
    const about = text === '' ? {} : JSON.parse(text)
    const name = query.get('name') ?? about.name ?? ''
    check(bucket.objects.get(name), query)
    const id = randomBytes(24).toString('base64url')
    const contentType = about.contentType ?? request.headers['x-upload-content-type']
    this.sessions.set(id, {
      ...{ bucket, name, about: { ...about, contentType }, query },
      ...{ content: Buffer.alloc(0), object: undefined, gone: undefined },
    })
    const location = `${origin}${path}?uploadType=resumable&name=${encodeURIComponent(name)}&upload_id=${id}`
    reply.writeHead(200, { location, 'content-length': '0' }).end()
  }

  async handle({ method, query, request, reply }: Exchange): Promise<void> {
    const session = this.sessions.get(query.get('upload_id') ?? '')
    if (session === undefined || session.gone) {
      await bodyOf(request)
      reply.writeHead(session?.gone ?? 404).end('Not Found')
      return
    }
    if (method === 'DELETE') {
      session.gone = 499
      session.content = Buffer.alloc(0)
      reply.writeHead(499).end()
      return
    }
    await this.#put(session, { request, reply })
  }

  /** Every upload that is under way is over, and answers so. */
  end(gone: 404 | 410): void {
    for (const session of this.sessions.values()) if (!session.object) session.gone = gone
  }

  /** Of what a request brings, only so many bytes are kept, changed on the way. */
  async keepPart(
    { query, request, reply }: Exchange,
    count: number,
    change: (bytes: Buffer) => unknown = () => {},
  ): Promise<void> {
    const session = this.sessions.get(query.get('upload_id') ?? '') as Session
    const bytes = Buffer.from((await bodyOf(request)).subarray(0, count))
    change(bytes)
    session.content = Buffer.concat([session.content, bytes])
    this.#conclude(session, { request, reply })
  }

  async #put(session: Session, { request, reply }: Pick<Exchange, 'request' | 'reply'>) {
    const { from } = spanOf(request)
    if (session.object) {
      // Whatever comes to one that has ended, the answer is its object.
      await bodyOf(request)
      json(reply, resource(session.object))
      return
    }
    if (from !== undefined && Number(from) > session.content.length) {
      await bodyOf(request)
      throw new HttpError(400, 'Invalid request. There is a gap before the first byte.', 'invalid')
    }
    if (from !== undefined) await this.#receive(session, request, Number(from))
    this.#conclude(session, { request, reply })
  }

  #conclude(session: Session, { request, reply }: Pick<Exchange, 'request' | 'reply'>): void {
    const { to, total, whole } = spanOf(request)
    const end = whole ? session.content.length : Number(total)
    if (Number.isNaN(end) || session.content.length < end) {
      if (Number.isNaN(end) && to !== undefined) this.#trim(session)
      this.#incomplete(session, reply)
      return
    }
    const about = { ...session.about, ...promised(request.headers['x-goog-hash']) }
    session.object = session.bucket.store(session.name, session.content, about, session.query)
    session.content = Buffer.alloc(0)
    json(reply, resource(session.object))
  }

  /** Keeps bytes as they come: what has arrived of a request that was cut stays, in whole granules. */
  async #receive(session: Session, request: Exchange['request'], from: number): Promise<void> {
    let at = from
    const chunks: Buffer[] = [session.content]
    let length = session.content.length
    const keep = (): void => {
      session.content = Buffer.concat(chunks)
    }
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        // What is there already is not looked at.
        const fresh = chunk.subarray(Math.max(0, length - at))
        at += chunk.length
        chunks.push(fresh)
        length += fresh.length
      }
      keep()
    } catch (error) {
      keep()
      this.#trim(session)
      throw error
    }
  }

  #trim(session: Session): void {
    const kept = session.content.length - (session.content.length % GRANULE)
    session.content = session.content.subarray(0, kept)
  }

  #incomplete({ content }: Session, reply: Exchange['reply']): void {
    const range = content.length > 0 ? { range: `bytes=0-${content.length - 1}` } : {}
    reply.writeHead(308, { ...range, 'content-length': '0' }).end()
  }
}
