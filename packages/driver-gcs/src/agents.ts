import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'

/** Variables with which the SDK sends requests through a proxy; it makes its own agents then. */
const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']

/** One driver's sockets: kept alive between requests, ended when they go silent, closed with the driver. */
export class Agents {
  readonly #http: http.Agent
  readonly #https: https.Agent

  constructor(idleTimeout: number) {
    // Without `timeout`, an agent takes the limit off a socket that it uses again.
    const options = { keepAlive: true, timeout: idleTimeout }
    this.#http = watched(new http.Agent(options), idleTimeout)
    this.#https = watched(new https.Agent(options), idleTimeout)
  }

  /** Undefined where the environment names a proxy: that is the SDK's business. */
  for(url: string): http.Agent | undefined {
    if (PROXIES.some((name) => process.env[name])) return undefined
    return url.startsWith('https:') ? this.#https : this.#http
  }

  destroy(): void {
    this.#http.destroy()
    this.#https.destroy()
  }
}

/** The SDK waits for ever for a server that went silent; this ends the socket, and a retry follows. */
function watched<A extends http.Agent>(agent: A, idleTimeout: number): A {
  const create = agent.createConnection.bind(agent)
  agent.createConnection = (options, callback) => {
    const made = create(options, callback)
    const socket = made as Socket | null | undefined
    socket?.setTimeout(idleTimeout, () => {
      const text = `ETIMEDOUT: no byte passed for ${idleTimeout / 1000} s`
      socket.destroy(Object.assign(new Error(text), { code: 'ETIMEDOUT' }))
    })
    return made
  }
  return agent
}
