import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'
import type { Cut, Fault, Seen } from './fault.ts'

/** Headers that belong to one connection, and the wish to be told before the body is sent. */
const HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'expect'])

/** How long a client that is stalled while it sends is not read at all. */
const UNREAD_MS = 1_500

/** A connection for each request: one that is used again may be closed by the server meanwhile. */
const agents = { 'http:': new HttpAgent(), 'https:': new HttpsAgent() }

/** A request, its reply, and what is to happen to them. */
export interface Exchange {
  readonly seen: Seen
  readonly fault: Fault
  readonly target: URL
  readonly request: IncomingMessage
  readonly reply: ServerResponse
}

/** Carries one request out, or does to it what its fault says. It resolves once the server is done with it. */
export async function exchange(one: Exchange): Promise<void> {
  const { seen, fault, request, reply } = one
  const { answer, cutRequest, late } = fault
  let gone = false
  // Of the reply, which has this one request; the connection has others.
  const left = new Promise<void>((done) => {
    reply.once('close', () => {
      gone = !reply.writableFinished
      done()
    })
  })
  request.on('error', () => {})
  reply.on('error', () => {})
  request.on('data', (chunk: Buffer) => {
    seen.requestBytes += chunk.length
  })
  request.pause()
  const early = fault.hold ? await held(one, left) : []
  if (gone) return
  if (answer) {
    await whole(request, left)
    reply.writeHead(answer.status, { ...answer.headers })
    const body = request.method === 'HEAD' ? undefined : answer.body
    if (typeof body !== 'function') reply.end(body)
    // A client that leaves ends the body: that is no fault of its own.
    else await pipeline(body(), reply).catch(() => {})
    return
  }
  if (cutRequest && cutRequest.after === undefined) return end(one, cutRequest.how)
  if (late) await gathered(request, left, early)
  await pass(one, early)
}

/** Waits as the fault says; gives what has come of the body meanwhile. */
async function held({ fault, seen, request }: Exchange, left: Promise<void>): Promise<Buffer[]> {
  const early: Buffer[] = []
  const held = Promise.resolve(fault.hold?.(seen))
  await gathered(request, Promise.race([held, left]), early)
  return early
}

/**
 * Gathers the body until then. It is read all the time: on a socket that nobody reads, nobody notices
 * that the client has left.
 */
async function gathered(request: IncomingMessage, until: Promise<unknown>, into: Buffer[]) {
  const gather = (chunk: Buffer): void => void into.push(chunk)
  request.on('data', gather)
  request.resume()
  await until
  request.off('data', gather)
  request.pause()
}

/** Reads the body away. */
async function whole(request: IncomingMessage, left: Promise<void>): Promise<void> {
  if (request.complete) return
  const ended = new Promise<void>((done) => request.once('end', done))
  request.resume()
  await Promise.race([ended, left])
}

/** Passes the request on, and the reply back. `early` is what has come of its body already. */
function pass(one: Exchange, early: readonly Buffer[]): Promise<void> {
  const { seen, fault, target, request, reply } = one
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((done) => {
    const onward = send({
      ...{ hostname: target.hostname, port: target.port, method: request.method },
      ...{ path: request.url, headers: kept(request.rawHeaders) },
      agent: agents[target.protocol as 'http:'],
    })
    onward.on('close', done)
    onward.on('error', () => {
      // A request that was cut ends as its fault says, and one that is late has nobody to tell.
      if (!fault.cutRequest && !fault.late && !reply.headersSent) request.socket.destroy()
    })
    let answered: IncomingMessage | undefined
    onward.on('response', (answer) => {
      answered = answer
      seen.status = answer.statusCode
      answer.on('data', (chunk: Buffer) => {
        seen.replyBytes += chunk.length
      })
      answer.pause()
      if (fault.late || reply.closed) answer.resume()
      else if (fault.holdReply || fault.cutReply?.after === 'nothing') void afterwards(one, answer)
      else passBack(one, answer)
    })
    if (fault.late) return void onward.end(Buffer.concat(early))
    reply.once('close', () => {
      if (reply.writableFinished) return
      // What the server has as a whole it carries out, whether or not somebody waits for the reply.
      if (request.complete && !fault.cutRequest) answered?.unpipe().resume()
      else onward.destroy()
    })
    if (fault.cutRequest) return cutUp(one, onward)
    for (const chunk of early) onward.write(chunk)
    if (request.readableEnded) onward.end()
    else request.pipe(onward)
  })
}

