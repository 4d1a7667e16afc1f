import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { endAgents } from '@stowage/core/driver'
import type { proxyRoute, RequestOptions, Route } from './proxies.ts'

/** How {@link HttpAgents} keep and end sockets. */
export interface HttpAgentsOptions {
  /** Milliseconds without a byte in either direction after which a request's socket is ended. */
  readonly idleTimeout: number
  /** Milliseconds that a socket is kept for the next request; `idleTimeout` by default. */
  readonly keepAlive?: number | undefined
  /** For `https:`, such as `ca` and `rejectUnauthorized`. */
  readonly tls?: https.AgentOptions | undefined
}

/** What the types leave out: through this, Node's client gives a request to its agent. */
interface Adder {
  addRequest(request: http.ClientRequest, options: RequestOptions): void
}

/** Variables that name a proxy; the small ones win, as in curl. */
const PROXIES = ['http_proxy', 'https_proxy', 'all_proxy']

/**
 * One driver's sockets: kept alive between requests, ended when they go silent, closed with the driver. Requests go
 * through the proxy that `HTTP_PROXY`, `HTTPS_PROXY` or `ALL_PROXY` name, but for the hosts in `NO_PROXY`.
 */
export class HttpAgents {
  readonly http: http.Agent
  readonly https: https.Agent
  readonly #agents: http.Agent[]

  private constructor(options: HttpAgentsOptions, makeRoute: typeof proxyRoute | undefined) {
    const { idleTimeout, keepAlive = idleTimeout, tls } = options
    const plain = { keepAlive: true, timeout: keepAlive }
    const secure = { ...plain, ...tls }
    this.http = new http.Agent(plain)
    this.https = new https.Agent(secure)
    this.#agents = [this.http, this.https]
    const route = makeRoute?.(secure, (agent) => this.#agents.push(agent))
    for (const agent of [this.http, this.https]) watch(agent, idleTimeout, route)
  }

  /** Makes the agents. What is needed for proxies is loaded only where the environment names one. */
  static async open(options: HttpAgentsOptions): Promise<HttpAgents> {
    const proxied = PROXIES.some((name) => process.env[name] || process.env[name.toUpperCase()])
    return new HttpAgents(options, proxied ? (await import('./proxies.ts')).proxyRoute : undefined)
  }

  /** The agent for requests to this URL. */
  for(url: string | URL): http.Agent {
    return String(url).startsWith('https:') ? this.https : this.http
  }

  /** Ends all sockets, and keeps none that a retry opens after this. */
  destroy(): void {
    endAgents(this.#agents)
  }
}

/**
 * Each request sets its socket's limit anew. Node.js sets it from a server's `Keep-Alive: timeout=5` while the socket
 * waits in the pool, and leaves it there for the next request.
 */
function watch(agent: http.Agent, idleTimeout: number, route: Route | undefined): void {
  const direct = agent as unknown as Adder
  const add = direct.addRequest.bind(agent)
  direct.addRequest = (request, options) => {
    request.once('socket', (socket) => limitSilence(socket, idleTimeout))
    if (route === undefined) return add(request, options)
    let proxy: http.Agent | undefined
    try {
      proxy = route(request, options)
    } catch (error) {
      return refuse(request, error as Error)
    }
    if (proxy === undefined) return add(request, options)
    // Until the proxy has connected, the request has no socket that could go silent.
    const timer = setTimeout(() => refuse(request, silent(idleTimeout)), idleTimeout)
    for (const event of ['socket', 'close']) request.once(event, () => clearTimeout(timer))
    ;(proxy as unknown as Adder).addRequest(request, options)
  }
}

/** As an agent does that cannot connect: `destroy` alone is silent until there is a socket. */
function refuse(request: http.ClientRequest, error: Error): void {
  // The proxy's agent may fail later too, when nobody listens any more.
  request.on('error', () => {})
  request.destroy(error)
  ;(request as unknown as { onSocket(socket: null, error: Error): void }).onSocket(null, error)
}

const limited = new WeakSet<Socket>()

function limitSilence(socket: Socket, idleTimeout: number): void {
  socket.setTimeout(idleTimeout)
  if (limited.has(socket)) return
  limited.add(socket)
  socket.on('timeout', () => socket.destroy(silent(idleTimeout)))
}

function silent(ms: number): Error {
  return Object.assign(new Error(`ETIMEDOUT: no byte passed for ${ms / 1000} s`), {
    code: 'ETIMEDOUT',
  })
}
