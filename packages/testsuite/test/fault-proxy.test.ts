// Each fault over real connections, as a client and a server see it.
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, type Server, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Fault, type FaultProxy, refusal, startFaultProxy } from '@stowage/testsuite'

const BODY = Buffer.alloc(100_000, 'abcdefg')

/** What came of a request: the reply as far as it came, and why it ended. */
interface Outcome {
  status?: number | undefined
  headers?: IncomingMessage['headers']
  bytes: number
  error?: string | undefined
}

/** What the server saw of a request: how much of its body, and whether it was whole. */
interface Served {
  readonly bytes: number
  readonly whole: boolean
}

let server: Server
let proxy: FaultProxy
let agent: Agent
let served: Served[]

beforeEach(async () => {
  served = []
  server = createServer((request, reply) => {
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    request.on('error', () => {})
    request.on('close', () => served.push({ bytes, whole: request.complete }))
    request.on('end', () => reply.end(BODY))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  proxy = await startFaultProxy(`http://127.0.0.1:${port}`)
  agent = new Agent({ keepAlive: true })
})

afterEach(async () => {
  agent.destroy()
  await proxy.stop()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

/** Time for all that is under way in this process: turns of its event loop, so that a busy machine gives as many. */
async function soon(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await wait(5)
}

/** Sends the body; leaves by itself then, if ever. */
function put(
  leave?: Promise<unknown>,
  headers: Record<string, string> = {},
  method = 'PUT',
): Promise<Outcome> {
  return new Promise((resolve) => {
    const outcome: Outcome = { bytes: 0 }
    const length = method === 'HEAD' ? {} : { 'content-length': BODY.length }
    const options = { method, agent, headers: { ...length, ...headers } }
    const sent = send(proxy.endpoint, options, (reply) => {
      outcome.status = reply.statusCode
      outcome.headers = reply.headers
      reply.on('data', (chunk: Buffer) => {
        outcome.bytes += chunk.length
      })
      reply.on('error', (error: NodeJS.ErrnoException) => {
        outcome.error = error.code
      })
      reply.on('close', () => resolve(outcome))
    })
    void leave?.then(() => sent.destroy(new Error('left')))
    sent.on('error', (error: NodeJS.ErrnoException) => {
      outcome.error = error.code ?? error.message
      resolve(outcome)
    })
    if (headers.expect) sent.on('continue', () => sent.end(BODY)).flushHeaders()
    else sent.end(method === 'HEAD' ? undefined : BODY)
  })
}

/** Where something stays silent, the client leaves soon after. */
async function withFault(fault: Fault, how?: 'reset' | 'close' | 'stall'): Promise<Outcome> {
  const cut = Promise.withResolvers<void>()
  proxy.rule = () => ({ ...fault, onCut: () => cut.resolve() })
  const outcome = await put(how === 'stall' ? cut.promise.then(soon) : undefined)
  await proxy.settled()
  return outcome
}

const WHOLE = { bytes: BODY.length, whole: true }

test('without a fault everything passes, over the same connection, and is counted', async () => {
  for (let i = 0; i < 3; i++) expect(await put()).toMatchObject({ status: 200, bytes: BODY.length })
  expect(served).toEqual([WHOLE, WHOLE, WHOLE])
  expect(await proxy.connections()).toBe(1)
  expect(proxy.seen.map(({ index, operation }) => [index, operation])).toEqual(
    [0, 1, 2].map((index) => [index, 'PUT /']),
  )
  const { requestBytes, replyBytes, status } = proxy.seen[2] ?? {}
  expect({ requestBytes, replyBytes, status }).toEqual({
    requestBytes: BODY.length,
    replyBytes: BODY.length,
    status: 200,
  })
})

test('a client that waits for 100 Continue is told', async () => {
  expect(await put(undefined, { expect: '100-continue' })).toMatchObject({ status: 200 })
})

test.each([
  ['reset', 'ECONNRESET'],
  ['close', 'ECONNRESET'],
  ['stall', 'left'],
] as const)('a request that is cut (%s) does not reach the server', async (how, error) => {
  // A connection that is closed while the client still sends is EPIPE or ECONNRESET, as it comes.
  const outcome = await withFault({ cutRequest: { how } }, how)
  expect([error, 'EPIPE']).toContain(outcome.error)
  expect(served).toEqual([])
})

test.each(['reset', 'close', 'stall'] as const)(
  'a request that is cut (%s) after some bytes is never whole',
  async (how) => {
    const outcome = await withFault({ cutRequest: { after: 60_000, how } }, how)
    expect(outcome.status).toBeUndefined()
    // What the server has not read of it by then it never does.
    for (const { bytes, whole } of served) {
      expect(whole).toBe(false)
      expect(bytes).toBeLessThanOrEqual(60_000)
    }
  },
)

test.each([
  ['nothing', 'reset'],
  ['nothing', 'close'],
  ['nothing', 'stall'],
  ['head', 'close'],
] as const)(
  'a reply of which %s comes (%s) is to a request that was carried out',
  async (after, how) => {
    const outcome = await withFault({ cutReply: { after, how } }, how)
    expect(outcome).toMatchObject({ bytes: 0, error: expect.any(String) })
    expect(outcome.status).toBeUndefined()
    expect(served).toEqual([WHOLE])
  },
)

test('a reply that is cut by FIN has delivered what came before', async () => {
  const outcome = await withFault({ cutReply: { after: 70_000, how: 'close' } })
  expect(outcome).toMatchObject({ status: 200, bytes: 70_000, error: 'ECONNRESET' })
})

test('a reply that is cut by RST ends early', async () => {
  const outcome = await withFault({ cutReply: { after: 70_000, how: 'reset' } })
  expect(outcome.error).toBe('ECONNRESET')
  expect(outcome.bytes).toBeLessThanOrEqual(70_000)
})

test('a reply that stalls stays, and is noticed as left when the client leaves', async () => {
  const outcome = withFault({ cutReply: { after: 70_000, how: 'stall' } }, 'stall')
  expect(await outcome).toMatchObject({ status: 200, bytes: 70_000 })
  while (proxy.busy > 0) await new Promise((turn) => setImmediate(turn))
})

test('a reply that is shorter than its cut comes whole', async () => {
  for (const how of ['stall', 'close'] as const) {
    const outcome = await withFault({ cutReply: { after: 10 ** 9, how } })
    expect(outcome).toMatchObject({ status: 200, bytes: BODY.length })
  }
})

test('a late request is carried out once the client has left, and not before', async () => {
  proxy.rule = () => ({ late: true })
  const outcome = put(soon())
  expect(served).toEqual([])
  expect(await outcome).toMatchObject({ error: 'left' })
  await proxy.settled()
  expect(served).toEqual([WHOLE])
})

test('a request is held back, and so is a reply', async () => {
  const order: string[] = []
  await withFault({
    hold: async () => order.push(`before ${served.length}`),
    holdReply: async ({ replyBytes }) => order.push(`after ${replyBytes}`),
  })
  expect(order).toEqual(['before 0', `after ${BODY.length}`])
  expect(served).toEqual([WHOLE])
})

test('a held request whose client leaves is not passed on', async () => {
  proxy.rule = () => ({ hold: () => new Promise(() => {}) })
  const outcome = await put(soon())
  await proxy.settled()
  expect(outcome).toMatchObject({ error: 'left' })
  expect(served).toEqual([])
})

test.each(['s3', 'azure', 'gcs', 'plain'] as const)(
  'a refusal is in the words of %s',
  async (vendor) => {
    const refused = refusal(vendor, { status: 503, retryAfter: 7 })
    const outcome = await withFault({ answer: refused })
    expect(outcome).toMatchObject({ status: 503, bytes: refused.body?.length })
    expect(outcome.headers?.['retry-after']).toBe('7')
    expect(served).toEqual([])
    const word = { s3: 'SlowDown', azure: 'ServerBusy', gcs: 'backendError', plain: 'made up' }
    expect(refused.body).toContain(word[vendor])
  },
)

test('a refusal of a HEAD has no body', async () => {
  proxy.rule = () => ({ answer: refusal('s3', { status: 500 }) })
  expect(await put(undefined, {}, 'HEAD')).toMatchObject({ status: 500, bytes: 0 })
})

test('first line and headers can be changed', async () => {
  const outcome = await withFault({
    change: ({ headers }) => ({ status: 206, headers: { ...headers, etag: '"x"' } }),
  })
  expect(outcome).toMatchObject({ status: 206, bytes: BODY.length })
  expect(outcome.headers?.etag).toBe('"x"')
})
