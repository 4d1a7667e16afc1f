// Sockets: hints of servers, readers that pause, addresses, and answers that never come to an end.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import { create } from '@stowage/core'
import { ACCOUNT_KEY, type Stub, startStub } from './helpers/stub.ts'

const opened: Stub[] = []

afterEach(async () => {
  for (const stub of opened.splice(0)) await stub[Symbol.asyncDispose]()
})

test('a server’s keep-alive hint does not shorten what a request on a used socket may take', async () => {
  let slow = false
  const stub = await startStub((_request, response) => {
    const answer = (): void => void response.writeHead(201, { etag: '"1"' }).end()
    // Longer than the second that Node.js makes of the hint.
    if (slow) setTimeout(answer, 1600)
    else answer()
  })
  opened.push(stub)
  stub.server.keepAliveTimeout = 2000
  const driver = await stub.open()
  await driver.putContent('/file', 'x')
  slow = true
  await driver.putContent('/file', 'x')
  expect(stub.asked).toHaveLength(2)
})

test('a reader that is not read asks for nothing, whatever happens to its connection', async () => {
  const size = 4 * 2 ** 20
  const bytes = Buffer.alloc(size, 7)
  let hungUp = 0
  const stub = await startStub((request, response) => {
    const [, from = '0'] = /bytes=(\d+)-/.exec(String(request.headers['x-ms-range'])) ?? []
    const start = Number(from)
    response.on('close', () => hungUp++)
    response.writeHead(start === 0 ? 200 : 206, {
      ...{ etag: '"1"', 'content-length': size - start },
      ...(start > 0 && { 'content-range': `bytes ${start}-${size - 1}/${size}` }),
    })
    response.end(bytes.subarray(start))
  })
  opened.push(stub)
  const driver = await stub.open({ idleTimeout: '500ms' })
  const reader = await driver.reader('/file')
  const chunks = reader[Symbol.asyncIterator]()
  let read = (await chunks.next()).value?.length ?? 0
  while (hungUp === 0) await delay(10)
  // Five more idle timeouts.
  await delay(2500)
  expect(stub.asked).toHaveLength(1)
  for (let next = await chunks.next(); !next.done; next = await chunks.next())
    read += next.value.length
  expect(read).toBe(size)
})

test('an IPv6 address works', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': 2, etag: '"1"' }).end('ok')
  })
  await new Promise<void>((done) => server.listen(0, '::1', done))
  const { port } = server.address() as AddressInfo
  const serviceURL = `http://[::1]:${port}/account`
  const driver = await create('azure', {
    ...{ accountName: 'account', accountKey: ACCOUNT_KEY, container: 'files', serviceURL },
    maxRetries: -1,
  })
  expect(String(Buffer.from(await driver.getContent('/file')))).toBe('ok')
  await driver.close()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

test('requests go through the proxy that the environment names', async () => {
  const proxy = await startStub((_request, response) => {
    response.writeHead(200, { 'content-length': 2, etag: '"1"' }).end('ok')
  })
  opened.push(proxy)
  process.env.http_proxy = proxy.url
  try {
    const driver = await proxy.open({ serviceURL: 'http://store.invalid/account' })
    expect(String(Buffer.from(await driver.getContent('/file')))).toBe('ok')
    expect(proxy.asked).toEqual(['GET http://store.invalid/account/files/file'])
  } finally {
    delete process.env.http_proxy
  }
})
