import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** One driver's sockets: kept alive between requests, ended when they go silent, closed with the driver. */
export class Agents {
  readonly #http: http.Agent
  readonly #https: https.Agent

  constructor({ idleTimeout, skipVerify }: { idleTimeout: number; skipVerify: boolean }) {
    // Without `timeout`, an agent takes the limit off a socket that it uses again.
    const options = { keepAlive: true, timeout: idleTimeout }
    const trust = skipVerify ? { rejectUnauthorized: false } : {}
    this.#http = watched(new http.Agent(options), idleTimeout)
    this.#https = watched(new https.Agent({ ...options, ...trust }), idleTimeout)
  }

  for(url: string): http.Agent {
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

/** The SDK waits for ever for a server that went silent; this ends the socket, and a retry follows. */
function watched<A extends http.Agent>(agent: A, idleTimeout: number): A {
  const create = agent.createConnection.bind(agent)
  agent.createConnection = (options, callback) => {
    const made = create(options, callback) as Duplex | null | undefined
    const socket = made as Socket | null | undefined
    socket?.setTimeout(idleTimeout, () => {
      const text = `ETIMEDOUT: no byte passed for ${idleTimeout / 1000} s`
      socket.destroy(Object.assign(new Error(text), { code: 'ETIMEDOUT' }))
    })
    return made
  }
  return agent
}
