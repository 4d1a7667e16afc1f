// A service in memory that keeps unfinished uploads, of two kinds: `parts` as S3 and Azure have them, where a short
// part can only be the last one; `stream` as GCS has them, one part after the other and the last one with the end.
import { PathNotFoundError, UnavailableError, UploadNotFoundError } from '@stowage/core'
import {
  type Claim,
  type FoundSession,
  type Part,
  type RequestContext,
  type SessionOptions,
  type SessionStore,
  SessionUploads,
} from '../../src/index.ts'

export type Kind = 'parts' | 'stream'
type Step = 'begin' | 'send' | 'suspend' | 'put' | 'publish' | 'claim' | 'find' | 'discard'

interface Upload {
  readonly path: string
  readonly startedAt: Date
  readonly parts: Map<number, Buffer>
  /** Bytes that are in no part, or again those of the short last part. */
  tail: Buffer
  owner: number
  /** The owner that has published it. */
  publishedBy?: number
}

interface Session {
  readonly id: string
  readonly owner: number
}

export const PART = 8
/** Of the first part on, a shorter one is the last. */
const MIN_PART = 6

export class FakeService {
  readonly files = new Map<string, Buffer>()
  readonly uploads = new Map<string, Upload>()
  /** Steps that were begun, in order. */
  readonly log: string[] = []
  /** Requests under way, and the most there ever were. */
  underWay = 0
  most = 0
  /** Fails a step, before or after it has done its work; or waits. */
  around: (step: Step, when: 'before' | 'after', path: string) => unknown = () => {}
  now = Date.parse('2026-01-01')
  #owners = 0

  owner(): number {
    return ++this.#owners
  }

  /** An upload that a process has left. */
  leave(path: string, parts: Record<number, string>, tail = ''): string {
    const id = `${path}#${this.uploads.size}`
    const all = Object.entries(parts).map(([number, text]) => [+number, Buffer.from(text)] as const)
    this.uploads.set(id, {
      ...{ path, startedAt: new Date(this.now++), owner: this.owner() },
      ...{ parts: new Map(all), tail: Buffer.from(tail) },
    })
    return id
  }
}

export function lost(step: string): UnavailableError {
  return new UnavailableError(`made up: the answer of ${step} is lost`)
}

let instances = 0

export class FakeSessions implements SessionStore<FoundSession, Session, string> {
  readonly identity: string
  readonly parts
  readonly concurrency: number
  readonly isAbortable: boolean = true
  readonly endsWithLastPart: boolean
  readonly maxPut = 3 * PART
  readonly service: FakeService
  /** What cancel was told of parts that may still arrive. */
  late: boolean[] = []
  alive: string[] | undefined

  constructor(service: FakeService, kind: Kind, identity = `fake ${++instances}`) {
    this.service = service
    this.identity = identity
    this.endsWithLastPart = kind === 'stream'
    this.concurrency = kind === 'stream' ? 1 : 3
    this.parts = { size: PART, maxSize: 4 * PART, maxCount: 1000, parameter: 'partSize' }
  }

