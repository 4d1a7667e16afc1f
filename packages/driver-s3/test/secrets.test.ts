// No error, event or driver, whatever way it is looked at, shows a key, a token or a signature.
import { create } from '@stowage/core'
import '@stowage/driver-s3'
import type { S3Parameters } from '@stowage/driver-s3'
import { type EchoServer, registerSecretSuite, startEchoServer } from '@stowage/testsuite'
import { NO_SERVER, oneServer } from './helpers/world.ts'

const secrets = {
  accessKey: 'AKIAHOSTILE+EXAMPLE/1',
  secretKey: 'a&very"secret/key+that<nobody>may%see=',
  sessionToken: 'FwoGZXIvYXdzEA//token+nobody&may/see==',
  sseCustomerKey: Buffer.from('32 bytes that nobody may see ...').toString('base64'),
}
const parameters: S3Parameters = {
  ...secrets,
  ...{ bucket: 'bucket', region: 'eu-west-1', provider: 'generic', maxAttempts: 1 },
}
const echoes: EchoServer[] = []
afterAll(async () => {
  for (const echo of echoes) await echo[Symbol.asyncDispose]()
})

async function echoing(status: number, changes: Partial<S3Parameters> = {}) {
  const echo = await startEchoServer(status)
  echoes.push(echo)
  return create('s3', { ...parameters, endpoint: echo.url, ...changes })
}

registerSecretSuite({
  name: 's3',
  secrets,
  seen: () => echoes.flatMap(({ seen }) => [...seen]),
  situations: {
    'a server that repeats everything with 400': () => echoing(400),
    'a server that repeats everything with 403': () => echoing(403),
    'a server that repeats everything with 404': () => echoing(404),
    'a server that repeats everything with 500': () => echoing(500),
    'a server that hangs up in the middle': () => echoing(0),
    'signatures of version 2': () => echoing(403, { v4Auth: false }),
    'a refused connection': () =>
      create('s3', { ...parameters, endpoint: 'http://127.0.0.1:1', maxAttempts: 1 }),
    'a host that is none': () => create('s3', { ...parameters, endpoint: 'http://no.invalid' }),
    'credentials in the endpoint': () =>
      create('s3', { ...parameters, endpoint: `http://user:${secrets.accessKey}@127.0.0.1:1` }),
    'wrong parameters beside right ones': () =>
      create('s3', { ...parameters, chunkSize: 1, sekretKey: 'x' } as S3Parameters),
    'a key of the wrong form': () =>
      create('s3', { ...parameters, sseCustomerKey: `${secrets.sseCustomerKey}x` }),
    'keys as a provider': () =>
      echoing(403, {
        ...{ accessKey: undefined, secretKey: undefined, sessionToken: undefined },
        credentials: async () => ({
          accessKeyId: secrets.accessKey,
          secretAccessKey: secrets.secretKey,
          sessionToken: secrets.sessionToken,
        }),
      }),
  },
})

const real = await oneServer('secrets')
if (real === undefined) it.skip(`the secrets of a real server (${NO_SERVER})`, () => {})
else {
  const { accessKey = '', secretKey = '' } = await real.parameters()
  const wrong = { secretKey: secrets.secretKey, sessionToken: secrets.sessionToken }
  registerSecretSuite({
    name: `s3 on ${real.server.name}`,
    secrets: { accessKey, secretKey, wrongKey: wrong.secretKey, wrongToken: wrong.sessionToken },
    situations: {
      'the right keys': () => real.open('secrets'),
      'a wrong key': () => real.open('secrets', wrong),
      'a missing bucket': () => real.open('secrets', { bucket: 'not-there' }),
    },
  })
}
