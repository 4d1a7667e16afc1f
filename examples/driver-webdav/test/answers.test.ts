// What a server may answer that no server here can be made to: a stand-in says it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { create, type StorageDriver } from '@stowage/core'
import 'stowage-driver-webdav'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const ended: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ended.splice(0)) await end()
})

async function answering(answer: Answer): Promise<StorageDriver> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(request, response))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  ended.push(() => {
    server.closeAllConnections()
    return new Promise((done) => server.close(done))
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/dav`
  return create('webdav', { url, username: 'somebody', password: 'SECRETsecret0123456789' })
}

function html(status: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html', ...headers })
    response.end(`<html><body><h1>${status}</h1></body></html>`)
  }
}

const ROOT =
  '<response><href>/dav/</href><propstat><prop><resourcetype><collection/></resourcetype></prop><status>HTTP/1.1 200 OK</status></propstat></response>'

function file(href: string, length = '<getcontentlength>3</getcontentlength>'): string {
  return `<response><href>${href}</href><propstat><prop><resourcetype/>${length}<getetag>"1"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat></response>`
}

function multistatus(...responses: string[]): Answer {
  return (_request, response) => {
    response.writeHead(207, { 'content-type': 'application/xml' })
    response.end(
      `<?xml version="1.0"?><multistatus xmlns="DAV:">${responses.join('')}</multistatus>`,
    )
  }
}

/** A storage with one file, but for what `other` answers. */
function withFile(other: (request: IncomingMessage) => Answer | undefined): Answer {
  return (request, response) => {
    const { method, url } = request
    const own = other(request)
    if (own) return own(request, response)
    if (method === 'PROPFIND' && url === '/dav/') return multistatus(ROOT)(request, response)
    if (method === 'PROPFIND' && url === '/dav/file') {
      return multistatus(file('/dav/file'))(request, response)
    }
    response.writeHead(method === 'PROPFIND' ? 404 : 201).end()
  }
}

async function collect<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of entries) all.push(one)
  return all
}

const CALLS: Readonly<Record<string, (driver: StorageDriver) => Promise<unknown>>> = {
  getContent: (driver) => driver.getContent('/file'),
  reader: (driver) => driver.reader('/file', { offset: 1 }),
  putContent: (driver) => driver.putContent('/file', 'x'),
  append: (driver) => driver.writer('/file', { append: true }),
  stat: (driver) => driver.stat('/file'),
  'stat of the root': (driver) => driver.stat('/'),
  list: (driver) => collect(driver.list('/')),
  walk: (driver) => collect(driver.walk('/')),
  move: (driver) => driver.move('/file', '/other'),
  delete: (driver) => driver.delete('/file'),
  purgeUploads: (driver) => driver.purgeUploads('/', { olderThan: new Date() }),
}

describe.each([
  ['404 with HTML', html(404)],
  ['200 with HTML', html(200)],
  ['a redirect', html(301, { location: 'http://127.0.0.1:9/' })],
])('%s is a wrong configuration, and never an empty storage', (_name, answer) => {
  test.each(Object.keys(CALLS))('%s', async (name) => {
    const driver = await answering(answer)
    await expect(CALLS[name]?.(driver)).rejects.toMatchObject({ code: 'CONFIG' })
  })
})

test('a file that is missing in a collection that is there is missing', async () => {
  const driver = await answering(withFile(() => undefined))
  await expect(driver.stat('/other')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  expect(await driver.stat('/file')).toMatchObject({ size: 3 })
})

test.each([
  '',
  '<getcontentlength>-5</getcontentlength>',
  '<getcontentlength>NaN</getcontentlength>',
])('a file without a length is an error: %j', async (length) => {
  const driver = await answering(multistatus(file('/dav/file', length)))
  await expect(driver.stat('/file')).rejects.toMatchObject({ code: 'CONTENT' })
})

test.each([
  '/other/file',
  '/dav/../etc/passwd',
  '/dav/a/b',
  '/dav/a%2Fb',
  '/dav/%zz',
  '/davx',
  '/',
])('a name that is not in the collection is an error: %s', async (href) => {
  const driver = await answering(multistatus(ROOT, file('/dav/ok'), file(href)))
  await expect(collect(driver.walk('/'))).rejects.toMatchObject({ code: 'CONTENT' })
})

test.each(['<multistatus', '<a/>', '', '<multistatus><response/></multistatus>', 'null'])(
  'a document of another form is a typed error: %j',
  async (text) => {
    const driver = await answering((_request, response) => {
      response.writeHead(207, { 'content-type': 'application/xml' }).end(text)
    })
    await expect(collect(driver.list('/'))).rejects.toMatchObject({
      code: expect.stringMatching(/^(CONFIG|CONTENT)$/),
    })
  },
)

test('a file that goes while the server looks at it is missing', async () => {
  let looks = 0
  const driver = await answering(
    withFile(({ url }) => {
      if (url !== '/dav/going') return undefined
      return looks++ === 0
        ? multistatus(file(url, ''))
        : (_request, response) => void response.writeHead(404).end()
    }),
  )
  await expect(driver.stat('/going')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  expect(looks).toBeGreaterThan(1)
})

test('a body that is compressed on the way is an error, and not other bytes', async () => {
  const asked: (string | undefined)[] = []
  const driver = await answering(
    withFile(({ method, headers }) => {
      if (method !== 'GET') return undefined
      asked.push(String(headers['accept-encoding']))
      return (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip', etag: '"1"' }).end(gzipSync('abc'))
      }
    }),
  )
  await expect(driver.getContent('/file')).rejects.toMatchObject({ code: 'CONTENT' })
  expect(asked).toEqual(['identity'])
})

test('a listing without end is an error after 64 MiB', async () => {
  let bytes = 0
  const driver = await answering((_request, response) => {
    response.writeHead(207, { 'content-type': 'application/xml' })
    const push = (): void => {
      if (response.destroyed) return
      const chunk = Buffer.alloc(1 << 20, ' ')
      bytes += chunk.length
      if (response.write(chunk)) setImmediate(push)
      else response.once('drain', push)
    }
    push()
  })
  await expect(collect(driver.list('/'))).rejects.toThrow('bytes')
  expect(bytes).toBeLessThan(128 * 2 ** 20)
})

describe('a lock of somebody else', () => {
  const LOCKED: Answer = (_request, response) => void response.writeHead(423).end()
  const locked = { code: 'UNAVAILABLE', message: expect.stringContaining('lock') }

  test('a commit onto a locked file keeps the upload, and works once the lock is gone', async () => {
    let isLocked = true
    const moved: string[] = []
    const driver = await answering(
      withFile(({ method, headers }) => {
        if (method !== 'MOVE') return undefined
        const { destination } = headers
        if (isLocked) return LOCKED
        moved.push(new URL(String(destination)).pathname)
        return undefined
      }),
    )
    const writer = await driver.writer('/new')
    await writer.write(Buffer.from('x'))
    await expect(writer.commit()).rejects.toMatchObject(locked)
    isLocked = false
    await writer.commit()
    expect(moved).toEqual(['/dav/new'])
  })

  test.each(['423', '207'])('a locked file is neither moved nor deleted: %s', async (status) => {
    const line = '<response><href>/dav/file</href><status>HTTP/1.1 423 Locked</status></response>'
    const answer = status === '423' ? LOCKED : multistatus(line)
    const driver = await answering(
      withFile(({ method }) => (method === 'MOVE' || method === 'DELETE' ? answer : undefined)),
    )
    for (const call of [() => driver.move('/file', '/new'), () => driver.delete('/file')]) {
      const error = await call().catch((caught: unknown) => caught)
      expect((error as { errors?: unknown[] }).errors?.[0] ?? error).toMatchObject(locked)
    }
  })

  test('207 without a failure in it is a success', async () => {
    const line =
      '<response><href>/dav/file</href><status>HTTP/1.1 204 No Content</status></response>'
    const driver = await answering(
      withFile(({ method }) => (method === 'DELETE' ? multistatus(line) : undefined)),
    )
    await driver.delete('/file')
  })
})

test('a server that repeats what it was sent does not get the password into an error', async () => {
  const driver = await answering(({ headers, url }, response) => {
    const echo = `${url} ${headers.authorization}`
    response.writeHead(400, echo.replace(/[^ -~]/g, ''), {
      'x-error': echo,
      'content-type': 'text/xml',
    })
    response.end(`<error>${echo}</error>`)
  })
  const basic = Buffer.from('somebody:SECRETsecret0123456789').toString('base64')
  for (const call of Object.values(CALLS)) {
    const error = await call(driver).catch((caught: unknown) => caught)
    const shown = inspect(error, { depth: 9 }) + JSON.stringify(error)
    expect(shown).not.toContain(basic)
    expect(shown).not.toContain('SECRETsecret')
  }
})

it('looks again where the server stumbles over a look, and tells of one that always does', async () => {
  let stumbles = 3
  let looks = 0
  const driver = await answering(
    withFile(({ method }) => {
      if (method !== 'PROPFIND') return undefined
      looks++
      return stumbles-- > 0 ? html(500) : undefined
    }),
  )
  expect((await driver.stat('/file')).size).toBe(3)
  expect(looks).toBe(4)
  stumbles = Number.POSITIVE_INFINITY
  await expect(driver.stat('/file')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})
