import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from '@jest/globals'
import { HttpAgents, type HttpAgentsOptions } from '@stowage/driver-kit'

const ends: (() => void)[] = []
const PROXIES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']
const before = { ...process.env }

afterEach(() => {
  for (const end of ends.splice(0)) end()
  for (const name of PROXIES.flatMap((one) => [one, one.toUpperCase()])) {
    if (before[name] === undefined) delete process.env[name]
    else process.env[name] = before[name]
  }
})

async function listen(server: http.Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function open(options: Partial<HttpAgentsOptions> = {}): Promise<HttpAgents> {
  const agents = await HttpAgents.open({ idleTimeout: 60_000, ...options })
  ends.push(() => agents.destroy())
  return agents
}

/** One request; the agent's sockets tell whether it was a new one. */
async function get(agents: HttpAgents, url: string): Promise<{ body: string; reused: boolean }> {
  const { request } = await import(url.startsWith('https:') ? 'node:https' : 'node:http')
  const sent = request(url, { agent: agents.for(url) }) as http.ClientRequest
  sent.end()
  const [reply] = (await once(sent, 'response')) as [http.IncomingMessage]
  return { body: await text(reply), reused: sent.reusedSocket }
}

/** A server that says how long it keeps connections, and answers when it is told. */
function hinting(seconds: number): { server: http.Server; hold: () => void; release: () => void } {
  let held = false
  const waiting: (() => void)[] = []
  const server = http.createServer((_request, reply) => {
    const answer = (): void => {
      reply.setHeader('keep-alive', `timeout=${seconds}`)
      reply.end('ok')
    }
    if (held) waiting.push(answer)
    else answer()
  })
  server.keepAliveTimeout = 60_000
  return {
    server,
    hold: () => {
      held = true
    },
    release: () => {
      for (const answer of waiting.splice(0)) answer()
    },
  }
}

describe('limits of sockets', () => {
  it("a server's hint does not shorten the limit of the next request on the socket", async () => {
    const { server, hold, release } = hinting(2)
    const url = `http://${await listen(server)}/`
    const agents = await open({ idleTimeout: 60_000 })
    expect(await get(agents, url)).toEqual({ body: 'ok', reused: false })
    hold()
    const sent = http.request(url, { agent: agents.http })
    sent.end()
    const [socket] = (await once(sent, 'socket')) as [net.Socket]
    expect(sent.reusedSocket).toBe(true)
    expect(socket.timeout).toBe(60_000)
    await once(server, 'request')
    release()
    const [reply] = (await once(sent, 'response')) as [http.IncomingMessage]
    expect(await text(reply)).toBe('ok')
  })

  it.each(['new', 'used'])('a %s socket ends when the server goes silent', async (kind) => {
    const { server, hold } = hinting(30)
    const url = `http://${await listen(server)}/`
    const agents = await open({ idleTimeout: 1_000 })
    if (kind === 'used') await get(agents, url)
    hold()
    await expect(get(agents, url)).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  })

  it('keeps a socket no longer than it is told to', async () => {
    const { server } = hinting(30)
    const url = `http://${await listen(server)}/`
    const agents = await open({ keepAlive: 50 })
    const ended = once(server, 'connection').then(([socket]) => once(socket as net.Socket, 'close'))
    await get(agents, url)
    await ended
    expect((await get(agents, url)).reused).toBe(false)
  })
})

describe('destroy', () => {
  it('ends the sockets and keeps none afterwards', async () => {
    const { server } = hinting(30)
    const url = `http://${await listen(server)}/`
    const agents = await open()
    const ended = once(server, 'connection').then(([socket]) => once(socket as net.Socket, 'close'))
    await get(agents, url)
    agents.destroy()
    await ended
    await get(agents, url)
    expect((await get(agents, url)).reused).toBe(false)
  })
})

/** A proxy that notes who comes; it passes on what it is asked, or refuses with a status. */
async function proxy(status?: number): Promise<{ host: string; seen: string[] }> {
  const seen: string[] = []
  const server = http.createServer((request, reply) => {
    seen.push(`${request.method} ${request.url}`)
    reply.end('from the proxy')
  })
  server.on('connect', (request, socket: net.Socket) => {
    seen.push(`CONNECT ${request.url}`)
    if (status !== undefined) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
    const to = net.connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      to.pipe(socket).pipe(to)
    })
    for (const one of [to, socket]) one.on('error', () => {})
    ends.push(() => to.destroy())
  })
  return { host: await listen(server), seen }
}

describe.each(['small', 'large'])('proxies of the environment, in %s letters', (letters) => {
  const set = (name: string, value: string): void => {
    process.env[letters === 'small' ? name : name.toUpperCase()] = value
  }

  it('takes http_proxy for http', async () => {
    const { host, seen } = await proxy()
    set('http_proxy', `http://${host}`)
    const agents = await open()
    expect((await get(agents, 'http://store.invalid/x?y=1')).body).toBe('from the proxy')
    expect((await get(agents, 'http://store.invalid/z')).reused).toBe(true)
    expect(seen).toEqual(['GET http://store.invalid/x?y=1', 'GET http://store.invalid/z'])
  })

  it('takes https_proxy for https, and its refusal is not an answer of the service', async () => {
    const { host, seen } = await proxy(403)
    set('https_proxy', `http://me:hidden@${host}`)
    const error = (await get(await open(), 'https://store.invalid/').catch((one) => one)) as Error
    expect(error).toMatchObject({ code: 'ECONNREFUSED', message: expect.stringContaining('403') })
    expect(error.message).not.toContain('hidden')
    expect(seen).toEqual(['CONNECT store.invalid:443'])
  })

  it('takes all_proxy for both', async () => {
    const { host, seen } = await proxy()
    set('all_proxy', `http://${host}`)
    await get(await open(), 'http://store.invalid/')
    expect(seen).toEqual(['GET http://store.invalid/'])
  })

  it('leaves out the hosts in no_proxy', async () => {
    const { host, seen } = await proxy()
    const { server } = hinting(30)
    const direct = await listen(server)
    set('http_proxy', `http://${host}`)
    set('no_proxy', 'other.example,127.0.0.1')
    const agents = await open()
    expect((await get(agents, `http://${direct}/`)).body).toBe('ok')
    expect((await get(agents, 'http://store.invalid/')).body).toBe('from the proxy')
    expect(seen).toEqual(['GET http://store.invalid/'])
  })

  it.each(['socks5://127.0.0.1:1', 'not a url'])('refuses the proxy %s', async (value) => {
    set('http_proxy', value)
    await expect(get(await open(), 'http://store.invalid/')).rejects.toMatchObject({
      code: 'CONFIG',
    })
  })

  it('ends requests of a proxy that does not answer', async () => {
    const silentServer = net.createServer()
    silentServer.listen(0, '127.0.0.1')
    await once(silentServer, 'listening')
    ends.push(() => silentServer.close())
    set('https_proxy', `http://127.0.0.1:${(silentServer.address() as AddressInfo).port}`)
    const connected = once(silentServer, 'connection')
    await expect(
      get(await open({ idleTimeout: 100 }), 'https://store.invalid/'),
    ).rejects.toMatchObject({
      code: 'ETIMEDOUT',
    })
    const [socket] = (await connected) as [net.Socket]
    socket.destroy()
  })
})
