import { describe, expect, it } from '@jest/globals'
import { UnavailableError } from '@stowage/core'
import { type Failure, type RequestFacts, Requests } from '@stowage/driver-kit'

const KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY='
const SIGNATURE = 'a/signature+of=one request'
const GET: RequestFacts = { operation: 'Get', keyed: true }

function newRequests(concurrency = 2): Requests {
  return new Requests({
    classify: (error) => error as Failure,
    secrets: () => [KEY, undefined],
    concurrency,
  })
}

/** A promise that a test settles. */
function pending() {
  return Promise.withResolvers<string>()
}

const spellings: [string, (text: string) => string][] = [
  ['as it is', (text) => text],
  ['in a URL', encodeURIComponent],
  ['in JSON', (text) => text.replaceAll('/', '\\/')],
  ['in base64', (text) => Buffer.from(text).toString('base64')],
]

describe('run', () => {
  it('gives what the request brings', async () => {
    await expect(newRequests().run(GET, { path: '/a' }, async () => 7)).resolves.toBe(7)
  })

  it('sends no more requests at a time than it may, but for urgent ones', async () => {
    const requests = newRequests(1)
    const first = pending()
    const sent: string[] = []
    const send = (name: string, urgent = false) =>
      requests.run(GET, { path: '/a', urgent }, async () => {
        sent.push(name)
        return first.promise
      })
    const all = [send('first'), send('second'), send('urgent', true)]
    expect(sent).toEqual(['first', 'urgent'])
    first.resolve('done')
    await Promise.all(all)
    expect(sent).toEqual(['first', 'urgent', 'second'])
  })

  it('gives the turn of a failed request to the next one', async () => {
    const requests = newRequests(1)
    const send = async (): Promise<never> => Promise.reject({ message: 'no' })
    await expect(requests.run(GET, { path: '/a' }, send)).rejects.toMatchObject({ code: 'DRIVER' })
    await expect(requests.run(GET, { path: '/a' }, async () => 7)).resolves.toBe(7)
  })

  it.each(['before', 'while it waits', 'while it is sent'])(
    'throws the reason of a signal that is aborted %s',
    async (when) => {
      const requests = newRequests(1)
      const control = new AbortController()
      const reason = { why: 'enough' }
      const other = pending()
      if (when === 'while it waits') void requests.run(GET, { path: '/a' }, () => other.promise)
      if (when === 'before') control.abort(reason)
      const sent = requests.run(GET, { path: '/a', signal: control.signal }, async () => {
        control.abort(reason)
        throw new Error('cut off')
      })
      control.abort(reason)
      await expect(sent).rejects.toBe(reason)
      other.resolve('')
    },
  )

  it.each(spellings)('shows no secret of the driver and of the request %s', async (_, spell) => {
    const said = `no: ${spell(KEY)} and ${spell(SIGNATURE)}`
    const sent = newRequests().run(GET, { path: '/a' }, async (seen) => {
      seen.push(SIGNATURE)
      throw { message: said, name: spell(KEY), requestId: spell(KEY), kind: 'permission' }
    })
    const error = (await sent.catch((thrown: unknown) => thrown)) as Error
    const all = JSON.stringify([error.message, error.stack, error, (error.cause as Error).message])
    expect(all).toMatch(/Get: no: \*\*\*.{0,4} and \*\*\*.{0,4}"/)
    for (const secret of [spell(KEY), spell(SIGNATURE), 'K7MDENG']) {
      expect(all).not.toContain(JSON.stringify(secret).slice(1, -1))
    }
  })
})

describe('error', () => {
  it('leaves errors of Stowage as they are, also where an SDK wraps them', () => {
    const own = new UnavailableError('no', { path: '/b' })
    expect(newRequests().error(own, GET, '/a')).toBe(own)
    expect(newRequests().error(new Error('x', { cause: own }), GET, '/a')).toBe(own)
  })

  it('leaves an abort as it is', () => {
    const abort = new DOMException('stop', 'AbortError')
    expect(newRequests().error(abort, GET, '/a')).toBe(abort)
  })

  it.each([undefined, null, 'text', 7])('takes %p for a failure', (odd) => {
    const requests = new Requests({
      classify: (error) => ({ message: error }),
      concurrency: Number.POSITIVE_INFINITY,
    })
    expect(requests.error(odd, GET, '/a')).toMatchObject({ code: 'DRIVER', path: '/a' })
  })
})

it('fail: makes "not found" of an entry only where a key may be missing', () => {
  const failure = { kind: 'missing', name: 'NoSuchKey', message: 'no' } as const
  expect(newRequests().fail(failure, GET, '/a')).toMatchObject({ code: 'PATH_NOT_FOUND' })
  const batch = { operation: 'DeleteObjects' }
  expect(newRequests().fail(failure, batch, '/a')).toMatchObject({ code: 'CONFIG' })
})
