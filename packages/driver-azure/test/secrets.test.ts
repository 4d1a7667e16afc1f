// No error, whatever way it is looked at, shows a key, a signature or a token.
import { afterAll, expect, test } from '@jest/globals'
import type { StorageDriver } from '@stowage/core'
import { SecretSearch } from '@stowage/testsuite'
import { Failures } from '../src/errors.ts'
import { refused } from './helpers/faults.ts'
import { newStorage, open, openThroughProxy } from './helpers/storages.ts'

const storage = newStorage()
const SECRET = Buffer.from('a key that nobody may see, ever').toString('base64')
const SIGNATURE = 'c2lnbmF0dXJl%2Fthat%2Bnobody%2Fmay%2Fsee%3D'

const opened: AsyncDisposable[] = []

afterAll(async () => {
  for (const resource of opened) await resource[Symbol.asyncDispose]()
})

async function failures(driver: StorageDriver): Promise<unknown[]> {
  const calls = [
    driver.getContent('/file'),
    driver.putContent('/file', 'x'),
    driver.stat('/file'),
    driver.delete('/file'),
    driver.move('/file', '/other'),
    driver.writer('/file', { append: true }),
  ]
  const results = await Promise.allSettled(calls)
  return results.map((result) => (result.status === 'rejected' ? result.reason : undefined))
}

test('what is no HTTP is a service that cannot be reached', () => {
  const native = Object.assign(new Error('Parse Error: Expected HTTP/'), {
    code: 'HPE_INVALID_CONSTANT',
  })
  expect(new Failures(() => []).translate(native, '/path')).toMatchObject({
    code: 'UNAVAILABLE',
    retryable: true,
  })
})

test('not where the SDK or the network repeats a URL', () => {
  const url = `https://acc.blob.core.windows.net/c/b?sv=1&sig=${SIGNATURE}&se=2`
  const native = Object.assign(new Error(`cannot reach ${url}\nheaders: ${SECRET}`), {
    ...{
      code: 'ECONNRESET',
      request: { url, headers: new Map([['authorization', `SharedKey acc:${SECRET}`]]) },
    },
  })
  const error = new Failures(() => []).translate(native, '/path')
  expect(error).toMatchObject({ code: 'UNAVAILABLE', path: '/path' })
  new SecretSearch({ SECRET, SIGNATURE }).assertNone('the error', error)
  expect(String(error)).toContain('sig=***&se=2')
})

test.each([
  ['AuthenticationFailed', 'CONFIG'],
  ['AuthorizationPermissionMismatch', 'PERMISSION_DENIED'],
  // What Azurite says to a wrong key, and the service to an address that its firewall does not let in.
  ['AuthorizationFailure', 'PERMISSION_DENIED'],
])('a refusal as %s is %s in every call', async (refusal, code) => {
  const through = await openThroughProxy(storage)
  opened.push(through)
  through.proxy.rule = () => refused(403, refusal)
  for (const error of await failures(through.driver)) expect(error).toMatchObject({ code })
})

test('a missing container is a configuration error in every call', async () => {
  const elsewhere = await open(storage, { container: 'not-there' })
  opened.push(elsewhere)
  await expect(elsewhere.stat('/')).rejects.toThrow('container')
  for (const error of await failures(elsewhere)) expect(error).toMatchObject({ code: 'CONFIG' })
})
