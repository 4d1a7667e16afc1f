import { context, diag, SpanStatusCode, trace } from '@opentelemetry/api'
import { create, PermissionError, type StorageDriver } from '@stowage/core'
import { toStorageDriver } from '@stowage/core/driver'
import { InMemoryDriver } from '@stowage/driver-inmemory'
import { parentOf, Telemetry } from './helpers/telemetry.ts'

let telemetry: Telemetry
let driver: StorageDriver
beforeEach(async () => {
  telemetry = new Telemetry()
  driver = await create('inmemory')
})
afterEach(() => telemetry[Symbol.asyncDispose]())

const ATTRIBUTE = 'io.cncf.distribution.storage.'
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error,
  )

/** A driver that makes a span of its own in each call, as an instrumented SDK does. */
class Requesting extends InMemoryDriver {
  #request(what: string): void {
    trace.getTracer('sdk').startSpan(what).end()
  }
  override async stat(...args: Parameters<InMemoryDriver['stat']>) {
    await null
    this.#request('HEAD')
    return super.stat(...args)
  }
  override async *list(...args: Parameters<InMemoryDriver['list']>) {
    for await (const key of super.list(...args)) {
      this.#request('GET list')
      yield key
    }
  }
  override async writer(...args: Parameters<InMemoryDriver['writer']>) {
    const writer = await super.writer(...args)
    const write = writer.write.bind(writer)
    writer.write = async (chunk) => {
      this.#request('PUT part')
      return write(chunk)
    }
    return writer
  }
}

describe('a span', () => {
  it("has the Go registry's name and attributes", async () => {
    await driver.putContent('/a/b', 'hello')
    await driver.move('/a/b', '/c')
    await driver.redirectURL('/c')
    await driver.purgeUploads('/')
    expect(telemetry.names).toEqual(['PutContent', 'Move', 'PurgeUploads'])
    expect(telemetry.span('PutContent').attributes).toEqual({
      [`${ATTRIBUTE}driver.name`]: 'inmemory',
      [`${ATTRIBUTE}path`]: '/a/b',
      [`${ATTRIBUTE}content.length`]: 5,
    })
    expect(telemetry.span('Move').attributes).toEqual({
      [`${ATTRIBUTE}driver.name`]: 'inmemory',
      [`${ATTRIBUTE}source.path`]: '/a/b',
      [`${ATTRIBUTE}dest.path`]: '/c',
    })
    expect(telemetry.span('Move').instrumentationScope.name).toBe('@stowage/opentelemetry')
  })

  it('is a child of the one around the call, also after others', async () => {
    await telemetry.within('request', async () => {
      await driver.putContent('/a', 'x')
      await driver.stat('/a')
    })
    const { spanId } = telemetry.span('request').spanContext()
    expect(telemetry.spans.slice(0, 2).map(parentOf)).toEqual([spanId, spanId])
  })

  it("is the parent of the driver's own, and nobody else's", async () => {
    const requesting = toStorageDriver(new Requesting())
    await requesting.putContent('/a', 'x')
    await telemetry.within('request', async () => {
      await requesting.stat('/a')
      trace.getTracer('test').startSpan('after').end()
    })
    expect(parentOf(telemetry.span('HEAD'))).toBe(telemetry.span('Stat').spanContext().spanId)
    expect(parentOf(telemetry.span('after'))).toBe(telemetry.span('request').spanContext().spanId)
    expect(trace.getSpan(context.active())).toBeUndefined()
  })

  it('is right with an older API too, which cannot set the context of what follows', async () => {
    const older = context as { attach?: unknown }
    older.attach = undefined
    try {
      const requesting = toStorageDriver(new Requesting())
      await requesting.putContent('/a', 'x')
      await telemetry.within('request', () => requesting.stat('/a'))
    } finally {
      delete older.attach
    }
    const { spanId } = telemetry.span('request').spanContext()
    expect(parentOf(telemetry.span('Stat'))).toBe(spanId)
    expect(parentOf(telemetry.span('HEAD'))).toBe(spanId)
  })

  it('has the error of its operation as status, type and event, without a stack', async () => {
    class Refusing extends InMemoryDriver {
      override async delete(path: string): Promise<never> {
        throw new PermissionError(path)
      }
    }
    const error = await failure(toStorageDriver(new Refusing()).delete('/secret'))
    const { status, attributes, events } = telemetry.span('Delete')
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: error.message })
    expect(attributes['error.type']).toBe('PERMISSION_DENIED')
    expect(events).toMatchObject([{ name: 'exception' }])
    expect(events[0]?.attributes).toEqual({
      'exception.type': 'PERMISSION_DENIED',
      'exception.message': error.message,
    })
  })

  it('of a question that is answered with no is no error, but says so', async () => {
    await failure(driver.stat('/none'))
    const { status, attributes, events } = telemetry.span('Stat')
    expect(status).toEqual({ code: SpanStatusCode.UNSET })
    expect(attributes['error.type']).toBe('PATH_NOT_FOUND')
    expect(events).toEqual([])
  })

  it('of an aborted call ends with the reason', async () => {
    const controller = new AbortController()
    const stat = driver.stat('/a', { signal: controller.signal })
    controller.abort()
    await failure(stat)
    expect(telemetry.span('Stat').attributes['error.type']).toBe('AbortError')
  })
})

