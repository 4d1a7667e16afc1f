import http from 'node:http'
import https from 'node:https'

/** Variables with which the SDK sends requests through a proxy; it makes its own agents then. */
const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']
/** How long a socket waits for the next request: less than the service keeps it. */
const KEEP_MS = 60_000

/** One driver's sockets: kept alive between requests, closed with the driver. */
export class Agents {
  readonly #http = new http.Agent({ keepAlive: true, timeout: KEEP_MS })
  readonly #https = new https.Agent({ keepAlive: true, timeout: KEEP_MS })

  /** Undefined where the environment names a proxy: that is the SDK's business. */
  for(url: string): http.Agent | undefined {
    if (PROXIES.some((name) => process.env[name])) return undefined
    return url.startsWith('https:') ? this.#https : this.#http
  }

  /** Ends all sockets. One that is opened after this, by a retry of what was under way, is not kept. */
  destroy(): void {
    for (const agent of [this.#http, this.#https]) {
      // What the types leave out: whether a socket goes back to the pool is looked up when it is free.
      ;(agent as { keepAlive?: boolean }).keepAlive = false
      agent.destroy()
    }
  }
}
