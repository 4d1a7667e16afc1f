// Odd answers are made up by the proxy; the server behind it is real.
import { create } from '@stowage/core'
import { registerOddAnswersSuite } from '@stowage/testsuite'
import { azurite, parametersOf } from './helpers/storages.ts'

registerOddAnswersSuite({
  name: 'azure',
  dialect: 'azure',
  upstream: async () => (await azurite()).endpoint,
  // Azurite's documented key.
  secrets: { 'the account key': (await parametersOf('')).accountKey ?? '' },
  create: async (storage, endpoint, { idleTimeoutMs, requestTimeoutMs }) =>
    create('azure', {
      ...(await parametersOf(storage)),
      ...{ serviceURL: endpoint, maxRetries: -1 },
      ...{ idleTimeout: `${idleTimeoutMs}ms`, requestTimeout: `${requestTimeoutMs}ms` },
    }),
})
