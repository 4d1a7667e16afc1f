// Odd answers are made up by the proxy; the store behind it is real.
import { create } from '@stowage/core'
import { registerOddAnswersSuite } from '@stowage/testsuite'
import { describeOn, oneServer } from './helpers/world.ts'

const server = await oneServer('odd-answers')

if (server === undefined) describeOn(server)('odd answers', () => {})
else {
  const parameters = await server.parameters()
  const { accessKey = '', secretKey = '' } = parameters
  registerOddAnswersSuite({
    name: `s3 on ${server.server.name} ${server.server.version}`,
    dialect: 's3',
    upstream: parameters.endpoint as string,
    secrets: { 'the secret key': secretKey, 'the access key': accessKey },
    create: (storage, endpoint, { idleTimeoutMs, requestTimeoutMs }) =>
      create('s3', {
        ...parameters,
        ...{ endpoint, rootDirectory: `/${storage}`, maxAttempts: 1 },
        ...{ connectTimeout: idleTimeoutMs, idleTimeout: idleTimeoutMs },
        requestTimeout: requestTimeoutMs,
      }),
  })
}