  async #step<T>(step: Step, path: string, { signal }: Partial<RequestContext>, run: () => T) {
    const { service } = this
    service.log.push(`${step} ${path}`)
    service.most = Math.max(service.most, ++service.underWay)
    try {
      await service.around(step, 'before', path)
      await new Promise((next) => setImmediate(next))
      signal?.throwIfAborted()
      const result = run()
      await service.around(step, 'after', path)
      return result
    } finally {
      service.underWay--
    }
  }

  #own({ id, owner }: Session): Upload {
    const upload = this.service.uploads.get(id)
    if (upload?.owner !== owner) throw new UploadNotFoundError('gone, or another writer’s')
    return upload
  }

  async committedSize(path: string): Promise<number> {
    const file = this.service.files.get(path)
    if (!file) throw new PathNotFoundError(path)
    return file.length
  }

  put(path: string, content: Uint8Array, _: SessionOptions, context: RequestContext) {
    const bytes = Buffer.from(content)
    return this.#step('put', path, context, () => this.service.files.set(path, bytes))
  }

  async *find(path: string, beneath: boolean, context: RequestContext) {
    const found = await this.#step('find', path, context, () => [...this.service.uploads])
    const mine = found.filter(
      ([, one]) =>
        one.publishedBy === undefined &&
        (one.path === path || (beneath && (path === '/' || one.path.startsWith(`${path}/`)))),
    )
    for (let i = 0; i < mine.length; i += 2) {
      yield mine
        .slice(i, i + 2)
        .map(([id, one]) => ({ id, path: one.path, startedAt: one.startedAt }))
    }
  }

  claim({ id, path }: FoundSession, _: SessionOptions, context: RequestContext) {
    return this.#step('claim', path, context, (): Claim<Session, string> | 'beaten' => {
      const upload = this.service.uploads.get(id)
      if (!upload) return 'beaten'
      const owner = this.service.owner()
      upload.owner = owner
      const sizes: number[] = []
      for (let next = upload.parts.get(1); next; next = upload.parts.get(sizes.length + 1)) {
        sizes.push(next.length)
      }
      const short = !this.endsWithLastPart && (sizes.at(-1) ?? PART) < MIN_PART
      const kept = short ? sizes.slice(0, -1) : sizes
      const tail = Buffer.from(upload.tail)
      const receipt = short ? { receipt: `${sizes.length}` } : {}
      return {
        session: { id, owner },
        receipts: kept.map((_size, i) => `${i + 1}`),
        size: kept.reduce((sum, one) => sum + one, 0),
        ...((short || this.endsWithLastPart) && {
          tail: { size: tail.length, load: async () => tail, ...receipt },
        }),
        isDoubtful: !this.endsWithLastPart && sizes.length === 0,
      }
    })
  }

  begin(path: string): Promise<Session> {
    return this.#step('begin', path, {}, () => {
      const id = this.service.leave(path, {})
      return { id, owner: this.service.uploads.get(id)?.owner ?? 0 }
    })
  }

  send(session: Session, part: Part, context: RequestContext): Promise<string> {
    const bytes = Buffer.from(part.bytes)
    return this.#step('send', context.path, context, () => {
      const { parts } = this.#own(session)
      parts.set(part.number, bytes)
      return `${part.number}`
    })
  }

  suspend(
    session: Session,
    receipts: readonly string[],
    last: Part | undefined,
    context: RequestContext,
  ) {
    const bytes = Buffer.from(last?.bytes ?? [])
    return this.#step('suspend', context.path, context, () => {
      const upload = this.#own(session)
      upload.tail = bytes
      const number = receipts.length + 1
      if (!this.endsWithLastPart && (last || number === 1))
        upload.parts.set(last?.number ?? 1, bytes)
    })
  }

  publish(
    session: Session,
    receipts: readonly string[],
    last: Part | undefined,
    context: RequestContext,
  ) {
    const { path } = context
    const bytes = Buffer.from(last?.bytes ?? [])
    return this.#step('publish', path, context, () => {
      const upload = this.service.uploads.get(session.id)
      if (upload?.publishedBy === session.owner) return
      const { parts } = this.#own(session)
      const all = receipts.map((receipt) => parts.get(+receipt) ?? Buffer.from('missing'))
      this.service.files.set(path, Buffer.concat([...all, bytes]))
      if (upload) upload.publishedBy = session.owner
    })
  }

  async cancel(session: Session, late: boolean): Promise<void> {
    this.late.push(late)
    if (this.service.uploads.get(session.id)?.owner === session.owner) {
      this.service.uploads.delete(session.id)
    }
  }

  discard({ id, path }: FoundSession, _: boolean, context: RequestContext): Promise<boolean> {
    return this.#step('discard', path, context, () => this.service.uploads.delete(id))
  }

  async sweep(_: Date, alive: readonly FoundSession[]): Promise<void> {
    this.alive = alive.map(({ path }) => path)
  }
}

/** The engine on a service in memory. Without an identity, it shares with no other one what its writers hold. */
export function make(kind: Kind = 'parts', service = new FakeService(), identity?: string) {
  const store = new FakeSessions(service, kind, identity)
  return { service, store, uploads: new SessionUploads(store) }
}

export function textOf(service: FakeService, path = '/a'): string {
  return String(service.files.get(path))
}

/** A gate that a step waits at. */
export function gate() {
  let open = (): void => {}
  const closed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { closed, open }
}
