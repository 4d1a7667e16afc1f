import type { StorageDriver } from '@stowage/core'
import { toStorageDriver } from '@stowage/core/driver'
import { applyMiddleware } from '@stowage/core/middleware'
import { copy } from '@stowage/core/transfer'
import { Memory, storage } from './helpers/memory.ts'
import { bytes, collect, content, failure, gate, settle } from './helpers/util.ts'

const regulate = (driver: StorageDriver, maxConcurrency: number): Promise<StorageDriver> =>
  applyMiddleware(driver, [{ name: 'regulator', options: { maxConcurrency } }])

/** Counts the calls that run, and holds them until the gate opens. */
class Counting extends Memory {
  running = 0
  most = 0
  readonly hold = gate()
  async #count<T>(run: () => Promise<T>): Promise<T> {
    this.most = Math.max(this.most, ++this.running)
    try {
      await this.hold.opened
      return await run()
    } finally {
      this.running--
    }
  }
  override getContent(path: string): Promise<Uint8Array> {
    return this.#count(() => super.getContent(path))
  }
  override stat(path: string): Promise<never> {
    return this.#count(() => super.stat(path)) as Promise<never>
  }
  override delete(path: string): Promise<void> {
    return this.#count(() => super.delete(path))
  }
}

it('lets as many operations run as its limit says', async () => {
  const inner = new Counting()
  for (let n = 0; n < 20; n++) inner.files.set(`/${n}`, Buffer.from('x'))
  const driver = await regulate(toStorageDriver(inner), 3)
  const calls = Array.from({ length: 20 }, (_, n) => [
    driver.getContent(`/${n}`),
    driver.stat(`/${n}`),
    driver.delete(`/${n}`),
  ])
  const all = Promise.allSettled(calls.flat())
  await settle()
  expect(inner.running).toBe(3)
  inner.hold.open()
  expect((await all).every(({ status }) => status === 'fulfilled')).toBe(true)
  expect(inner.most).toBe(3)
})

it('counts each step of a list or walk as one', async () => {
  const inner = new Counting()
  inner.files.set('/a', Buffer.from('x'))
  const driver = await regulate(toStorageDriver(inner), 1)
  const held = driver.getContent('/a')
  let steps = 0
  const all = [driver.list('/'), driver.walk('/')].map(async (entries) => {
    for await (const _ of entries) steps++
  })
  await settle()
  expect(steps).toBe(0)
  inner.hold.open()
  await Promise.all([held, ...all])
  expect(steps).toBe(2)
})

it('copies within one driver with a single slot, while it is listed and walked', async () => {
  const { memory, driver } = storage({ '/a/x': bytes(500_000), '/a/y': 'y' })
  const one = await regulate(driver, 1)
  for await (const path of one.list('/a')) {
    for await (const info of one.walk('/a')) {
      if (info.path === path) await copy(one, path, one, `/copy${path}`)
    }
  }
  expect(memory.files.get('/copy/a/x')?.equals(bytes(500_000))).toBe(true)
  expect(memory.files.has('/copy/a/y')).toBe(true)
})

it('holds no slot for open readers, writers and walks', async () => {
  const { driver } = storage({ '/a': 'x', '/b': 'y' })
  const one = await regulate(driver, 1)
  const reader = await one.reader('/a')
  const writer = await one.writer('/c')
  const walk = one.walk('/')[Symbol.asyncIterator]()
  await walk.next()
  await writer.write(Buffer.from('z'))
  expect([writer.size, writer.path]).toEqual([1, '/c'])
  expect((await content(reader)).toString()).toBe('x')
  await writer.commit()
  expect(await collect(one.list('/'))).toEqual(['/a', '/b', '/c'])
  await walk.return?.()
  await writer[Symbol.asyncDispose]()
})

it('keeps the order of a writer whose calls nobody waits for', async () => {
  const { memory, driver } = storage()
  const two = await regulate(driver, 2)
  const writer = await two.writer('/a')
  const calls = Array.from({ length: 50 }, (_, n) => writer.write(Buffer.from(`${n},`)))
  await Promise.all([...calls, writer.commit()])
  expect(String(memory.files.get('/a'))).toBe(
    Array.from({ length: 50 }, (_, n) => `${n},`).join(''),
  )
})

it('skips directories of a walk, and ends it when it is left', async () => {
  const { driver } = storage({ '/a/x': '1', '/a/y': '2', '/b/x': '3' })
  const walk = (await regulate(driver, 1)).walk('/')
  const seen: string[] = []
  for await (const { path } of walk) {
    seen.push(path)
    if (path === '/a') walk.skipDir()
    if (path === '/b') break
  }
  expect(seen).toEqual(['/a', '/b'])
})

describe('an abort', () => {
  const reason = new Error('enough')

  it('ends the wait for a slot, and only that', async () => {
    const inner = new Counting()
    inner.files.set('/a', Buffer.from('x'))
    const driver = await regulate(toStorageDriver(inner), 1)
    const running = driver.getContent('/a')
    const abort = new AbortController()
    const waiting = driver.getContent('/a', { signal: abort.signal })
    const step = collect(driver.walk('/', { signal: abort.signal }))
    abort.abort(reason)
    expect(await failure(waiting)).toBe(reason)
    expect(await failure(step)).toBe(reason)
    inner.hold.open()
    expect(String(await running)).toBe('x')
  })

  it('lets a writer be cleaned up', async () => {
    const { memory, driver } = storage()
    const abort = new AbortController()
    const writer = await (await regulate(driver, 1)).writer('/a', { signal: abort.signal })
    await writer.write(Buffer.from('x'))
    abort.abort(reason)
    expect(await failure(writer.commit())).toBe(reason)
    await writer.cancel()
    await writer.close()
    expect(memory.sessions).toEqual([])
  })
})

it('needs a limit from 1', async () => {
  const { driver } = storage()
  for (const [maxConcurrency, message] of [
    [0, 'maxConcurrency is 0, but should be an integer from 1'],
    ['many', "maxConcurrency is 'many', but should be an integer from 1"],
    [undefined, 'maxConcurrency is missing: an integer from 1'],
  ] as const) {
    const error = await failure(regulate(driver, maxConcurrency as never))
    expect(error).toMatchObject({ code: 'CONFIG', message: `regulator: ${message}` })
  }
  await regulate(driver, '12' as never)
})
