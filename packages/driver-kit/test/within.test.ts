import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { within } from '@stowage/driver-kit'

const forever = (signal: AbortSignal): Promise<never> =>
  pause(2 ** 30, undefined as never, { signal })

describe('within', () => {
  it('gives the result', async () => {
    expect(await within(1000, undefined, async () => 7)).toBe(7)
  })

  it('ends with ETIMEDOUT after the time', async () => {
    await expect(within(10, undefined, forever)).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  })

  it("passes on the signal's reason, before and meanwhile", async () => {
    const reason = new Error('mine')
    await expect(within(1000, AbortSignal.abort(reason), forever)).rejects.toBe(reason)
    const control = new AbortController()
    const run = within(60_000, control.signal, forever)
    control.abort(reason)
    await expect(run).rejects.toBe(reason)
  })

  it('passes on the error', async () => {
    const error = new Error('mine')
    await expect(within(1000, undefined, () => Promise.reject(error))).rejects.toBe(error)
  })
})