describe('the span of a stream', () => {
  beforeEach(() => driver.putContent('/a', Buffer.alloc(100_000)))

  it('ends when the stream ends, with the bytes that came', async () => {
    await telemetry.within('request', async () => {
      const stream = await driver.reader('/a', { offset: 1 })
      expect(telemetry.names).not.toContain('Read')
      for await (const _ of stream);
    })
    const { attributes } = telemetry.span('Read')
    expect(attributes).toMatchObject({ [`${ATTRIBUTE}offset`]: 1, 'stowage.bytes': 99_999 })
    const { spanId } = telemetry.span('request').spanContext()
    expect([parentOf(telemetry.span('Reader')), parentOf(telemetry.span('Read'))]).toEqual([
      ...[spanId, spanId],
    ])
  })

  it('ends when the stream is left', async () => {
    const stream = await driver.reader('/a')
    stream.destroy()
    await new Promise((resolve) => stream.once('close', resolve))
    expect(telemetry.span('Read').attributes['stowage.bytes']).toBeLessThan(100_000)
  })
})

describe('the span of a walk', () => {
  it("ends with its last step, and has the driver's requests in it", async () => {
    const requesting = toStorageDriver(new Requesting())
    await requesting.putContent('/a', 'x')
    await requesting.putContent('/b', 'x')
    await telemetry.within('request', async () => {
      for await (const _ of requesting.list('/')) await new Promise(setImmediate)
    })
    const list = telemetry.span('List')
    expect(list.attributes['stowage.entries']).toBe(2)
    const requests = telemetry.spans.filter(({ name }) => name === 'GET list')
    expect(requests.map(parentOf)).toEqual([list.spanContext().spanId, list.spanContext().spanId])
  })
})

describe('the span of an upload', () => {
  it('lasts as long as its writer, and has its calls and their requests in it', async () => {
    const requesting = toStorageDriver(new Requesting())
    const writer = await requesting.writer('/a')
    await writer.write(Buffer.from('abc'))
    await writer.write(Buffer.from('de'))
    expect(telemetry.names).not.toContain('Upload')
    await writer.commit()
    const upload = telemetry.span('Upload')
    expect(upload.attributes).toMatchObject({ 'stowage.bytes': 5, 'stowage.outcome': 'committed' })
    const { spanId } = upload.spanContext()
    expect(parentOf(telemetry.span('Writer.Commit'))).toBe(spanId)
    const requests = telemetry.spans.filter(({ name }) => name === 'PUT part')
    expect(requests.map(parentOf)).toEqual([spanId, spanId])
    expect(telemetry.names).not.toContain('Write')
  })

  it('has a span for each write where they are asked for', async () => {
    telemetry.instrumentation.setConfig({ writes: true })
    const writer = await toStorageDriver(new Requesting()).writer('/a')
    await writer.write(Buffer.from('abc'))
    await writer.cancel()
    const write = telemetry.span('Write')
    expect(write.attributes[`${ATTRIBUTE}content.length`]).toBe(3)
    expect(parentOf(telemetry.span('PUT part'))).toBe(write.spanContext().spanId)
    expect(telemetry.span('Upload').attributes['stowage.outcome']).toBe('cancelled')
  })

  it('is linked from a call in another trace', async () => {
    const writer = await telemetry.within('first request', () => driver.writer('/a'))
    await telemetry.within('second request', () => writer.commit())
    const commit = telemetry.span('Writer.Commit')
    expect(parentOf(commit)).toBe(telemetry.span('second request').spanContext().spanId)
    const { spanId } = telemetry.span('Upload').spanContext()
    expect(commit.links.map((link) => link.context.spanId)).toEqual([spanId])
  })
})

describe('a configuration', () => {
  it('can keep paths out of all spans', async () => {
    telemetry.instrumentation.setConfig({ paths: false, isError: () => true })
    await driver.putContent('/private', 'x')
    await driver.move('/private', '/hidden')
    await failure(driver.getContent('/private'))
    const shown = JSON.stringify(
      telemetry.spans.map(({ attributes, status, events }) => ({ attributes, status, events })),
    )
    expect(shown).not.toMatch(/private|hidden/)
    expect(telemetry.span('GetContent').status.message).toBe('PATH_NOT_FOUND')
  })

  it('can leave operations out', async () => {
    telemetry.instrumentation.setConfig({ filter: ({ method }) => method !== 'stat' })
    await driver.putContent('/a', 'x')
    await driver.stat('/a')
    expect(telemetry.names).toEqual(['PutContent'])
    expect(await telemetry.values('registry_storage_action_seconds')).toEqual({
      'inmemory PutContent': 1,
    })
  })

  it('that throws harms no caller', async () => {
    const told: string[] = []
    const log = (message: string): void => void told.push(message)
    const none = (): void => {}
    diag.setLogger({ error: log, warn: none, info: none, debug: none, verbose: none })
    const broken = (): never => {
      throw new Error('broken')
    }
    telemetry.instrumentation.setConfig({ filter: broken })
    await driver.putContent('/a', 'x')
    telemetry.instrumentation.setConfig({ isError: broken })
    await failure(driver.stat('/none'))
    diag.disable()
    expect(told).toEqual(['@stowage/opentelemetry: broken', '@stowage/opentelemetry: broken'])
    expect(telemetry.names).toEqual(['Stat'])
  })
})

it('never has a credential of the driver in it', async () => {
  const secret = 'hunter2-hunter2'
  class Leaky extends InMemoryDriver {
    readonly secretKey = secret
    override async stat(): Promise<never> {
      throw Object.assign(new Error('refused'), { request: { authorization: secret } })
    }
  }
  const leaky = toStorageDriver(new Leaky())
  await failure(leaky.stat('/a'))
  const { attributes, status, events, resource } = telemetry.span('Stat')
  expect(status.code).toBe(SpanStatusCode.ERROR)
  expect(JSON.stringify({ attributes, status, events, resource })).not.toContain(secret)
})
