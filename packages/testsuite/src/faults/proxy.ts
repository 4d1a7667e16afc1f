import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { exchange } from './exchange.ts'
import type { Rule, Seen } from './fault.ts'

/** How long an idle connection stays: longer than any test, so that a forgotten one is seen. */
const KEEP_ALIVE_MS = 600_000

/** Where a fault proxy sends what it lets through. */
export interface FaultProxyOptions {
  /** Names a request for rules and messages. Default: its method and path. */
  readonly nameOf?: ((request: Pick<Seen, 'method' | 'url' | 'headers'>) => string) | undefined
}

/**
 * An HTTP proxy between a driver and its real server, over real connections. It passes everything on, and
 * notes it, unless its rule names a fault.
 */
export interface FaultProxy extends AsyncDisposable {
  /** Where the driver is to connect: `http://127.0.0.1:PORT` and the target's path. */
  readonly endpoint: string
  /** What is to happen to each request; it may be replaced at any time. Default: nothing. */
  rule: Rule
  /** The requests since the last {@link reset}, in the order in which they came. */
  readonly seen: readonly Seen[]
  /** Their names. */
  readonly operations: string[]
  /** Forgets what was seen and counts from 0 again. The rule stays. */
  reset(): void
  /** What the function sends, by name; what was seen before is forgotten. */
  during(run: () => Promise<unknown>): Promise<string[]>
  /** Open connections of the driver, those that wait for their next request included. */
  connections(): Promise<number>
  /** Connections on which a request is not answered yet. */
  readonly busy: number
  /** Resolves once the server works on nothing any more, late requests included. */
  settled(): Promise<void>
  /** Ends all connections and stops to listen. */
  stop(): Promise<void>
}

/**
 * Starts a proxy on a free port of the loopback interface. The driver under test gets its `endpoint` in
 * place of the server's.
 *
 * @param target URL of the real server.
 * @example
 * ```ts
 * await using proxy = await startFaultProxy('http://127.0.0.1:9000')
 * // The third request is carried out, and its reply lost.
 * proxy.rule = ({ index }) => (index === 2 ? { cutReply: { after: 'nothing', how: 'reset' } } : undefined)
 * ```
 */
export async function startFaultProxy(
  target: string,
  options: FaultProxyOptions = {},
): Promise<FaultProxy> {
  const proxy = new HttpProxy(target, options)
  await proxy.listen()
  return proxy
}

class HttpProxy implements FaultProxy {
  rule: Rule = () => undefined
  #seen: Seen[] = []
  readonly #target: URL
  readonly #nameOf: FaultProxyOptions['nameOf']
  readonly #server: Server
  readonly #working = new Set<Promise<unknown>>()
  readonly #unanswered = new Set<ServerResponse>()

  constructor(target: string, { nameOf }: FaultProxyOptions) {
    this.#target = new URL(target)
    this.#nameOf = nameOf
    const serve = (request: IncomingMessage, reply: ServerResponse): void =>
      this.#serve(request, reply)
    // No limits of its own: whatever ends a connection here is a fault that was asked for.
    this.#server = createServer({ requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS }, serve)
    this.#server.headersTimeout = 0
    this.#server.on('checkContinue', (request, reply) => {
      reply.writeContinue()
      serve(request, reply)
    })
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  listen(): Promise<void> {
    return new Promise((done) => this.#server.listen(0, '127.0.0.1', done))
  }

  get endpoint(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}${this.#target.pathname.replace(/\/$/, '')}`
  }

  get seen(): readonly Seen[] {
    return this.#seen
  }

  get operations(): string[] {
    return this.#seen.map(({ operation }) => operation)
  }

  get busy(): number {
    return this.#unanswered.size
  }

  reset(): void {
    this.#seen = []
  }

  async during(run: () => Promise<unknown>): Promise<string[]> {
    this.reset()
    await run()
    return this.operations
  }

  connections(): Promise<number> {
    return new Promise((done) => this.#server.getConnections((_error, count) => done(count)))
  }

  async settled(): Promise<void> {
    while (this.#working.size > 0) {
      await Promise.race([Promise.all(this.#working), wait(10)])
    }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #serve(request: IncomingMessage, reply: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.#target)
    const { method = 'GET', headers } = request
    const operation = this.#nameOf?.({ method, url, headers }) ?? `${method} ${url.pathname}`
    const seen: Seen = {
      ...{ index: this.#seen.length, operation, method, url, headers },
      ...{ requestBytes: 0, replyBytes: 0, status: undefined },
    }
    this.#seen.push(seen)
    const fault = this.rule(seen) ?? {}
    this.#unanswered.add(reply)
    reply.once('close', () => this.#unanswered.delete(reply))
    const work = exchange({ seen, fault, target: this.#target, request, reply })
      .catch(() => request.socket.destroy())
      .finally(() => this.#working.delete(work))
    this.#working.add(work)
  }
}
