import type http from 'node:http'
import type https from 'node:https'
import { ConfigError } from '@stowage/core/driver'
import { HttpProxyAgent } from 'http-proxy-agent'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { getProxyForUrl } from 'proxy-from-env'

/** What Node's client tells an agent about a request. */
export interface RequestOptions {
  readonly host?: string | null | undefined
  readonly port?: number | string | null | undefined
  readonly protocol?: string | null | undefined
}

/** The agent of the proxy for a request, or undefined where it goes directly. */
export type Route = (request: http.ClientRequest, options: RequestOptions) => http.Agent | undefined

/**
 * Chooses each request's proxy from the environment.
 * @param made Is given each agent that is made, to end it with the driver.
 */
export function proxyRoute(options: https.AgentOptions, made: (agent: http.Agent) => void): Route {
  const agents = new Map<string, http.Agent>()
  return (request, { host, port }) => {
    const target = `${request.protocol}//${bracketed(host ?? 'localhost')}:${port ?? ''}`
    const proxy = getProxyForUrl(target)
    if (proxy === '') return undefined
    const secure = request.protocol === 'https:'
    const name = `${secure} ${proxy}`
    let agent = agents.get(name)
    if (agent === undefined) {
      agent = agentFor(proxy, secure, options)
      agents.set(name, agent)
      made(agent)
    }
    if (secure) refuseOtherAnswers(request, new URL(proxy).host)
    return agent
  }
}

function agentFor(proxy: string, secure: boolean, options: https.AgentOptions): http.Agent {
  if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol)) {
    throw new ConfigError(
      'the proxy that the environment names is not of the form http://host:port (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY)',
    )
  }
  const Agent = secure ? HttpsProxyAgent : HttpProxyAgent
  return new Agent(proxy, options as object) as unknown as http.Agent
}

/** An answer of the proxy to CONNECT would be taken for the service's own. */
function refuseOtherAnswers(request: http.ClientRequest, proxy: string): void {
  const events = request as unknown as NodeJS.EventEmitter
  events.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
    if (statusCode === 200) return
    request.destroy(
      Object.assign(new Error(`the proxy ${proxy} refused the connection: status ${statusCode}`), {
        code: 'ECONNREFUSED',
      }),
    )
  })
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}
