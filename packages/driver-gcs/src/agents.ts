import http from 'node:http'
import https from 'node:https'
import { endAgents } from '@stowage/core'

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

  /** Ends all sockets, and keeps none that a retry opens after this. */
  destroy(): void {
    endAgents([this.#http, this.#https])
  }
}
