// A service in this process, for what no real one can be made to say.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { create, type StorageDriver } from '@stowage/core'
import '@stowage/driver-s3'
import type { S3Parameters } from '@stowage/driver-s3'
import { nameOf } from './faults.ts'

/** A request as the stub got it. */
interface Asked {
  readonly operation: string
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** What it answers; undefined where the answer is written to the response by hand. */
export type Answer = (asked: Asked, response: ServerResponse) => Reply | undefined

export interface Stub extends AsyncDisposable {
  readonly endpoint: string
  readonly asked: readonly Asked[]
  answer: Answer
  /** A driver for it, closed with the stub. */
  driver(changes?: Partial<S3Parameters>): Promise<StorageDriver>
}

export async function startStub(answer: Answer): Promise<Stub> {
  const asked: Asked[] = []
  const drivers: StorageDriver[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method = '', headers } = request
    const url = new URL(request.url ?? '/', 'http://stub')
    const operation = nameOf({ method, url, headers: headers as Record<string, string> })
    const one = { operation, method, url, headers, body: Buffer.concat(chunks) }
    asked.push(one)
    const reply = stub.answer(one, response)
    if (reply === undefined) return
    response.writeHead(reply.status ?? 200, reply.headers)
    response.end(method === 'HEAD' ? undefined : reply.body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stub: Stub = {
    ...{ endpoint, asked, answer },
    driver: async (changes = {}) => {
      const keys = { accessKey: 'AKIASTUBSTUBSTUB', secretKey: 'secretsecretsecret' }
      const parameters = { bucket: 'b', endpoint, maxAttempts: 1, ...keys, ...changes }
      const driver = await create('s3', parameters)
      drivers.push(driver)
      return driver
    },
    [Symbol.asyncDispose]: async () => {
      for (const driver of drivers) await driver.close()
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
  return stub
}

export function errorReply(status: number, code: string): Reply {
  return { status, body: `<Error><Code>${code}</Code><Message>no</Message></Error>` }
}

export const HTML: Reply = {
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><html><body><h1>404 Not Found</h1></body></html>',
}

interface ListReply {
  readonly keys?: readonly string[]
  /** Of every key; as it is written. */
  readonly size?: string
  /** More of the document. */
  readonly more?: string
}

/** A page of a listing. */
export function listReply({ keys = [], size = '1', more = '' }: ListReply = {}): Reply {
  const entries = keys.map(
    (key) =>
      `<Contents><Key>${encodeURIComponent(key).replaceAll('%2F', '/')}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"1"</ETag><Size>${size}</Size></Contents>`,
  )
  const truncated = more.includes('<IsTruncated>') ? '' : '<IsTruncated>false</IsTruncated>'
  return {
    body: `<ListBucketResult>${truncated}<EncodingType>url</EncodingType>${entries.join('')}${more}</ListBucketResult>`,
  }
}

/** That there is no unfinished upload, or those of these keys. */
export function uploadsReply(keys: readonly string[] = [], more = ''): Reply {
  const entries = keys.map(
    (key) =>
      `<Upload><Key>${key}</Key><UploadId>u</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>`,
  )
  const truncated = more.includes('<IsTruncated>') ? '' : '<IsTruncated>false</IsTruncated>'
  return {
    body: `<ListMultipartUploadsResult>${truncated}${entries.join('')}${more}</ListMultipartUploadsResult>`,
  }
}
