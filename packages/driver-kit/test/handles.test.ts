import { describe, expect, it } from '@jest/globals'
import { withHandle } from '@stowage/driver-kit'

function refusing(times: number, code: string): () => Promise<string> {
  let left = times
  return async () => {
    if (left-- > 0) throw Object.assign(new Error(`connect ${code}`), { code })
    return 'sent'
  }
}

describe('a request for which the process has no file handle', () => {
  it.each(['EMFILE', 'ENFILE'])('waits for one after %s', async (code) => {
    expect(await withHandle(refusing(3, code), 60_000, undefined)).toBe('sent')
  })

  it('fails as it did when the time is over', async () => {
    const never = withHandle(refusing(Number.POSITIVE_INFINITY, 'EMFILE'), 30, undefined)
    await expect(never).rejects.toMatchObject({ code: 'EMFILE' })
  })

  it('does not wait after another failure', async () => {
    const once = withHandle(refusing(1, 'ECONNRESET'), 60_000, undefined)
    await expect(once).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  it('ends with its signal', async () => {
    const stop = new AbortController()
    const never = withHandle(refusing(Number.POSITIVE_INFINITY, 'EMFILE'), 60_000, stop.signal)
    stop.abort()
    await expect(never).rejects.toMatchObject({ name: 'AbortError' })
  })
})
