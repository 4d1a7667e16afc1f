import { Limiter } from '@stowage/core/driver'
import { countListeners, failure, gate, settle } from './helpers/util.ts'

it('runs at most as many as its limit, and all in the end', async () => {
  // The Go registry's numbers: 500 slots, 50 rounds, 50 more than fit.
  const limiter = new Limiter(500)
  for (let round = 0; round < 50; round++) {
    const blocked = gate()
    let most = 0
    const calls = Array.from({ length: 550 }, () =>
      limiter.run(async () => {
        most = Math.max(most, limiter.active)
        await blocked.opened
      }),
    )
    expect([limiter.active, limiter.waiting]).toEqual([500, 50])
    blocked.open()
    await Promise.all(calls)
    expect(most).toBe(500)
    expect([limiter.active, limiter.waiting]).toEqual([0, 0])
  }
})

it('serves in the order of arrival, late comers last', async () => {
  const limiter = new Limiter(1)
  const order: number[] = []
  const run = (n: number) => limiter.run(async () => void order.push(n))
  const first = gate()
  const held = limiter.run(() => first.opened)
  const waiting = [1, 2, 3].map(run)
  first.open()
  // This one comes while the slot is being handed over.
  const late = held.then(() => run(4))
  await Promise.all([...waiting, late])
  expect(order).toEqual([1, 2, 3, 4])
})

it('starts at once where a slot is free', () => {
  let started = false
  void new Limiter(1).run(() => {
    started = true
  })
  expect(started).toBe(true)
})

it('gives the value or the error of the function, also of one that is not async', async () => {
  const limiter = new Limiter(1)
  const boom = new Error('boom')
  expect(await limiter.run(() => 7)).toBe(7)
  expect(await limiter.run(async () => 8)).toBe(8)
  const throwing = (): never => {
    throw boom
  }
  expect(await failure(limiter.run(throwing))).toBe(boom)
  expect(await failure(limiter.run(() => Promise.reject(boom)))).toBe(boom)
  const waiting = [limiter.run(throwing), limiter.run(throwing), limiter.run(() => 9)]
  expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual([
    'rejected',
    'rejected',
    'fulfilled',
  ])
  expect([limiter.active, limiter.waiting]).toEqual([0, 0])
})

describe('an aborted wait', () => {
  const reason = new Error('enough')

  it('leaves the queue at once and gives its place up', async () => {
    const limiter = new Limiter(1)
    const first = gate()
    const abort = new AbortController()
    const listeners = countListeners(abort.signal)
    const ran: string[] = []
    const held = limiter.run(() => first.opened)
    const aborted = limiter.run(() => ran.push('aborted'), abort.signal)
    const next = limiter.run(() => ran.push('next'), abort.signal && new AbortController().signal)
    expect([limiter.waiting, listeners()]).toEqual([2, 1])
    abort.abort(reason)
    expect(await failure(aborted)).toBe(reason)
    expect([limiter.active, limiter.waiting, listeners()]).toEqual([1, 1, 0])
    first.open()
    await Promise.all([held, next])
    expect(ran).toEqual(['next'])
    expect([limiter.active, limiter.waiting]).toEqual([0, 0])
  })

  it('never begins with a signal that is aborted already', async () => {
    const limiter = new Limiter(1)
    const never = () => {
      throw new Error('ran')
    }
    expect(await failure(limiter.run(never, AbortSignal.abort(reason)))).toBe(reason)
    expect(limiter.active).toBe(0)
  })

  it('is one no more once the function runs', async () => {
    const limiter = new Limiter(1)
    const [first, second] = [gate(), gate()]
    const abort = new AbortController()
    const listeners = countListeners(abort.signal)
    const held = limiter.run(() => first.opened)
    const running = limiter.run(() => second.opened, abort.signal)
    first.open()
    await held
    await settle()
    expect(listeners()).toBe(0)
    abort.abort(reason)
    second.open()
    await running
    expect(limiter.active).toBe(0)
  })

  it('keeps its count through a storm of aborts', async () => {
    const limiter = new Limiter(3)
    let most = 0
    const calls = Array.from({ length: 300 }, (_, n) => {
      const abort = new AbortController()
      if (n % 3 === 0) setImmediate(() => abort.abort(reason))
      return limiter.run(async () => {
        most = Math.max(most, limiter.active)
        await settle()
      }, abort.signal)
    })
    const results = await Promise.allSettled(calls)
    const done = results.filter(({ status }) => status === 'fulfilled')
    expect(done.length).toBeGreaterThanOrEqual(200)
    expect(done.length).toBeLessThan(300)
    expect(most).toBe(3)
    expect([limiter.active, limiter.waiting]).toEqual([0, 0])
  })
})

it('has a limit from 1, or none', async () => {
  for (const limit of [0, -1, 1.5, Number.NaN, '3' as never]) {
    expect(() => new Limiter(limit)).toThrow(TypeError)
  }
  const unlimited = new Limiter(Number.POSITIVE_INFINITY)
  const open = gate()
  const calls = Array.from({ length: 1000 }, () => unlimited.run(() => open.opened))
  expect(unlimited.active).toBe(1000)
  open.open()
  await Promise.all(calls)
})
