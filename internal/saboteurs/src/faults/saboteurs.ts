// Drivers that are right as long as nothing fails, and wrong in one way when something does.
import type { IncomingMessage } from 'node:http'
import {
  type BareOptions,
  type BareWriter,
  type BareWriterOptions,
  isStorageError,
  PathNotFoundError,
} from '@stowage/core'
import { Client, type Received, type Sent } from './client.ts'
import { HttpDriver } from './driver.ts'
import { HttpWriter } from './writer.ts'

/** A driver that is broken in one way, and points of the fault suite at which it must be found. */
export interface FaultSaboteur {
  readonly id: string
  readonly breaks: string
  /** What the ids of these points contain. */
  readonly found: string
  open(endpoint: string, idleTimeoutMs: number, root: string): HttpDriver
}

type ClientClass = new (endpoint: string, idleTimeoutMs: number) => Client
type DriverClass = new (client: Client, root: string) => HttpDriver

function saboteur(
  about: Pick<FaultSaboteur, 'id' | 'breaks' | 'found'>,
  { client = Client, driver = HttpDriver }: { client?: ClientClass; driver?: DriverClass },
): FaultSaboteur {
  return { ...about, open: (endpoint, idle, root) => new driver(new client(endpoint, idle), root) }
}

/** The driver with another kind of writer. */
function writing(Writer: typeof HttpWriter): DriverClass {
  return class extends HttpDriver {
    override async writer(path: string, options: BareWriterOptions): Promise<BareWriter> {
      const writer = (await super.writer(path, options)) as HttpWriter
      return Object.setPrototypeOf(writer, Writer.prototype) as BareWriter
    }
  }
}

class ShortReads extends Client {
  override async receive(reply: IncomingMessage, method: string): Promise<Buffer> {
    if (method !== 'GET') return super.receive(reply, method)
    const chunks: Buffer[] = []
    reply.on('data', (chunk: Buffer) => chunks.push(chunk))
    await new Promise((done) => reply.once('close', done).once('error', done))
    return Buffer.concat(chunks)
  }
}

class EmptyRetries extends Client {
  override once(method: string, path: string, sent: Sent, attempt: number): Promise<Received> {
    const body = sent.body && attempt > 1 ? Buffer.alloc(0) : sent.body
    return super.once(method, path, { ...sent, body }, attempt)
  }
}

class Patient extends Client {
  constructor(endpoint: string, _idleTimeoutMs: number) {
    super(endpoint, 600_000)
  }
}

class Deaf extends Client {
  override once(method: string, path: string, sent: Sent, attempt: number): Promise<Received> {
    return super.once(method, path, { ...sent, signal: undefined }, attempt)
  }
}

class Listening extends Client {
  override call(method: string, path: string, sent: Sent = {}): Promise<Received> {
    sent.signal?.addEventListener('abort', () => {}, { capture: true })
    sent.signal?.addEventListener('abort', function stay() {
      sent.signal?.addEventListener('abort', stay)
    })
    return super.call(method, path, sent)
  }
}

