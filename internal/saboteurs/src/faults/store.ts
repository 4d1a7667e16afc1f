// A small object store over HTTP, in memory: what the saboteurs of the fault suite talk to. Every request may be repeated.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Stored {
  readonly bytes: Buffer
  readonly time: number
}

interface Session {
  readonly key: string
  readonly time: number
  bytes: Buffer
  committed: boolean
}

/** A request whose body has come as a whole. */
interface Call {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly range: string | undefined
  readonly body: Buffer
}

type Reply = readonly [status: number, body?: Buffer | object, headers?: Record<string, string>]

export class ObjectStore {
  readonly objects: Map<string, Stored> = new Map<string, Stored>()
  readonly sessions: Map<string, Session> = new Map<string, Session>()
  readonly #server: Server = createServer((request, reply) => void this.#serve(request, reply))

  static async start(): Promise<ObjectStore> {
    const store = new ObjectStore()
    await new Promise<void>((done) => store.#server.listen(0, '127.0.0.1', done))
    return store
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  /** Everything of a storage, unfinished uploads too. */
  all(prefix: string): string[] {
    const uploads = [...this.sessions.values()].filter(({ committed }) => !committed)
    const keys = [...this.objects.keys(), ...uploads.map(({ key }) => `${key} (an upload)`)]
    return keys.filter((key) => key.startsWith(prefix))
  }

  async #serve(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      // A request that was cut off is none.
      return
    }
    const url = new URL(request.url ?? '/', 'http://localhost')
    const { method = 'GET', headers } = request
    const path = decodeURIComponent(url.pathname)
    const call = { method, path, query: url.searchParams, range: headers.range }
    const [status, body, more] = this.#answer({ ...call, body: Buffer.concat(chunks) })
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body ? JSON.stringify(body) : '')
    reply.writeHead(status, { 'content-length': bytes.length, ...more })
    reply.end(method === 'HEAD' ? undefined : bytes)
  }

  #answer(call: Call): Reply {
    if (call.path === '/list') return this.#list(call)
    if (call.path === '/uploads') return this.#uploads(call)
    if (call.path === '/copy') return this.#copy(call)
    if (call.path.startsWith('/u/')) return this.#session(call)
    return this.#object(call)
  }

  #object({ method, path, range, body }: Call): Reply {
    const key = path.slice('/o/'.length)
    if (method === 'PUT') {
      this.objects.set(key, { bytes: body, time: Date.now() })
      return [200]
    }
    const found = this.objects.get(key)
    if (found === undefined) return [404]
    if (method === 'DELETE') {
      this.objects.delete(key)
      return [204]
    }
    const [, from = '0', to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
    const { bytes, time } = found
    if (Number(from) > bytes.length) return [416]
    const part = bytes.subarray(Number(from), to ? Number(to) + 1 : undefined)
    return [200, part, { 'x-size': String(bytes.length), 'x-time': String(time) }]
  }

  #list({ query }: Call): Reply {
    const prefix = query.get('prefix') ?? ''
    const keys = [...this.objects].filter(([key]) => key.startsWith(prefix))
    return [200, keys.map(([key, { bytes, time }]) => ({ key, size: bytes.length, time }))]
  }

  #copy({ query }: Call): Reply {
    const found = this.objects.get(query.get('from') ?? '')
    if (found === undefined) return [404]
    this.objects.set(query.get('to') ?? '', { ...found, time: Date.now() })
    return [200]
  }

  #uploads({ query }: Call): Reply {
    const prefix = query.get('prefix') ?? ''
    const open = [...this.sessions].filter(([, { key, committed }]) => {
      return !committed && key.startsWith(prefix)
    })
    return [200, open.map(([id, { key, time, bytes }]) => ({ id, key, time, size: bytes.length }))]
  }

  /** `POST` begins, `PUT` stores bytes from an offset on (without one: at the end), `PATCH` publishes. */
  #session({ method, path, query, body }: Call): Reply {
    const id = path.slice('/u/'.length)
    const session = this.sessions.get(id)
    if (method === 'DELETE') return this.sessions.delete(id) ? [204] : [204]
    if (method === 'POST') {
      const begun = { key: query.get('key') ?? '', bytes: Buffer.alloc(0), committed: false }
      if (session === undefined) this.sessions.set(id, { ...begun, time: Date.now() })
      return [200]
    }
    if (session === undefined) return [410]
    if (method === 'PUT') {
      const at = Number(query.get('at') ?? session.bytes.length)
      if (at > session.bytes.length) return [409]
      session.bytes = Buffer.concat([session.bytes.subarray(0, at), body])
      return [200]
    }
    this.objects.set(session.key, { bytes: session.bytes, time: Date.now() })
    session.committed = true
    return [200]
  }
}
