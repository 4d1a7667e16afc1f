// A service that repeats everything it was sent, and other misfortune: nothing of the credentials is ever shown.
import { afterAll } from '@jest/globals'
import { create } from '@stowage/core'
import type { AzureParameters } from '@stowage/driver-azure'
import '@stowage/driver-azure'
import { type EchoServer, registerSecretSuite, startEchoServer } from '@stowage/testsuite'
import { newStorage, open } from './helpers/storages.ts'

const accountKey = Buffer.from('a key that nobody may see, whatever it opens').toString('base64')
const signature = 'c2lnbmF0dXJl/that+nobody/may/see='
const sas = `sv=2024-11-04&sp=rwdl&sr=c&se=2099-01-01T00:00:00Z&sig=${encodeURIComponent(signature)}`
const token = 'eyJ0eXAiOiJKV1Qi.bm9ib2R5IG1heSBzZWUgdGhpcw.c2lnbmF0dXJlIG9mIGl0'
const clientSecret = 'client~secret"of<nobody>&.8Q'

const secrets = { accountKey, signature, token, clientSecret }
const echoes: EchoServer[] = []
afterAll(async () => {
  for (const echo of echoes) await echo[Symbol.asyncDispose]()
})

const least: AzureParameters = { accountName: 'account', container: 'files', maxRetries: -1 }

async function echoing(status: number, changes: AzureParameters = {}) {
  const echo = await startEchoServer(status)
  echoes.push(echo)
  const key = changes.sasToken ? {} : { accountKey }
  return create('azure', { ...least, serviceURL: `${echo.url}/account`, ...key, ...changes })
}

registerSecretSuite({
  name: 'azure',
  secrets,
  seen: () => echoes.flatMap(({ seen }) => [...seen]),
  situations: {
    ...Object.fromEntries(
      [400, 403, 404, 409, 500].map((status) => [
        `a server that repeats everything with ${status}`,
        () => echoing(status),
      ]),
    ),
    'a server that hangs up in the middle': () => echoing(0),
    'a SAS that is repeated': () => echoing(403, { sasToken: sas }),
    'a refused connection, with a SAS': () =>
      create('azure', { ...least, serviceURL: 'http://127.0.0.1:1/account', sasToken: sas }),
    'a SAS in the URL': () =>
      create('azure', { ...least, serviceURL: `http://127.0.0.1:1/account?${sas}` }),
    'a connection string that is none': () =>
      create('azure', {
        container: 'files',
        connectionString: `AccountKey=${accountKey};Nonsense`,
      }),
    'a connection string of nobody': () =>
      create('azure', {
        ...{ container: 'files', maxRetries: -1 },
        connectionString: `BlobEndpoint=http://127.0.0.1:1/account;AccountName=account;AccountKey=${accountKey}`,
      }),
    'a key that is no base64': () =>
      create('azure', {
        ...least,
        accountKey: `${accountKey}!`,
        serviceURL: 'http://127.0.0.1:1/a',
      }),
    'wrong parameters beside right ones': () =>
      create('azure', { ...least, accountKey, blockSize: 'huge', sasTokn: sas } as never),
    'the right key': () => open(newStorage()),
    'a wrong key': () => open(newStorage(), { accountKey }),
  },
})
