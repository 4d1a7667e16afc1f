// A fake of faults: an HTTP proxy in front of a real server. It passes everything on, and notes it, unless a rule says
// otherwise; whatever the rule makes up (a lost reply, a refusal, a body cut short) no server has said.
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the proxy saw it. */
export interface Seen {
  /** The operation's name in the service's documentation. */
  readonly operation: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
}

export interface Fault {
  /** Carry it out, then drop the connection instead of replying. */
  readonly loseReply?: boolean
  /** Do not pass it on; reply with an error document. Status 200 is possible. */
  readonly refuse?: { readonly status: number; readonly code: string }
  /** Do not pass it on; reply with status 200 and this document. */
  readonly answer?: string
  /** Pass on so many bytes of the reply's body, then drop the connection. */
  readonly cutAfter?: number
  /** Pass on so many bytes of the reply's body, then nothing more. */
  readonly stallAfter?: number
  /** Reply to a range as a store does that knows of none: status 200, no Content-Range. */
  readonly asWhole?: boolean
  /** Wait for this before it is passed on. */
  readonly before?: Promise<unknown>
}

export class FaultProxy {
  seen: Seen[] = []
  rule: (seen: Seen) => Fault | undefined = () => undefined
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

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get operations(): string[] {
    return this.seen.map(({ operation }) => operation)
  }

  /** What `run` sends. */
  async during(run: () => Promise<unknown>): Promise<string[]> {
    this.seen = []
    await run()
    return this.operations
  }

  /** Applies the fault to the first requests of an operation. */
  fail(operation: string, fault: Fault, times = 1): void {
    let left = times
    this.rule = (seen) => (seen.operation === operation && left-- > 0 ? fault : undefined)
  }

  connections(): Promise<number> {
    return new Promise((done) => this.#server.getConnections((_error, count) => done(count)))
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  async #serve(request: IncomingMessage, body: Buffer, reply: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.#target)
    const { method = 'GET' } = request
    const seen = {
      operation: operationOf(method, url, request.headers),
      url,
      headers: request.headers,
    }
    this.seen.push(seen)
    const fault = this.rule(seen) ?? {}
    await fault.before
    if (fault.answer) {
      reply.writeHead(200, { 'content-type': 'application/xml' }).end(fault.answer)
      return
    }
    if (fault.refuse) return refuse(reply, method, fault.refuse)
    const { headers } = request
    const { hostname, port } = this.#target
    const onward = httpRequest({ hostname, port, method, headers, path: request.url }, (answer) =>
      passOn(answer, reply, fault),
    )
    onward.on('error', () => reply.destroy())
    reply.on('close', () => onward.destroy())
    onward.end(body)
  }
}

function refuse(
  reply: ServerResponse,
  method: string,
  { status, code }: { status: number; code: string },
) {
  reply.writeHead(status, { 'content-type': 'application/xml' })
  const text = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>made up by the test</Message></Error>`
  reply.end(method === 'HEAD' ? undefined : text)
}

function passOn(answer: IncomingMessage, reply: ServerResponse, fault: Fault): void {
  if (fault.loseReply) {
    answer.resume().on('end', () => reply.destroy())
    return
  }
  const { 'content-range': range, ...others } = answer.headers
  if (fault.asWhole) reply.writeHead(200, others)
  else
    reply.writeHead(answer.statusCode ?? 500, {
      ...others,
      ...(range && { 'content-range': range }),
    })
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
      if (passed >= limit && fault.cutAfter !== undefined) reply.destroy()
    })
  })
}

function operationOf(method: string, url: URL, headers: IncomingMessage['headers']): string {
  const has = (name: string): boolean => url.searchParams.has(name)
  const copy = headers['x-amz-copy-source'] !== undefined
  const names: Record<string, () => string> = {
    GET: () =>
      has('list-type')
        ? 'ListObjectsV2'
        : has('uploads')
          ? 'ListMultipartUploads'
          : has('uploadId')
            ? 'ListParts'
            : 'GetObject',
    HEAD: () => 'HeadObject',
    PUT: () =>
      (has('partNumber') ? 'UploadPart' : copy ? 'CopyObject' : 'PutObject') +
      (has('partNumber') && copy ? 'Copy' : ''),
    POST: () =>
      has('delete')
        ? 'DeleteObjects'
        : has('uploads')
          ? 'CreateMultipartUpload'
          : 'CompleteMultipartUpload',
    DELETE: () => (has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject'),
  }
  return names[method]?.() ?? method
}
