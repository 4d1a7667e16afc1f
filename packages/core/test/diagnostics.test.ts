import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { Readable } from 'node:stream'
import {
  OPERATION_CHANNEL,
  type OperationContext,
  type StorageDriver,
  type UploadInfo,
} from '@stowage/core'
import { toStorageDriver } from '@stowage/core/driver'
import { Memory } from './helpers/memory.ts'
import { collect, content, failure, settle } from './helpers/util.ts'

const channel = tracingChannel<string, OperationContext>(OPERATION_CHANNEL)
const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const
type Seen = { event: string; context: OperationContext; copy: OperationContext }
let seen: Seen[] = []
const subscribers = Object.fromEntries(
  EVENTS.map((event) => [
    event,
    (context: OperationContext) => void seen.push({ event, context, copy: { ...context } }),
  ]),
) as unknown as Parameters<typeof channel.subscribe>[0]

class Full extends Memory {
  constructor() {
    super({ append: true, purgeUploads: true, redirectURL: true })
    this.files.set('/a', Buffer.from('abc'))
    this.files.set('/d/b', Buffer.from('b'))
  }
  redirectURL = async () => 'https://x'
  async *purgeUploads(path: string): AsyncGenerator<UploadInfo> {
    yield { path, startedAt: new Date(0) }
  }
}

beforeEach(() => {
  seen = []
  channel.subscribe(subscribers)
})
afterEach(() => channel.unsubscribe(subscribers))

const WHOLE = ['start', 'end', 'asyncStart', 'asyncEnd']
const FAILED = ['start', 'end', 'error', 'asyncStart', 'asyncEnd']

/** The events of one operation, which all carry one object, and that object at the end. */
function only(method: string): { events: string[]; context: OperationContext } {
  const mine = seen.filter(({ context }) => context.method === method)
  expect(new Set(mine.map(({ context }) => context)).size).toBe(1)
  const [first] = mine
  if (first === undefined) throw new Error(`nothing of ${method}`)
  return { events: mine.map(({ event }) => event), context: first.context }
}

type Call = (driver: StorageDriver) => Promise<unknown>
describe('an operation', () => {
  it.each<[string, Call, object]>([
    ['getContent', (d) => d.getContent('/a'), { path: '/a', bytes: 3 }],
    ['putContent', (d) => d.putContent('/a', 'é'), { path: '/a', bytes: 2 }],
    ['reader', (d) => d.reader('/a', { offset: 1 }), { path: '/a', offset: 1 }],
    ['read', async (d) => content(await d.reader('/a', { offset: 1 })), { offset: 1, bytes: 2 }],
    ['writer', (d) => d.writer('/a'), { path: '/a', append: false }],
    ['stat', (d) => d.stat('/a'), { path: '/a' }],
    ['list', (d) => collect(d.list('/')), { path: '/', entries: 2 }],
    ['walk', (d) => collect(d.walk('/')), { path: '/', entries: 3 }],
    ['move', (d) => d.move('/a', '/c'), { path: '/a', destination: '/c' }],
    ['delete', (d) => d.delete('/a'), { path: '/a' }],
    ['redirectURL', (d) => d.redirectURL('/a'), { path: '/a' }],
    ['purgeUploads', (d) => d.purgeUploads('/d'), { path: '/d', entries: 1 }],
    ['close', (d) => d.close(), { path: '/' }],
  ])('%s has a start and an end', async (method, call, about) => {
    await call(toStorageDriver(new Full()))
    await settle()
    const { events, context } = only(method)
    expect(events).toEqual(WHOLE)
    expect(context).toMatchObject({ driver: 'memory', method, ...about })
    expect('error' in context).toBe(false)
  })

  it.each<[string, Call, object]>([
    ['getContent', (d) => d.getContent('/none'), { path: '/none' }],
    ['reader', (d) => d.reader('/a', { offset: 9 }), { offset: 9 }],
    ['writer', (d) => d.writer('/a', { append: true }), { append: true }],
    ['list', (d) => collect(d.list('/a')), { path: '/a', entries: 0 }],
    ['walk', (d) => collect(d.walk('/none')), { path: '/none', entries: 0 }],
    ['delete', (d) => d.delete('/none'), { path: '/none' }],
  ])('%s that fails has the error that its caller gets', async (method, call, about) => {
    const error = await failure(call(toStorageDriver(new Full())))
    const { events, context } = only(method)
    expect(events).toEqual(FAILED)
    expect(context).toMatchObject({ driver: 'memory', ...about })
    expect(context.error).toBe(error)
    expect(error.driver).toBe('memory')
  })

  it('shows nobody what it gives: content, and URLs with a signature', async () => {
    const driver = toStorageDriver(new Full())
    expect(String(await driver.getContent('/a'))).toBe('abc')
    expect(await driver.redirectURL('/a')).toBe('https://x')
    await settle()
    expect(seen.map(({ context }) => (context as { result?: unknown }).result)).toEqual(
      seen.map(() => undefined),
    )
  })

  it('that is refused at once does not begin', async () => {
    const driver = toStorageDriver(new Full())
    await failure(driver.stat('bad'))
    await failure(collect(driver.walk('bad')))
    await failure(driver.reader('/a', { offset: -1 }))
    await failure(collect(driver.list('/', { signal: AbortSignal.abort(new Error('enough')) })))
    expect(seen).toEqual([])
  })

  it('tells nothing of its end at its start', async () => {
    await toStorageDriver(new Full()).getContent('/a')
    expect(seen[0]?.copy).toEqual({ driver: 'memory', method: 'getContent', path: '/a' })
  })
})

