// Google's hosts, as a program finds them that cannot be told of another endpoint: it goes through a proxy, named
// in HTTPS_PROXY, which ends TLS with a certificate of its own and passes everything on to a server of the tests.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { serviceAccount } from './keys.ts'

const HOSTS = ['storage.googleapis.com', 'www.googleapis.com']

export interface GoogleHosts extends AsyncDisposable {
  /** For the program: the proxy, and whose certificate to trust. */
  readonly env: Readonly<Record<string, string>>
  /** A service account's key, whose tokens the proxy itself gives. */
  readonly keyFile: string
  /** Host, method and path of what came, in order. */
  readonly seen: readonly string[]
}

/** What the hosts are in truth: `http://…` of a server without credentials. Needs the command openssl. */
export async function startGoogleHosts(target: string): Promise<GoogleHosts> {
  const folder = await mkdtemp(join(tmpdir(), 'stowage-gcs-'))
  const tls = await certificate(folder)
  const seen: string[] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const inner = createTlsServer(tls, (request, reply) => {
    seen.push(`${request.headers.host} ${request.method} ${request.url}`)
    pass(new URL(target), request, reply)
  })
  const outer = createServer((_request, reply) => {
    reply.writeHead(200, { 'content-type': 'application/json' })
    reply.end(
      JSON.stringify({ access_token: 'of-the-test', token_type: 'Bearer', expires_in: 3600 }),
    )
  })
  outer.on('connection', keep)
  outer.on('connect', (_request, socket: Socket) => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    inner.emit('connection', socket)
  })
  await new Promise<void>((resolve) => outer.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(outer.address() as AddressInfo).port}`
  const keyFile = join(folder, 'key.json')
  await writeFile(keyFile, JSON.stringify(serviceAccount(`${endpoint}/token`)))
  return {
    ...{ keyFile, seen },
    env: { HTTPS_PROXY: endpoint, SSL_CERT_FILE: join(folder, 'cert.pem'), NO_PROXY: '' },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => outer.close(done))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function certificate(folder: string): Promise<{ key: Buffer; cert: Buffer }> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const names = HOSTS.map((host) => `DNS:${host}`).join(',')
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-days', '1', ...algorithm, '-subj', `/CN=${HOSTS[0]}`],
    ...['-addext', `subjectAltName=${names}`, '-keyout', key, '-out', cert],
  ])
  return { key: await readFile(key), cert: await readFile(cert) }
}

function pass(target: URL, request: IncomingMessage, reply: ServerResponse): void {
  const { method, url: path } = request
  const { hostname, port, host } = target
  // Some servers answer for their own name only.
  const headers = { ...request.headers, host }
  const onward = send({ hostname, port, method, path, headers }, (answer) => {
    reply.writeHead(answer.statusCode ?? 500, homeward(answer.headers))
    answer.pipe(reply)
  })
  onward.on('error', () => reply.destroy())
  request.pipe(onward)
}

/** A server without TLS names addresses without it. */
function homeward({ location, ...headers }: IncomingHttpHeaders): IncomingHttpHeaders {
  if (location === undefined) return headers
  return { ...headers, location: location.replace(/^http:\/\/[^/]+/, `https://${HOSTS[1]}`) }
}