class Leaking extends Client {
  #failed = false
  override once(method: string, path: string, sent: Sent, attempt: number): Promise<Received> {
    this.#failed ||= attempt > 1
    return super.once(method, path, sent, attempt)
  }
  override close(): void {
    if (!this.#failed) super.close()
  }
}

/** Longer than the suite waits, and short enough for the process to end. */
const FORGOTTEN_MS = 8_000

class Forgetful extends Client {
  override once(method: string, path: string, sent: Sent, attempt: number): Promise<Received> {
    if (attempt > 1) setTimeout(() => {}, FORGOTTEN_MS)
    return super.once(method, path, sent, attempt)
  }
}

class Raw extends Client {
  override async call(method: string, path: string, sent: Sent = {}): Promise<Received> {
    return super.call(method, path, sent).catch((error: Error) => {
      throw isStorageError(error, 'UNAVAILABLE') ? new Error(error.message) : error
    })
  }
}

class Unhandled extends Client {
  override call(method: string, path: string, sent: Sent = {}): Promise<Received> {
    const call = super.call(method, path, sent)
    void call.finally(() => {})
    return call
  }
}

class NotFound extends HttpDriver {
  override async stat(path: string, options: BareOptions) {
    return super.stat(path, options).catch(() => {
      throw new PathNotFoundError(path)
    })
  }
}

class LoseOnMove extends HttpDriver {
  override async copy(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
    await super.copy(from, to, signal).catch(() => {})
  }
}

class DeletesTwice extends HttpDriver {
  override async remove(path: string, signal: AbortSignal | undefined): Promise<void> {
    const { status } = await this.client.call('DELETE', this.object(path), { signal })
    if (status === 404) throw new PathNotFoundError(path)
  }
}

class GoesOn extends HttpDriver {
  override async putContent(path: string, content: Uint8Array, options: BareOptions) {
    const waiting = new Promise((later) => setTimeout(later, 30))
    const second = waiting.then(() => super.putContent(path, content, options))
    second.catch(() => {})
    await super.putContent(path, content, options)
    await second
  }
}

class MakesRoom extends HttpDriver {
  override async putContent(path: string, content: Uint8Array, options: BareOptions) {
    await this.remove(path, options.signal)
    await super.putContent(path, content, options)
  }
}

class Litters extends HttpDriver {
  override async putContent(path: string, content: Uint8Array, { signal }: BareOptions) {
    const hidden = `/o/${encodeURIComponent(`${this.root}.tmp${path}`)}`
    await this.client.call('PUT', hidden, { body: content, signal })
    await super.putContent(path, content, { signal })
    await this.client.call('DELETE', hidden)
  }
}

class ShortLists extends HttpDriver {
  override entries(prefix: string, signal: AbortSignal | undefined) {
    return super.entries(prefix, signal).catch(() => [])
  }
}

class Forgets extends HttpDriver {
  override uploads(path: string, signal: AbortSignal | undefined) {
    return super.uploads(path, signal).catch(() => [])
  }
}

class Appends extends HttpWriter {
  override async flush(count: number): Promise<void> {
    const body = this.buffer.subarray(0, count)
    const id = await this.begun()
    this.expect((await this.driver.client.call('PUT', `/u/${id}`, { body })).status)
    this.stored += count
    this.buffer = this.buffer.subarray(count)
  }
}

class GivesUp extends HttpWriter {
  override async commit(): Promise<void> {
    await super.commit().catch(async (error: unknown) => {
      await this.cancel()
      throw error
    })
  }
}

class ClosesAnyway extends HttpWriter {
  override async close(): Promise<void> {
    await super.close().catch(() => {})
  }
}

class CancelsAnyway extends HttpWriter {
  override async cancel(): Promise<void> {
    await super.cancel().catch(() => {})
  }
}

class PublishesAnyway extends HttpWriter {
  override async commit(): Promise<void> {
    await this.flush(this.buffer.length).catch(() => {})
    this.buffer = Buffer.alloc(0)
    await super.commit()
  }
}

/** Every driver that only a fault shows to be broken. */
export const faultSaboteurs: readonly FaultSaboteur[] = [
  saboteur(
    {
      id: 'short-reads',
      breaks: 'a body that breaks is an error',
      found: 'getContent/fault/0/close-after',
    },
    { client: ShortReads },
  ),
  saboteur(
    {
      id: 'empty-retries',
      breaks: 'a repeated request has its body',
      found: 'putContent/fault/0/reset',
    },
    { client: EmptyRetries },
  ),
  saboteur(
    { id: 'patient', breaks: 'silence ends a request', found: 'stat/fault/0/stall' },
    { client: Patient },
  ),
  saboteur(
    { id: 'deaf', breaks: 'an aborted request is ended', found: 'putContent/abort/0/stall' },
    { client: Deaf },
  ),
  saboteur(
    { id: 'listening', breaks: 'no listener stays on the signal', found: 'stat/abort/0/stall' },
    { client: Listening },
  ),
  saboteur(
    { id: 'leaking', breaks: 'close frees the connections', found: 'stat/fault/0/500' },
    { client: Leaking },
  ),
  saboteur(
    { id: 'forgetful', breaks: 'no timer stays', found: 'stat/fault/0+/5' },
    { client: Forgetful },
  ),
  saboteur(
    { id: 'raw', breaks: 'an error says that it may be tried again', found: 'stat/fault/0+/500' },
    { client: Raw },
  ),
  saboteur(
    { id: 'unhandled', breaks: 'no rejection is left unhandled', found: 'stat/fault/0+/500' },
    { client: Unhandled },
  ),
  saboteur(
    {
      id: 'not-found',
      breaks: '"I could not tell" is not "not found"',
      found: 'stat/fault/0+/503',
    },
    { driver: NotFound },
  ),
  saboteur(
    {
      id: 'lose-on-move',
      breaks: 'a source goes once its copy is whole',
      found: 'move/fault/1x3/500',
    },
    { driver: LoseOnMove },
  ),
  saboteur(
    {
      id: 'deletes-twice',
      breaks: 'a delete whose reply is lost has worked',
      found: 'delete/fault/2/lost',
    },
    { driver: DeletesTwice },
  ),
  saboteur(
    {
      id: 'goes-on',
      breaks: 'what has failed does nothing afterwards',
      found: 'putContent/fault/0+/500',
    },
    { driver: GoesOn },
  ),
  saboteur(
    {
      id: 'makes-room',
      breaks: 'old content stays until the new replaces it',
      found: 'putContent/kill/1/stall',
    },
    { driver: MakesRoom },
  ),
  saboteur(
    { id: 'litters', breaks: 'purgeUploads finds what is left', found: 'putContent/fault/1x3/500' },
    { driver: Litters },
  ),
  saboteur(
    { id: 'short-lists', breaks: 'a list is whole or an error', found: 'list/fault/0+/500' },
    { driver: ShortLists },
  ),
  saboteur(
    { id: 'forgets', breaks: 'append loses nothing of an upload', found: 'append/fault/0x3/500' },
    { driver: Forgets },
  ),
  saboteur(
    { id: 'appends', breaks: 'a repeated part changes nothing', found: 'write/fault/1/lost' },
    { driver: writing(Appends) },
  ),
  saboteur(
    { id: 'gives-up', breaks: 'a failed commit can be repeated', found: 'commit/fault/1x3/500' },
    { driver: writing(GivesUp) },
  ),
  saboteur(
    {
      id: 'closes-anyway',
      breaks: 'close makes all bytes durable or fails',
      found: 'close/fault/0x3/500',
    },
    { driver: writing(ClosesAnyway) },
  ),
  saboteur(
    { id: 'cancels-anyway', breaks: 'cancel removes all or fails', found: 'cancel/fault/0x3/500' },
    { driver: writing(CancelsAnyway) },
  ),
  saboteur(
    { id: 'publishes-anyway', breaks: 'what is published is whole', found: 'commit/fault/0x3/500' },
    { driver: writing(PublishesAnyway) },
  ),
]
