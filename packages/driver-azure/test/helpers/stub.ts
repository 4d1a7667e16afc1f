// A stand-in for the service, for what no real server can be made to answer: it says whatever a test tells it.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { create, type StorageDriver } from '@stowage/core'
import type { AzureParameters } from '@stowage/driver-azure'
import '@stowage/driver-azure'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

export interface Stub extends AsyncDisposable {
  readonly server: Server
  readonly url: string
  /** What was asked, the oldest first: `PUT /account/files/name?comp=block`. */
  readonly asked: string[]
  open(more?: AzureParameters): Promise<StorageDriver>
}

export const ACCOUNT_KEY: string = Buffer.from('a key that nobody may see').toString('base64')

export async function startStub(answer: Answer): Promise<Stub> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    request.resume().on('end', () => answer(request, response))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/account`
  const opened: StorageDriver[] = []
  const open = async (more: AzureParameters = {}): Promise<StorageDriver> => {
    const driver = await create('azure', {
      ...{ accountName: 'account', container: 'files', serviceURL: url, maxRetries: -1 },
      ...(more.sasToken === undefined && { accountKey: ACCOUNT_KEY }),
      ...more,
    })
    opened.push(driver)
    return driver
  }
  const dispose = async (): Promise<void> => {
    for (const driver of opened) await driver.close()
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  return { server, url, asked, open, [Symbol.asyncDispose]: dispose }
}

/** A refusal as the service words it; the answer to HEAD has the code in a header only. */
export function refusing(status: number, code: string, message = `it says ${code}`): Answer {
  return ({ method }, response) => {
    response.writeHead(status, { 'x-ms-error-code': code, 'content-type': 'application/xml' })
    const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`
    response.end(method === 'HEAD' ? undefined : body)
  }
}

/** What a web server says that knows nothing of Azure. */
export function html(status: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html', ...headers })
    response.end(`<html><h1>${status}</h1>nginx</html>`)
  }
}

/** A page of a listing. */
export function listing(blobs: string, marker = ''): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/xml' })
    const next = marker === '' ? '<NextMarker />' : `<NextMarker>${marker}</NextMarker>`
    response.end(
      `<?xml version="1.0"?><EnumerationResults ContainerName="files"><Blobs>${blobs}</Blobs>${next}</EnumerationResults>`,
    )
  }
}

/** An entry of a page. */
export function entry(name: string, size: number | string = 1): string {
  return `<Blob><Name>${name}</Name><Properties><Last-Modified>Mon, 01 Jan 2024 00:00:00 GMT</Last-Modified><Etag>0x1</Etag><Content-Length>${size}</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>`
}

/** Every call that asks the service something, by what it is called. */
export const CALLS: Readonly<Record<string, (driver: StorageDriver) => Promise<unknown>>> = {
  getContent: (driver) => driver.getContent('/file'),
  reader: (driver) => driver.reader('/file', { offset: 3 }),
  'reader of nothing': (driver) => driver.reader('/file', { length: 0 }),
  putContent: (driver) => driver.putContent('/file', 'x'),
  'a small commit': async (driver) => {
    const writer = await driver.writer('/file')
    await writer.write(Buffer.from('x'))
    await writer.commit()
  },
  'a large write': async (driver) => {
    const writer = await driver.writer('/file')
    await writer.write(Buffer.alloc(200))
    await writer.close()
  },
  append: (driver) => driver.writer('/file', { append: true }),
  stat: (driver) => driver.stat('/file'),
  'stat of the root': (driver) => driver.stat('/'),
  list: (driver) => collect(driver.list('/')),
  walk: (driver) => collect(driver.walk('/')),
  move: (driver) => driver.move('/file', '/other'),
  delete: (driver) => driver.delete('/file'),
  purgeUploads: (driver) => driver.purgeUploads('/', { olderThan: new Date() }),
}

async function collect<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of entries) all.push(one)
  return all
}
