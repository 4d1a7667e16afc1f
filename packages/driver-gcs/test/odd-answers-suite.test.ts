// Odd answers are made up by the suite's proxy; the server behind it is our fake, see test/fake/README.md.
import { create } from '@stowage/core'
import { registerOddAnswersSuite } from '@stowage/testsuite'
import { CHUNK, startFake } from './helpers/storages.ts'

const fake = startFake('odd')
afterAll(async () => (await fake)[Symbol.asyncDispose]())

registerOddAnswersSuite({
  name: 'gcs',
  dialect: 'gcs',
  upstream: async () => (await fake).parameters.endpoint ?? '',
  create: async (storage, endpoint, { idleTimeoutMs }) =>
    create('gcs', {
      ...(await fake).parameters,
      ...{ rootDirectory: `/${storage}`, endpoint, chunkSize: CHUNK },
      ...{ maxRetries: 0, retryDelay: 1, idleTimeout: idleTimeoutMs },
    }),
  skip: { trickle: 'a request without content ends after five minutes, which is no parameter' },
})
