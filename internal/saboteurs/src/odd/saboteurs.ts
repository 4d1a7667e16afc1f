// Drivers that are right as long as every answer is, and believe one kind of odd answer.
import { Agent, type IncomingMessage, request } from 'node:http'
import { type DriverCallOptions, DriverError, type FileInfo } from '@stowage/core/driver'
import type { OddLimits } from '@stowage/testsuite'
import type { Received, Sent } from '../faults/client.ts'
import { OddClient, OddDriver, type Page } from './driver.ts'

/** A driver that is broken in one way, and the cases that must find it. */
export interface OddSaboteur {
  readonly id: string
  readonly found: readonly string[]
  readonly Client?: new (endpoint: string, limits: OddLimits) => OddClient
  readonly Driver?: new (client: OddClient, root: string) => OddDriver
}

/** The client that lets answers with this status pass. */
const lenient = (passes: (status: number) => boolean) =>
  class extends OddClient {
    override check(method: string, path: string, received: Received): void {
      if (!passes(received.status)) super.check(method, path, received)
    }
  }

/** The client that reads so many bytes and keeps none of them. */
const greedy = (most: number) =>
  class extends OddClient {
    override async receive(reply: IncomingMessage, method: string): Promise<Buffer> {
      if (reply.headers['content-length'] !== undefined) return super.receive(reply, method)
      let length = 0
      for await (const chunk of reply) {
        length += (chunk as Buffer).length
        if (length > most) break
      }
      return Buffer.alloc(0)
    }
  }

/** What came of the body, though it was cut off. */
async function whatCame(reply: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of reply) chunks.push(chunk as Buffer)
  } catch {
    // It is taken for the end.
  }
  return Buffer.concat(chunks)
}

const of200 = (reply: IncomingMessage): boolean => reply.statusCode === 200

export const oddSaboteurs: readonly OddSaboteur[] = [
  {
    id: 'takes any 404 for "nothing is there"',
    found: ['html-404', 'empty-404', 'foreign-404'],
    Client: lenient((status) => status === 404),
  },
  {
    id: 'takes a refusal for done',
    found: ['lock'],
    Client: lenient((status) => status === 403),
  },
  {
    id: 'takes "more" without a token for the end',
    found: ['page-no-token'],
    Driver: class extends OddDriver {
      override next(page: Page, seen: Set<string>): string | undefined {
        return page.token ? super.next(page, seen) : undefined
      }
    },
  },
  {
    id: 'believes every token',
    found: ['page-same-token', 'page-loop'],
    Driver: class extends OddDriver {
      override next(page: Page): string | undefined {
        return super.next(page, new Set())
      }
    },
  },
  {
    id: 'believes every key',
    found: ['page-foreign-key'],
    Driver: class extends OddDriver {
      override isWanted(): boolean {
        return true
      }
      override pathOf(key: string): string {
        return key.startsWith(this.root) ? super.pathOf(key) : `/${key}`
      }
    },
  },
  {
    id: 'cuts its root off every key',
    found: ['page-foreign-key'],
    Driver: class extends OddDriver {
      override isWanted(): boolean {
        return true
      }
    },
  },
  {
    id: 'believes every size',
    found: ['page-odd-size'],
    Driver: class extends OddDriver {
      override size(size: unknown): number {
        return Number(size)
      }
    },
  },
  {
    id: 'takes what it cannot read for an empty listing',
    found: ['page-error-in-200', 'gzip-unasked'],
    Driver: class extends OddDriver {
      override parse(received: Received): Page {
        try {
          return super.parse(received)
        } catch {
          return { entries: [], more: false }
        }
      }
    },
  },
  {
    id: 'looks at the status of a copy only',
    found: ['copy-error-in-200'],
    Client: class extends OddClient {
      override check(method: string, path: string, received: Received): void {
        const body = path.startsWith('/copy') ? Buffer.alloc(0) : received.body
        super.check(method, path, { ...received, body })
      }
    },
  },
  {
    id: 'takes a body that was cut off for whole',
    found: ['body-longer'],
    Client: class extends OddClient {
      override receive(reply: IncomingMessage, method: string): Promise<Buffer> {
        return of200(reply) ? whatCame(reply) : super.receive(reply, method)
      }
    },
  },
  {
    id: 'makes every body as long as the header says',
    found: ['body-longer', 'body-no-length'],
    Client: class extends OddClient {
      override async receive(reply: IncomingMessage, method: string): Promise<Buffer> {
        if (!of200(reply) || method !== 'GET') return super.receive(reply, method)
        const whole = Buffer.alloc(Number(reply.headers['content-length'] ?? 0))
        whole.set((await whatCame(reply)).subarray(0, whole.length))
        return whole
      }
    },
  },
  {
    id: 'takes any range for the one that it asked for',
    found: ['body-short-range'],
    Client: lenient((status) => status === 206),
  },
  {
    id: 'makes up a size',
    found: ['head-no-length'],
    Driver: class extends OddDriver {
      override async stat(path: string, options: DriverCallOptions): Promise<FileInfo> {
        const info = await super.stat(path, options)
        if (info.isDir) return info
        const { headers } = await this.client.call('HEAD', this.object(path), options)
        return { ...info, size: Number(headers['content-length'] ?? 0) }
      }
    },
  },
  {
    id: "lets a server's hint shorten its timeout",
    found: ['keep-alive-hint'],
    Client: class extends OddClient {
      override readonly agent = new Agent({ keepAlive: true, timeout: this.limits.idleTimeoutMs })
      override once(method: string, path: string, sent: Sent, _: number): Promise<Received> {
        return new Promise((resolve, reject) => {
          const { body, signal, headers } = sent
          const given = { method, agent: this.agent, ...(headers && { headers }) }
          const asked = request(new URL(path, this.endpoint), {
            ...given,
            ...(signal && { signal }),
          })
          asked.on('timeout', () => asked.destroy(new Error('nothing came')))
          asked.on('error', reject).on('response', (reply) => {
            const status = reply.statusCode ?? 0
            const done = (bytes: Buffer) => resolve({ status, headers: reply.headers, body: bytes })
            this.receive(reply, method).then(done, reject)
          })
          asked.end(body)
        })
      }
    },
  },
  {
    id: 'reads 16 MiB of an error',
    found: ['endless-error'],
    Client: greedy(16 * 2 ** 20),
  },
  {
    id: 'reads 160 MiB of a page',
    found: ['endless-page'],
    Client: greedy(160 * 2 ** 20),
  },
  {
    id: 'waits as long as bytes come',
    found: ['trickle'],
    Client: class extends OddClient {
      override limit(): undefined {
        return undefined
      }
    },
  },
  {
    id: 'follows redirects with its token',
    found: ['redirect'],
    Client: class extends OddClient {
      override async once(method: string, path: string, sent: Sent, n: number): Promise<Received> {
        const received = await super.once(method, path, sent, n)
        const { location } = received.headers
        return location ? super.once(method, location, sent, n) : received
      }
    },
  },
  {
    id: 'shows what the store says',
    found: ['echo-code', 'echo-message', 'echo-requestid'],
    Client: class extends OddClient {
      override check(method: string, path: string, received: Received): void {
        if (received.status === 400) throw new DriverError(`the store said ${received.body}`)
        super.check(method, path, received)
      }
    },
  },
]
