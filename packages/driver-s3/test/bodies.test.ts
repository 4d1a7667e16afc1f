// Content that is not what its headers say. A stub, because no real store lies on request.
import { gzipSync } from 'node:zlib'
import { errorReply, type Reply, type Stub, startStub } from './helpers/stub.ts'
import { collect, data, failure } from './helpers/world.ts'

const CONTENT = data(5000)
let stub: Stub
beforeEach(async () => {
  stub = await startStub(() => ({}))
})
afterEach(() => stub[Symbol.asyncDispose]())

/** As a store gives the content, or the range that is asked for. */
function served(range: string | undefined): { first: number; reply: Reply } {
  const [, from] = /^bytes=(\d+)-/.exec(range ?? '') ?? []
  const first = Number(from ?? 0)
  const part = from !== undefined && {
    status: 206,
    headers: {
      etag: '"1"',
      'content-range': `bytes ${first}-${CONTENT.length - 1}/${CONTENT.length}`,
    },
  }
  return { first, reply: { headers: { etag: '"1"' }, ...part, body: CONTENT.subarray(first) } }
}

describe('a body that nobody asked to be compressed', () => {
  it('is given as it is stored', async () => {
    const body = gzipSync(CONTENT)
    const headers = { etag: '"1"', 'content-encoding': 'gzip', 'content-length': `${body.length}` }
    stub.answer = ({ method }) => ({ headers, ...(method === 'GET' && { body }) })
    const driver = await stub.driver()
    expect(Buffer.from(await driver.getContent('/a')).equals(body)).toBe(true)
    const chunks = await collect(await driver.reader('/a'))
    expect(Buffer.concat(chunks).equals(body)).toBe(true)
    expect((await driver.stat('/a')).size).toBe(body.length)
    expect(stub.asked.map(({ headers }) => headers['accept-encoding'])).not.toContain('gzip')
  })

  it.each(['list', 'getContent of an error'])(
    'is no answer of S3 in the place of %s',
    async (what) => {
      const status = what === 'list' ? 200 : 404
      const body = gzipSync('<Error><Code>NoSuchKey</Code></Error>')
      stub.answer = () => ({ status, headers: { 'content-encoding': 'gzip' }, body })
      const driver = await stub.driver()
      const call = what === 'list' ? collect(driver.list('/')) : driver.getContent('/a')
      expect(await failure(call)).toBe('CONFIG')
    },
  )
})

describe('a body whose length is not what was said', () => {
  const head = { etag: '"1"', 'content-length': `${CONTENT.length}` }

  it('is read on from where it broke, to the right bytes', async () => {
    let cuts = 3
    stub.answer = ({ headers }, response) => {
      const { first, reply } = served(headers.range)
      if (cuts-- <= 0) return reply
      response.writeHead(reply.status ?? 200, {
        ...reply.headers,
        'content-length': CONTENT.length - first,
      })
      response.write(CONTENT.subarray(first, first + 7), () => response.destroy())
      return undefined
    }
    const driver = await stub.driver()
    expect(Buffer.from(await driver.getContent('/a')).equals(CONTENT)).toBe(true)
    expect(stub.asked).toHaveLength(4)
  })

  it('is an error where nothing more comes, however often', async () => {
    stub.answer = ({ headers }, response) => {
      const { first, reply } = served(headers.range)
      response.writeHead(reply.status ?? 200, {
        ...reply.headers,
        'content-length': CONTENT.length - first,
      })
      const start = first === 0 ? CONTENT.subarray(0, 7) : ''
      response.write(start, () => response.destroy())
      return undefined
    }
    expect(await failure((await stub.driver()).getContent('/a'))).toBe('UNAVAILABLE')
  })

  it('ends where it was said to end', async () => {
    stub.answer = (_asked, response) => {
      response.socket?.write(
        `HTTP/1.1 200 OK\r\netag: "1"\r\ncontent-length: ${CONTENT.length}\r\n\r\n`,
      )
      response.socket?.end(Buffer.concat([CONTENT, Buffer.from('and more')]))
      return undefined
    }
    const driver = await stub.driver()
    expect(Buffer.from(await driver.getContent('/a')).equals(CONTENT)).toBe(true)
  })

  it('is cut where a range brings more than was asked for', async () => {
    const headers = { etag: '"1"', 'content-range': 'bytes 4-5/100' }
    stub.answer = () => ({ status: 206, headers, body: 'abcdefghij' })
    const driver = await stub.driver()
    const read = async (): Promise<unknown> =>
      Buffer.concat(await collect(await driver.reader('/a', { offset: 5, length: 1 })))
    expect(await read()).toEqual(Buffer.from('b'))
  })

  it('is an error where no length was said', async () => {
    stub.answer = (_asked, response) => {
      response.writeHead(200, { etag: head.etag, 'transfer-encoding': 'chunked' })
      response.end(CONTENT)
      return undefined
    }
    const driver = await stub.driver()
    expect(await failure(driver.getContent('/a'))).toBe('CONTENT')
    expect(await failure(driver.reader('/a'))).toBe('CONTENT')
  })
})

describe('the body of an error that breaks off', () => {
  it.each([0, 10, 80])('after %i bytes is no answer, and is asked for again', async (length) => {
    let cuts = 1
    const whole = errorReply(404, 'NoSuchKey')
    stub.answer = (_asked, response) => {
      if (cuts-- <= 0) return whole
      const body = `<?xml version="1.0" encoding="UTF-8"?>${whole.body}`
      response.writeHead(404, { 'content-length': body.length })
      response.flushHeaders()
      response.write(body.slice(0, length), () => response.destroy())
      return undefined
    }
    expect(await failure((await stub.driver()).getContent('/a'))).toBe('UNAVAILABLE')
    cuts = 1
    const patient = await stub.driver({ maxAttempts: 2 })
    expect(await failure(patient.getContent('/a'))).toBe('PATH_NOT_FOUND')
  })
})

describe('409 OperationAborted, as a store says it while another operation is under way', () => {
  it('may be tried again: of a put, and of a commit', async () => {
    let refusals = 1
    const parts: Readonly<Record<string, Reply>> = {
      CreateMultipartUpload: {
        body: '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
      },
      CompleteMultipartUpload: {
        body: '<CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>',
      },
    }
    stub.answer = ({ operation }) =>
      /^(?:PutObject|Complete)/.test(operation) && refusals-- > 0
        ? errorReply(409, 'OperationAborted')
        : (parts[operation] ?? { headers: { etag: '"1"' } })
    const driver = await stub.driver()
    await expect(driver.putContent('/a', 'x')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    })
    await driver.putContent('/a', 'x')
    const writer = await driver.writer('/a')
    await writer.write(Buffer.alloc(11 * 2 ** 20))
    refusals = 1
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    await writer.commit()
  })
})
