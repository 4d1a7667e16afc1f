// No error, whatever way it is looked at, shows a key, a signature or a token.
import { inspect } from 'node:util'
import { afterAll, expect, test } from '@jest/globals'
import { create, type StorageDriver } from '@stowage/core'
import type { AzureParameters } from '@stowage/driver-azure'
import { translate } from '../src/errors.ts'
import { refused } from './helpers/faults.ts'
import { newStorage, open, openThroughProxy, parametersOf } from './helpers/storages.ts'

const storage = newStorage()
const SECRET = Buffer.from('a key that nobody may see, ever').toString('base64')
const SIGNATURE = 'c2lnbmF0dXJl%2Fthat%2Bnobody%2Fmay%2Fsee%3D'

const opened: AsyncDisposable[] = []

afterAll(async () => {
  for (const resource of opened) await resource[Symbol.asyncDispose]()
})

/** All that a program may print of an error or a driver. */
function shown(value: unknown): string {
  const parts: string[] = [String(value), inspect(value, { depth: 20, showHidden: true })]
  try {
    parts.push(JSON.stringify(value))
  } catch {
    // Not everything has a JSON form.
  }
  for (let at = value as Error | undefined; at; at = at.cause as Error | undefined) {
    parts.push(at.stack ?? '', at.message ?? '', JSON.stringify(at) ?? '')
  }
  return parts.join('\n')
}

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

test.each<[string, (base: AzureParameters) => AzureParameters]>([
  ['a wrong key', (base) => ({ ...base, accountKey: SECRET })],
  [
    'a wrong SAS',
    ({ accountKey: _, ...base }) => ({
      ...base,
      sasToken: `sv=2024-11-04&sp=r&sr=c&se=2099-01-01T00:00:00Z&sig=${SIGNATURE}`,
    }),
  ],
  [
    'a server that is not there',
    ({ accountKey: _, ...base }) => ({
      ...base,
      serviceURL: 'http://127.0.0.1:1/acc',
      sasToken: `sv=2024-11-04&sig=${SIGNATURE}`,
      maxRetries: -1,
    }),
  ],
])('not with %s', async (_what, change) => {
  const driver = await create('azure', change(await parametersOf(storage)))
  opened.push(driver)
  const errors = await failures(driver)
  expect(errors.filter((error) => error === undefined)).toEqual([])
  for (const value of [...errors, driver]) {
    const text = shown(value)
    for (const secret of [SECRET, SIGNATURE, decodeURIComponent(SIGNATURE), 'SharedKey dev']) {
      expect(text).not.toContain(secret)
    }
    expect(text).not.toMatch(/sig=(?!\.\.\.)[\w%]{8}/)
  }
})

test('not where the SDK or the network repeats a URL', () => {
  const url = `https://acc.blob.core.windows.net/c/b?sv=1&sig=${SIGNATURE}&se=2`
  const native = Object.assign(new Error(`cannot reach ${url}\nheaders: ${SECRET}`), {
    ...{ code: 'ECONNRESET', request: { url, headers: { authorization: SECRET } } },
  })
  const error = translate(native, '/path')
  expect(error).toMatchObject({ code: 'UNAVAILABLE', path: '/path' })
  for (const secret of [SECRET, SIGNATURE]) expect(shown(error)).not.toContain(secret)
  expect(String(error)).toContain('sig=...&se=2')
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
