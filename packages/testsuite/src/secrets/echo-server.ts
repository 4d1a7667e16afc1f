import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server that answers every request with the same status, and repeats what it was sent. */
export interface EchoServer extends AsyncDisposable {
  readonly url: string
  /** What went over the wire and must not be shown: signatures, tokens. */
  readonly seen: ReadonlySet<string>
}

const SIGNATURES = [
  /Signature=([\w%+/=-]{16,})/,
  /[?&]sig=([^&\s]+)/,
  /(?:Bearer|SharedKey \w+:|AWS [^:]+:)\s*(\S{12,})/,
]

/**
 * The worst that a service may do: its errors repeat the URL and every header, as text, XML or JSON. What a driver
 * makes of them must show none of its credentials.
 * @param status of every reply, an error's; 0 cuts the connection after half of it.
 */
export async function startEchoServer(status: number): Promise<EchoServer> {
  const seen = new Set<string>()
  const server = createServer((request, response) => {
    request.resume()
    for (const text of [request.url ?? '', request.headers.authorization ?? '']) {
      for (const pattern of SIGNATURES) {
        const [, signature] = pattern.exec(text) ?? []
        if (signature !== undefined) seen.add(decodeURIComponent(signature))
      }
    }
    request.on('end', () => answer(request, response, status))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const dispose = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  return { url: `http://127.0.0.1:${port}`, seen, [Symbol.asyncDispose]: dispose }
}

function answer(request: IncomingMessage, response: ServerResponse, status: number): void {
  const said = `${request.method} ${request.url} ${JSON.stringify(request.headers)}`
  const escaped = said.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const wantsJson = request.url?.startsWith('/storage/v1') || request.url?.includes('uploadType=')
  const body = wantsJson
    ? JSON.stringify({
        error: { code: status, message: said, errors: [{ reason: said, message: said }] },
      })
    : `<?xml version="1.0"?><Error><Code>EchoedRequest</Code><Message>${escaped}</Message><StringToSign>${escaped}</StringToSign></Error>`
  const type = wantsJson ? 'application/json' : 'application/xml'
  const headers = {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'x-echo': said.slice(0, 1000),
  }
  response.writeHead(status || 200, headers)
  if (request.method === 'HEAD') response.end()
  else if (status > 0) response.end(body)
  else response.write(body.slice(0, body.length / 2), () => response.destroy())
}