describe('a stream', () => {
  it('ends with the bytes that came, also when it is left early', async () => {
    const memory = new Full()
    memory.readChunk = 1
    for await (const _ of await toStorageDriver(memory).reader('/a')) break
    await settle()
    const { events, context } = only('read')
    expect(events).toEqual(WHOLE)
    expect(context.bytes).toBeLessThan(3)
  })

  it('ends with its error', async () => {
    const memory = new Full()
    memory.reader = async () => {
      const source = new Readable({ read: () => {} })
      setImmediate(() => source.destroy(new Error('socket')))
      return source
    }
    const error = await failure(content(await toStorageDriver(memory).reader('/a')))
    await settle()
    const { events, context } = only('read')
    expect(events).toEqual(FAILED)
    expect(context).toMatchObject({ error, bytes: 0 })
  })
})

it('follows a walk that is left', async () => {
  for await (const _ of toStorageDriver(new Full()).walk('/')) break
  const { events, context } = only('walk')
  expect([events, context.entries]).toEqual([WHOLE, 1])
})

describe('a writer', () => {
  it('publishes each of its calls', async () => {
    const driver = toStorageDriver(new Full())
    const committed = await driver.writer('/new')
    await committed.write(Buffer.from('abc'))
    await committed.commit()
    await (await driver.writer('/new')).close()
    await (await driver.writer('/new')).cancel()
    expect(only('write')).toMatchObject({ events: WHOLE, context: { path: '/new', bytes: 3 } })
    for (const method of ['writer.commit', 'writer.close', 'writer.cancel']) {
      expect(only(method)).toMatchObject({ events: WHOLE, context: { driver: 'memory' } })
    }
  })

  it('is an upload from its opening to its end, to which its calls belong', async () => {
    const driver = toStorageDriver(new Full())
    for (const outcome of ['closed', 'committed', 'cancelled'] as const) {
      seen = []
      const writer = await driver.writer('/new')
      await writer.write(Buffer.from('ab'))
      await writer.write(Buffer.from('c'))
      expect(seen.filter(({ context }) => context.method === 'upload')).toHaveLength(2)
      const end = { closed: 'close', committed: 'commit', cancelled: 'cancel' } as const
      await writer[end[outcome]]()
      const { events, context } = only('upload')
      expect(events).toEqual(WHOLE)
      expect(context).toMatchObject({ path: '/new', append: false, bytes: 3, outcome })
      const calls = seen.filter(({ context: { method } }) => /^write(r\.|$)/.test(method))
      expect(new Set(calls.map((call) => call.context.within))).toEqual(new Set([context]))
    }
  })

  it('ends its upload where an abort ends it', async () => {
    const controller = new AbortController()
    await toStorageDriver(new Full()).writer('/new', { signal: controller.signal })
    controller.abort()
    await settle()
    expect(only('upload').context.outcome).toBe('cancelled')
  })

  it('publishes the error that its caller gets', async () => {
    const writer = await toStorageDriver(new Full()).writer('/new')
    await writer.commit()
    const error = await failure(writer.write(Buffer.from('x')))
    const { events, context } = only('write')
    expect(events).toEqual(FAILED)
    expect(context.error).toBe(error)
    expect(error.driver).toBe('memory')
  })
})

describe('the asynchronous context that a subscriber sets', () => {
  const current = new AsyncLocalStorage<string>()
  const seenBy: (string | undefined)[] = []
  class Curious extends Full {
    override async *list(path: string): AsyncGenerator<string> {
      for await (const key of super.list(path)) {
        seenBy.push(current.getStore())
        yield key
      }
    }
    override async reader(path: string): Promise<Readable> {
      await this.stat(path)
      const read = function (this: Readable): void {
        seenBy.push(current.getStore())
        this.push(null)
      }
      return new Readable({ read })
    }
  }

  beforeEach(() => {
    seenBy.length = 0
    channel.start.bindStore(current, (context) => (context as OperationContext).method)
  })
  afterEach(() => void channel.start.unbindStore(current))

  it("is the driver's in each step of a list, whatever the consumer's is", async () => {
    for await (const _ of toStorageDriver(new Curious()).list('/')) await settle()
    expect(seenBy).toEqual(['list', 'list'])
  })

  it("is the driver's where it reads on, and not the consumer's afterwards", async () => {
    await content(await toStorageDriver(new Curious()).reader('/a'))
    expect(seenBy).toEqual(['read'])
    expect(current.getStore()).toBeUndefined()
  })
})

it('publishes nothing when nobody listens', async () => {
  channel.unsubscribe(subscribers)
  expect(channel.hasSubscribers).toBe(false)
  const driver = toStorageDriver(new Full())
  await content(await driver.reader('/a'))
  await collect(driver.walk('/'))
  const writer = await driver.writer('/b')
  await writer.write(Buffer.from('x'))
  await writer.commit()
  expect(seen).toEqual([])
  channel.subscribe(subscribers)
})
