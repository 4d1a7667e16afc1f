// Requests that go right as long as nothing fails.

import type { IncomingMessage } from 'node:http'
import { isStorageError } from '@stowage/core/driver'
import { leak } from '../delegate.ts'
import { Client, type Received, type Sent } from './client.ts'

export class ShortReads extends Client {
  override async receive(reply: IncomingMessage, method: string): Promise<Buffer> {
    if (method !== 'GET') return super.receive(reply, method)
    const chunks: Buffer[] = []
    reply.on('data', (chunk: Buffer) => chunks.push(chunk))
    await new Promise((done) => reply.once('close', done).once('error', done))
    return Buffer.concat(chunks)
  }
}

export class EmptyRetries extends Client {
  override once(method: string, path: string, sent: Sent, attempt: number): Promise<Received> {
    const body = sent.body && attempt > 1 ? Buffer.alloc(0) : sent.body
    return super.once(method, path, { ...sent, body }, attempt)
  }
}

export class Patient extends Client {
  constructor(endpoint: string, _idleTimeoutMs: number) {
    super(endpoint, 600_000)
  }
}

export class Deaf extends Client {
  override once(method: string, path: string, sent: Sent, attempt: number): Promise<Received> {
    return super.once(method, path, { ...sent, signal: undefined }, attempt)
  }
}

export class Listening extends Client {
  override call(method: string, path: string, sent: Sent = {}): Promise<Received> {
    sent.signal?.addEventListener('abort', () => {}, { capture: true })
    sent.signal?.addEventListener('abort', function stay() {
      sent.signal?.addEventListener('abort', stay)
    })
    return super.call(method, path, sent)
  }
}

export class Leaking extends Client {
  #failed = false
  override once(method: string, path: string, sent: Sent, attempt: number): Promise<Received> {
    this.#failed ||= attempt > 1
    return super.once(method, path, sent, attempt)
  }
  override close(): void {
    if (!this.#failed) super.close()
  }
}

export class Forgetful extends Client {
  override once(method: string, path: string, sent: Sent, attempt: number): Promise<Received> {
    if (attempt > 1) leak()
    return super.once(method, path, sent, attempt)
  }
}

export class Raw extends Client {
  override async call(method: string, path: string, sent: Sent = {}): Promise<Received> {
    return super.call(method, path, sent).catch((error: Error) => {
      throw isStorageError(error, 'UNAVAILABLE') ? new Error(error.message) : error
    })
  }
}

export class Unhandled extends Client {
  override call(method: string, path: string, sent: Sent = {}): Promise<Received> {
    const call = super.call(method, path, sent)
    void call.finally(() => {})
    return call
  }
}
