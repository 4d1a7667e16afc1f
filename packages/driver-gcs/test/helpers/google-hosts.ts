// Google's hosts, as a program finds them that is told of no other endpoint: it goes through a proxy, named in
// HTTPS_PROXY, which ends TLS with a certificate of its own and passes everything on to a server of the tests. Tokens,
// the metadata server and IAM's signBlob it answers itself: a fake.
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
import { publicKeyOf } from './keys.ts'
import { startTokens } from './tokens.ts'

const HOST = 'www.googleapis.com'

export interface GoogleHosts extends AsyncDisposable {
  /** For a program: the proxy, and whose certificate to trust. */
  readonly env: Readonly<Record<string, string>>
  /** A service account's key, whose tokens are given here. */
  readonly keyFile: string
  /** Checks its signatures, in PEM. */
  readonly publicKey: string
  /** Host, method and path of what came, in order. */
  readonly seen: string[]
  /** IAM has no permission for us to sign then. */
  refuseToSign: boolean
}

/** What the hosts are in truth: `http://…` of a server of the tests. Needs the command openssl. */
export async function startGoogleHosts(target: string): Promise<GoogleHosts> {
  const folder = await mkdtemp(join(tmpdir(), 'stowage-gcs-'))
  const tls = await certificate(folder)
  const tokens = await startTokens()
  const sockets = new Set<Socket>()
  const inner = createTlsServer(tls, (request, reply) => {
    const { host = '' } = request.headers
    tokens.seen.push(`${host} ${request.method} ${request.url}`)
    if (host.startsWith('iamcredentials.')) {
      if (hosts.refuseToSign) reply.writeHead(403, { 'content-type': 'application/json' }).end('{}')
      else void tokens.signBlob(request, reply)
    } else if (host.startsWith('oauth2.')) tokens.give(request, reply)
    else pass(new URL(target), request, reply)
  })
  const outer = createServer((_request, reply) => reply.writeHead(404).end())
  outer.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  outer.on('connect', (_request, socket: Socket) => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    inner.emit('connection', socket)
  })
  await new Promise<void>((resolve) => outer.listen(0, '127.0.0.1', resolve))
  const proxy = `http://127.0.0.1:${(outer.address() as AddressInfo).port}`
  const keyFile = join(folder, 'key.json')
  await writeFile(keyFile, JSON.stringify(tokens.account))
  const cert = join(folder, 'cert.pem')
  const hosts: GoogleHosts = {
    refuseToSign: false,
    ...{ keyFile, publicKey: publicKeyOf(tokens.account), seen: tokens.seen },
    env: {
      HTTPS_PROXY: proxy,
      NO_PROXY: '127.0.0.1',
      SSL_CERT_FILE: cert,
      NODE_EXTRA_CA_CERTS: cert,
      ...tokens.env,
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => outer.close(done))
      await tokens[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return hosts
}

async function certificate(folder: string): Promise<{ key: Buffer; cert: Buffer }> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-days', '1', ...algorithm, '-subj', `/CN=${HOST}`],
    ...['-addext', 'subjectAltName=DNS:*.googleapis.com', '-keyout', key, '-out', cert],
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
  return { ...headers, location: location.replace(/^http:\/\/[^/]+/, `https://${HOST}`) }
}
