// The proxy of the environment: one in this process that notes who comes. The store's name resolves nowhere.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Stub, startStub } from './helpers/stub.ts'
import { failure } from './helpers/world.ts'

const NAMES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [
  name,
  name.toUpperCase(),
])
const before = NAMES.map((name) => [name, process.env[name]] as const)
const seen: string[] = []
let proxy: Server
let url: string
let stub: Stub
beforeAll(async () => {
  stub = await startStub(() => ({
    headers: { etag: '"1"', 'content-length': '6' },
    body: 'direct',
  }))
  proxy = createServer((request, reply) => {
    seen.push(`${request.method} ${request.url}`)
    reply.writeHead(200, { etag: '"1"', 'content-length': '9' }).end('the proxy')
  })
  proxy.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url}`)
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
})
beforeEach(() => {
  seen.length = 0
  for (const name of NAMES) delete process.env[name]
})
afterAll(async () => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  await stub[Symbol.asyncDispose]()
  proxy.closeAllConnections()
  proxy.close()
})

const get = async (endpoint: string, region?: string): Promise<string> => {
  const driver = await stub.driver({ endpoint, ...(region && { region }) })
  return String(Buffer.from(await driver.getContent('/x')))
}

it('of HTTP_PROXY takes requests over http', async () => {
  process.env.HTTP_PROXY = url
  expect(await get('http://s3.example.invalid')).toBe('the proxy')
  expect(seen).toEqual([expect.stringContaining('GET http://s3.example.invalid/b/x')])
})

it('of HTTPS_PROXY is asked for a way to the store over https, and its refusal is an error', async () => {
  process.env.HTTPS_PROXY = url
  expect(await failure(get('https://s3.example.invalid'))).not.toBe('none')
  expect(seen).toEqual(['CONNECT s3.example.invalid:443'])
})

it('takes nothing for the hosts in NO_PROXY', async () => {
  process.env.HTTP_PROXY = url
  process.env.NO_PROXY = 'example.org,127.0.0.1'
  expect(await get(stub.endpoint)).toBe('direct')
  expect(seen).toEqual([])
})