/** The head lines but those of this connection. */
function kept(raw: readonly string[]): string[] {
  return raw.filter((_, i) => !HOP.has((raw[i - (i % 2)] as string).toLowerCase()))
}

/** Passes on so many bytes of the request's body, then ends both connections. */
function cutUp(one: Exchange, onward: ClientRequest): void {
  const { fault, request, seen } = one
  const { after = 0, how } = fault.cutRequest ?? { how: 'reset' as const }
  let cut = false
  const over = (): void => {
    if (cut) return
    cut = true
    request.pause()
    onward.destroy()
    end(one, how)
  }
  request.on('data', (chunk: Buffer) => {
    const from = seen.requestBytes - chunk.length
    if (from >= after) return
    onward.write(chunk.subarray(0, after - from))
    if (seen.requestBytes >= after) over()
  })
  // A body that is shorter never gets there either.
  request.on('end', over)
  request.resume()
}

/** The server has answered all of it: now the client is told, or is not. */
async function afterwards(one: Exchange, answer: IncomingMessage): Promise<void> {
  const { fault, seen, reply } = one
  const chunks: Buffer[] = []
  answer.on('data', (chunk: Buffer) => chunks.push(chunk))
  answer.resume()
  await new Promise<void>((done) => answer.once('close', done))
  if (reply.closed) return
  const left = new Promise((done) => reply.once('close', done))
  await Promise.race([fault.holdReply?.(seen), left])
  if (reply.closed) return
  if (fault.cutReply) return end(one, fault.cutReply.how)
  writeHead(one, answer)
  reply.end(Buffer.concat(chunks))
}

function passBack(one: Exchange, answer: IncomingMessage): void {
  const { fault, request, reply } = one
  answer.on('error', () => request.socket.destroy())
  const { after, how } = fault.cutReply ?? {}
  if (after === undefined) {
    writeHead(one, answer)
    answer.pipe(reply)
    return
  }
  if (after === 'head') {
    // The server has carried it out by now: what it says of that is lost with the rest.
    answer.resume()
    request.socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\nDate: `, () =>
      end(one, how ?? 'reset'),
    )
    return
  }
  writeHead(one, answer)
  reply.flushHeaders()
  cutDown(one, answer, after as number, how ?? 'reset')
}

function writeHead({ fault, request, reply }: Exchange, answer: IncomingMessage): void {
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...headers } = answer.headers
  const head = { status: answer.statusCode ?? 500, headers }
  const changed = fault.change?.(head) ?? head
  const given = Object.entries(changed.headers).filter(([, value]) => value !== undefined)
  if (request.method === 'HEAD' || changed.status === 204 || changed.status === 304) {
    reply.removeHeader('transfer-encoding')
  }
  reply.writeHead(changed.status, Object.fromEntries(given) as Record<string, string>)
}

function cutDown(one: Exchange, answer: IncomingMessage, after: number, how: Cut): void {
  const { reply, seen } = one
  let passed = 0
  let cut = false
  const over = (): void => {
    if (cut) return
    cut = true
    end(one, how)
    // What the server goes on to send is not asked for.
    answer.destroy()
  }
  const enough = (): boolean => passed >= after
  answer.on('data', (chunk: Buffer) => {
    if (enough()) return
    const part = chunk.subarray(0, after - passed)
    passed += part.length
    reply.write(part, () => enough() && over())
  })
  // A reply that is shorter is whole: its last byte has come, and then the connection may go.
  answer.on('end', () => {
    if (enough()) return
    reply.end()
    if (how !== 'stall') over()
  })
  if (after === 0 || seen.method === 'HEAD') over()
  else answer.resume()
}

/** Ends a connection in one of the ways; a stalled one stays until somebody else ends it. */
function end({ request, fault, seen }: Exchange, how: Cut): void {
  if (how === 'reset') request.socket.resetAndDestroy()
  else if (how === 'close') request.socket.destroySoon()
  // As a full network has it, the client cannot send either; but it must be noticed when it leaves.
  else setTimeout(() => request.resume(), UNREAD_MS).unref()
  fault.onCut?.(seen)
}
