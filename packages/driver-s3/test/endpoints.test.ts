// Where requests go and what URLs name, by the form of the endpoint. A stub answers wherever it is asked.
import { type Stub, startStub } from './helpers/stub.ts'

let stub: Stub
beforeAll(async () => {
  stub = await startStub(() => ({ headers: { etag: '"1"', 'content-length': '2' }, body: 'ok' }))
})
afterAll(() => stub[Symbol.asyncDispose]())

interface Case {
  readonly form: string
  readonly endpoint: (port: string) => string
  readonly parameters?: object
  /** Left out where the host is a name that need not resolve here. */
  readonly asked?: string
  readonly url: (port: string) => string
}

const PLAIN = (port: string): string => `http://127.0.0.1:${port}/bucket/d/x`
const BASE = (port: string): string => `http://127.0.0.1:${port}/gw/s3/bucket/d/x`
const HOST = (port: string): string => `http://bucket.localhost:${port}/d/x`
const V2 = { v4Auth: false }

const CASES: readonly Case[] = [
  {
    form: 'a slash at its end',
    endpoint: (port) => `http://127.0.0.1:${port}/`,
    ...{ asked: '/bucket/d/x', url: PLAIN },
  },
  {
    form: 'blanks around it',
    endpoint: (port) => ` http://127.0.0.1:${port}\n`,
    ...{ asked: '/bucket/d/x', url: PLAIN },
  },
  {
    form: 'a base path',
    endpoint: (port) => `http://127.0.0.1:${port}/gw/s3`,
    ...{ asked: '/gw/s3/bucket/d/x', url: BASE },
  },
  {
    form: 'a base path with a slash at its end',
    endpoint: (port) => `http://127.0.0.1:${port}/gw/s3/`,
    ...{ asked: '/gw/s3/bucket/d/x', url: BASE },
  },
  {
    form: 'a base path, and signatures of version 2',
    endpoint: (port) => `http://127.0.0.1:${port}/gw/s3/`,
    ...{ parameters: V2, asked: '/gw/s3/bucket/d/x', url: BASE },
  },
  {
    form: 'the bucket in the host',
    endpoint: (port) => `http://localhost:${port}`,
    ...{ parameters: { forcePathStyle: false }, url: HOST },
  },
  {
    form: 'the bucket in the host, and signatures of version 2',
    endpoint: (port) => `http://localhost:${port}`,
    ...{ parameters: { ...V2, forcePathStyle: false }, url: HOST },
  },
  {
    form: 'an address, before which no bucket can stand, and signatures of version 2',
    endpoint: (port) => `http://127.0.0.1:${port}`,
    ...{ parameters: { ...V2, forcePathStyle: false }, asked: '/bucket/d/x', url: PLAIN },
  },
]

describe('an endpoint with', () => {
  it.each(CASES)('$form is asked there, and named in URLs', async (one) => {
    const { port } = new URL(stub.endpoint)
    const parameters = { bucket: 'bucket', endpoint: one.endpoint(port), ...one.parameters }
    const driver = await stub.driver(parameters)
    expect((await driver.redirectURL('/d/x'))?.split('?')[0]).toBe(one.url(port))
    if (one.asked === undefined) return
    expect(Buffer.from(await driver.getContent('/d/x')).toString()).toBe('ok')
    expect(stub.asked.at(-1)?.url.pathname).toBe(one.asked)
  })
})
