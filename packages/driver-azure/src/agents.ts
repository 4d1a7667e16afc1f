import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { endAgents } from '@stowage/core'

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

  /** Ends all sockets, and keeps none that a retry opens after this. */
  destroy(): void {
    endAgents([this.#http, this.#https])
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
