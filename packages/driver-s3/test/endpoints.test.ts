// Where requests go and what URLs name, by the form of the endpoint. A stub answers wherever it is asked.
import { listReply, type Stub, startStub, uploadsReply } from './helpers/stub.ts'

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

describe('a store on which files and directories exclude each other', () => {
  it('is asked once about the parents of many files, and again after a delete', async () => {
    await using service = await startStub(({ operation }) => {
      if (operation === 'HeadObject') return { status: 404 }
      if (operation === 'ListObjectsV2') return listReply()
      return { headers: { etag: '"1"' } }
    })
    const driver = await service.driver({ provider: 'versitygw' })
    const asks = async (call: () => Promise<unknown>): Promise<string[]> => {
      const before = service.asked.length
      await call().catch(() => {})
      return service.asked.slice(before).map(({ operation }) => operation)
    }
    const first = await asks(() => driver.putContent('/a/b/c/1', 'x'))
    expect(first.filter((name) => name === 'HeadObject')).toHaveLength(3)
    const second = await asks(() => driver.putContent('/a/b/c/2', 'x'))
    expect(second).toEqual(['ListObjectsV2', 'PutObject'])
    const beside = await asks(() => driver.putContent('/a/b/d/3', 'x'))
    expect(beside.filter((name) => name === 'HeadObject')).toHaveLength(1)
    const { answer } = service
    service.answer = ({ operation }) =>
      operation === 'ListObjectsV2' ? listReply({ keys: ['a/b'] }) : uploadsReply()
    await driver.delete('/a/b')
    service.answer = answer
    const again = await asks(() => driver.putContent('/a/b/c/4', 'x'))
    expect(again.filter((name) => name === 'HeadObject')).toHaveLength(3)
  })
})
