// How long a session is its writer's: by a clock of the test's own.
import { jest } from '@jest/globals'
import { UnavailableError, UploadNotFoundError } from '@stowage/core'
import { LEASE_MS, type Lease, RENEW_MS, whileLeased } from '../src/lease.ts'

beforeEach(() => {
  jest.useFakeTimers()
})

afterEach(() => {
  jest.useRealTimers()
})

interface Made extends Lease {
  readonly renewals: number
}

function makeLease(renew: () => Promise<void> = async () => {}): Made {
  let renewed = Date.now()
  let renewals = 0
  return {
    path: '/file',
    get renewed() {
      return renewed
    },
    get renewals() {
      return renewals
    },
    async renew() {
      renewals++
      const now = Date.now()
      await renew()
      renewed = now
    },
  }
}

/** A request that ends when it is told to, or when it is aborted. */
function request() {
  let end = (_: string): void => {}
  const run = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve, reject) => {
      end = resolve
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  return { run, end: (value: string) => end(value) }
}

it('a short request renews nothing', async () => {
  const lease = makeLease()
  expect(await whileLeased(lease, undefined, async () => 'done')).toBe('done')
  expect(lease.renewals).toBe(0)
  expect(jest.getTimerCount()).toBe(0)
})

it('a lease that is due is renewed before anything is sent', async () => {
  const lease = makeLease()
  await jest.advanceTimersByTimeAsync(RENEW_MS + 1)
  await whileLeased(lease, undefined, async () => expect(lease.renewals).toBe(1))
})

it('a request may take far longer than the lease, which is renewed meanwhile', async () => {
  const lease = makeLease()
  const { run, end } = request()
  const sending = whileLeased(lease, undefined, run)
  await jest.advanceTimersByTimeAsync(10 * LEASE_MS)
  expect(lease.renewals).toBeGreaterThanOrEqual(20)
  end('sent')
  expect(await sending).toBe('sent')
  expect(jest.getTimerCount()).toBe(0)
})

it('a renewal that fails is tried again as long as the lease lasts', async () => {
  let failures = 3
  const lease = makeLease(async () => {
    if (failures-- > 0) throw new UnavailableError('busy')
  })
  const { run, end } = request()
  const sending = whileLeased(lease, undefined, run)
  await jest.advanceTimersByTimeAsync(2 * LEASE_MS)
  end('sent')
  expect(await sending).toBe('sent')
})

it('the end of the lease ends the request: another machine may have taken over', async () => {
  const lease = makeLease(async () => {
    throw new UnavailableError('busy')
  })
  const begun = Date.now()
  const sending = whileLeased(lease, undefined, request().run)
  const outcome = sending.catch((error: unknown) => [error, Date.now() - begun])
  await jest.advanceTimersByTimeAsync(2 * LEASE_MS)
  const [error, ms] = (await outcome) as [unknown, number]
  expect(error).toMatchObject({ code: 'UNAVAILABLE' })
  expect(ms).toBeLessThan(LEASE_MS)
})

it('a session that another writer has taken over ends the request at once', async () => {
  const lease = makeLease(async () => {
    throw new UploadNotFoundError('taken over')
  })
  const begun = Date.now()
  const sending = whileLeased(lease, undefined, request().run)
  const outcome = sending.catch((error: unknown) => [error, Date.now() - begun])
  await jest.advanceTimersByTimeAsync(2 * LEASE_MS)
  const [error, ms] = (await outcome) as [unknown, number]
  expect(error).toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  expect(ms).toBeLessThan(RENEW_MS + 10_000)
})

it('the caller’s abort ends the request with its reason', async () => {
  const control = new AbortController()
  const sending = whileLeased(makeLease(), control.signal, request().run)
  control.abort(new Error('mine'))
  await expect(sending).rejects.toThrow('mine')
  expect(jest.getTimerCount()).toBe(0)
})
