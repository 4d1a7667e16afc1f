// A fake of faults: an HTTP proxy between the driver and the real server. It passes everything on unless a rule says
// otherwise, and notes each request. What it makes up (a lost reply, a refusal, a header) is said by the rule.
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the proxy saw it. */
export interface Seen {
  /** The operation's name in the service's documentation, as far as the tests need it. */
  readonly operation: string
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
}

interface Fault {
  /** Carry it out, then drop the connection instead of replying. */
  readonly loseReply?: boolean
  /** Do not pass it on; reply so. */
  readonly refuse?: { readonly status: number; readonly code: string }
  /** Pass on so many bytes of the reply's body, then drop the connection. */
  readonly cutAfter?: number
  /** Pass on so many bytes of the reply's body, then nothing more. */
  readonly stallAfter?: number
  /** Replace headers of the reply. */
  readonly headers?: Readonly<Record<string, string>>
  /** Run before it is passed on. */
  readonly before?: () => Promise<unknown>
}

/** What to do to a request; undefined for nothing. */
export type Rule = (seen: Seen) => Fault | undefined

export class FaultProxy implements AsyncDisposable {
  readonly seen: Seen[] = []
  rule: Rule = () => undefined
  readonly #target: URL
  readonly #server: Server

  constructor(target: string) {
    this.#target = new URL(target)
    this.#server = createServer((request, reply) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => void this.#serve(request, Buffer.concat(chunks), reply))
    })
  }

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    await new Promise<void>((done) => proxy.#server.listen(0, '127.0.0.1', done))
    return proxy
  }

  /** The service URL by way of this proxy. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}${this.#target.pathname}`
  }

  get operations(): string[] {
    return this.seen.map(({ operation }) => operation)
  }

  /** Open connections, those kept alive included. */
  connections(): Promise<number> {
    return new Promise((done) => this.#server.getConnections((_error, count) => done(count)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  async #serve(
    request: IncomingMessage,
    body: Buffer,
    reply: import('node:http').ServerResponse,
  ): Promise<void> {
    const url = new URL(request.url ?? '/', this.#target)
    const { method = 'GET', headers } = request
    const seen = { operation: nameOf(method, url, headers), method, url, headers }
    this.seen.push(seen)
    const fault = this.rule(seen) ?? {}
    await fault.before?.()
    if (fault.refuse) {
      const { status, code } = fault.refuse
      reply.writeHead(status, { 'x-ms-error-code': code, 'content-type': 'application/xml' })
      const text = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>made up by the test</Message></Error>`
      reply.end(method === 'HEAD' ? undefined : text)
      return
    }
    const options = { host: this.#target.hostname, port: this.#target.port, method, headers }
    const onward = httpRequest({ ...options, path: request.url }, (answer) =>
      passOn(answer, reply, fault),
    )
    onward.on('error', () => reply.destroy())
    reply.on('close', () => onward.destroy())
    onward.end(body)
  }
}

function passOn(
  answer: IncomingMessage,
  reply: import('node:http').ServerResponse,
  fault: Fault,
): void {
  if (fault.loseReply) {
    answer.resume().on('end', () => reply.destroy())
    return
  }
  reply.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...fault.headers })
  const limit = fault.cutAfter ?? fault.stallAfter
  if (limit === undefined) {
    answer.pipe(reply)
    return
  }
  reply.flushHeaders()
  let passed = 0
  answer.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, limit - passed)
    passed += part.length
    reply.write(part, () => {
      if (passed < limit) return
      if (fault.cutAfter !== undefined) reply.destroy()
    })
    if (passed >= limit) answer.pause()
  })
}

/** Which of the service's operations a request is. */
function nameOf(method: string, url: URL, headers: IncomingMessage['headers']): string {
  const comp = url.searchParams.get('comp')
  const copies = headers['x-ms-copy-source'] !== undefined
  if (comp === 'batch') return 'Blob Batch'
  if (comp === 'list')
    return url.searchParams.has('delimiter') ? 'List Blobs by hierarchy' : 'List Blobs'
  if (comp === 'blocklist') return method === 'PUT' ? 'Put Block List' : 'Get Block List'
  if (comp === 'block') return copies ? 'Put Block From URL' : 'Put Block'
  if (comp === 'copy') return 'Abort Copy Blob'
  if (comp === 'userdelegationkey') return 'Get User Delegation Key'
  if (method === 'PUT' && copies) {
    return headers['x-ms-requires-sync'] === 'true' ? 'Copy Blob From URL' : 'Copy Blob'
  }
  const plain: Record<string, string> = {
    PUT: 'Put Blob',
    GET: 'Get Blob',
    HEAD: 'Get Blob Properties',
    DELETE: 'Delete Blob',
  }
  return plain[method] ?? `${method} ${comp}`
}
