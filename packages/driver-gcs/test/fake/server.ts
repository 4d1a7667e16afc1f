// A fake of Google Cloud Storage's JSON API, and some of the XML API. See README.md in this folder.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bodyOf, type Exchange, json, refuse } from './exchange.ts'
import { HttpError } from './http-error.ts'
import { type About, Bucket, resource, type StoredObject } from './objects.ts'
import { Copies, list, media } from './reads.ts'
import { checkSignature } from './signed.ts'
import { mediaUpload, multipartUpload, Uploads } from './uploads.ts'

/** Looks at a request before it is answered. True: it has seen to the answer itself. */
export type Script = (exchange: Exchange, server: FakeGcs) => Promise<boolean> | boolean

const MAX_COMPOSED = 32

export class FakeGcs {
  readonly buckets = new Map<string, Bucket>()
  readonly uploads = new Uploads()
  readonly copies = new Copies()
  /** Method, path and query of every request so far. */
  readonly log: string[] = []
  /** The headers of the last request. */
  lastHeaders: IncomingMessage['headers'] = {}
  /** Requests without an Authorization header are refused then. */
  authenticated = false
  /** Origin of the addresses of uploads. Default: as the client reached us. */
  sessionOrigin: string | undefined
  /** In PEM, of whoever signs URLs: signatures are checked then. */
  publicKey: string | undefined
  /** Host for which they are signed. Default: the one that was asked. */
  signedHost: string | undefined
  script: Script | undefined
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, reply) => void this.#serve(request, reply))
    this.#server.keepAliveTimeout = 60_000
  }

  /** Listens on loopback. */
  static async start(port = 0): Promise<FakeGcs> {
    const fake = new FakeGcs()
    await new Promise<void>((resolve) => fake.#server.listen(port, '127.0.0.1', resolve))
    return fake
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  bucket(name: string): Bucket {
    const bucket = this.buckets.get(name)
    if (bucket) return bucket
    throw new HttpError(404, 'The specified bucket does not exist.', 'notFound')
  }

  createBucket(name: string): Bucket {
    const bucket = new Bucket()
    this.buckets.set(name, bucket)
    return bucket
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const origin = `http://${request.headers.host}`
    const url = new URL(request.url ?? '/', origin)
    const { method = 'GET' } = request
    const exchange = {
      ...{ method, path: url.pathname, query: url.searchParams },
      ...{ request, reply, origin },
    }
    this.log.push(`${method} ${url.pathname}${url.search}`)
    this.lastHeaders = request.headers
    reply.setHeader('date', new Date().toUTCString())
    try {
      const signed = checkSignature(exchange, this.publicKey, this.signedHost)
      if (this.authenticated && !signed && !request.headers.authorization) {
        throw new HttpError(401, 'Anonymous caller does not have access.', 'required')
      }
      if (await this.script?.(exchange, this)) return
      await this.#route(exchange)
    } catch (error) {
      if (!request.readableEnded) await bodyOf(request).catch(() => {})
      refuse(exchange, error)
    }
  }

  /** Answers as if there were no script. */
  answer(exchange: Exchange): Promise<void> {
    return this.#route(exchange)
  }

  async #route(exchange: Exchange): Promise<void> {
    const { method, path, query } = exchange
    if (path === '/batch/storage/v1') return this.#batch(exchange)
    if (path === '/storage/v1/b') return this.#makeBucket(exchange)
    const [, upload, name, rest] =
      /^(?:\/download)?(\/upload)?\/storage\/v1\/b\/([^/]+)(\/o(?:\/.*)?)?$/.exec(path) ?? []
    if (name === undefined) return this.#xml(exchange)
    if (query.has('upload_id')) return this.uploads.handle(exchange)
    const bucket = this.bucket(decodeURIComponent(name))
    if (upload) return this.#upload(bucket, exchange)
    if (rest === undefined) return this.#bucketItself(bucket, name, exchange)
    const parts = rest.split('/').slice(2).map(decodeURIComponent)
    if (parts.length === 0) return list(bucket, exchange)
    if (parts.length > 1) return this.#verb(bucket, parts, exchange)
    await this.#object(bucket, parts[0] as string, method, exchange)
  }

  async #makeBucket({ request, reply, method }: Exchange): Promise<void> {
    if (method === 'GET')
      return json(reply, { items: [...this.buckets.keys()].map((name) => ({ name })) })
    const { name } = JSON.parse((await bodyOf(request)).toString())
    if (this.buckets.has(name)) throw new HttpError(409, 'You already own this bucket.', 'conflict')
    this.createBucket(name)
    json(reply, { kind: 'storage#bucket', name })
  }

  #bucketItself(bucket: Bucket, name: string, { method, reply }: Exchange): void {
    if (method !== 'DELETE') {
      json(reply, { kind: 'storage#bucket', name })
      return
    }
    if (bucket.objects.size > 0) throw new HttpError(409, 'The bucket is not empty.', 'conflict')
    this.buckets.delete(name)
    reply.writeHead(204).end()
  }

  async #upload(bucket: Bucket, exchange: Exchange): Promise<void> {
    const type = exchange.query.get('uploadType')
    if (type === 'media') return mediaUpload(bucket, exchange)
    if (type === 'multipart') return multipartUpload(bucket, exchange)
    const { origin } = exchange
    return this.uploads.start(bucket, { ...exchange, origin: this.sessionOrigin ?? origin })
  }

  async #object(bucket: Bucket, name: string, method: string, exchange: Exchange): Promise<void> {
    const { query, request, reply } = exchange
    if (method === 'DELETE') {
      bucket.remove(name, query)
      reply.writeHead(204).end()
      return
    }
    const object = bucket.find(name, query)
    if (method === 'PATCH') {
      const change = JSON.parse((await bodyOf(request)).toString()) as About
      const changed = { ...object, ...change, metageneration: object.metageneration + 1 }
      bucket.objects.set(name, changed as StoredObject)
      return json(reply, resource(changed as StoredObject))
    }
    if (query.get('alt') === 'media') return media(object, exchange)
    json(reply, resource(object))
  }

  async #verb(bucket: Bucket, parts: string[], exchange: Exchange): Promise<void> {
    const [name = '', verb, ...target] = parts
    const { query, request, reply } = exchange
    const body = (await bodyOf(request)).toString()
    if (verb === 'compose') {
      const { sourceObjects } = JSON.parse(body) as { sourceObjects: { name: string }[] }
      if (sourceObjects.length > MAX_COMPOSED)
        throw new HttpError(400, 'Too many sources.', 'invalid')
      const none = new URLSearchParams()
      const contents = sourceObjects.map((source) => bucket.find(source.name, none).content)
      return json(reply, resource(bucket.store(name, Buffer.concat(contents), {}, query)))
    }
    if (verb === 'moveTo') {
      const { content, contentType } = bucket.find(name, query, 'ifSource')
      const moved = bucket.store(target[1] as string, content, { contentType }, query)
      bucket.objects.delete(name)
      return json(reply, resource(moved))
    }
    const to = this.bucket(target[1] as string)
    if (to !== bucket)
      throw new HttpError(501, 'This fake copies within a bucket.', 'notImplemented')
    this.copies.run(bucket, name, target[3] as string, exchange)
  }

  async #batch({ request, reply, origin }: Exchange): Promise<void> {
    const text = (await bodyOf(request)).toString()
    const parts = [...text.matchAll(/DELETE (\S+) HTTP/g)].map(([, path]) => {
      const url = new URL(path as string, origin)
      const [, bucket, name] = /\/b\/([^/]+)\/o\/([^/]+)$/.exec(url.pathname) ?? []
      try {
        this.bucket(bucket as string).remove(decodeURIComponent(name as string), url.searchParams)
        return 'HTTP/1.1 204 No Content'
      } catch (error) {
        return `HTTP/1.1 ${(error as HttpError).status} Not Found`
      }
    })
    reply.writeHead(200, { 'content-type': 'multipart/mixed; boundary=batch' })
    reply.end(
      `${parts.map((part) => `--batch\r\ncontent-type: application/http\r\n\r\n${part}\r\n\r\n`).join('')}--batch--`,
    )
  }

  /** `/BUCKET/NAME`, as in signed URLs. */
  async #xml(exchange: Exchange): Promise<void> {
    const { path, method, request, reply, query } = exchange
    const [, bucketName = '', name = ''] = /^\/([^/]+)\/(.+)$/.exec(path) ?? []
    const bucket = this.bucket(decodeURIComponent(bucketName))
    const key = decodeURIComponent(name)
    if (method === 'PUT') {
      bucket.store(key, await bodyOf(request), {}, query)
      reply.writeHead(200).end()
      return
    }
    media(bucket.find(key, query), exchange)
  }
}
