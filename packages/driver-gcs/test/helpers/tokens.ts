// Who gives tokens: Google's token services and the metadata server of a machine in its cloud. A fake, which gives
// one to everybody, and notes who came.
import { createSign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bodyOf } from '../fake/exchange.ts'
import { EMAIL, serviceAccount } from './keys.ts'

/** What it gives to everybody. */
export const TOKEN = 'ya29.a-token-of-the-tests'

export interface Tokens extends AsyncDisposable {
  readonly endpoint: string
  /** For a program: where the metadata server is. */
  readonly env: Readonly<Record<string, string>>
  /** The content of a key file whose tokens are given here. */
  readonly account: Record<string, string>
  /** Method and path of what came, in order. */
  readonly seen: string[]
  /** Answers a request for a token. */
  give(request: IncomingMessage, reply: ServerResponse): void
  /** Signs in the name of the account, as IAM does. */
  signBlob(request: IncomingMessage, reply: ServerResponse): Promise<void>
}

export async function startTokens(): Promise<Tokens> {
  const seen: string[] = []
  const server = createServer((request, reply) => {
    seen.push(`${request.method} ${request.url}`)
    answer(request, reply)
  })
  server.keepAliveTimeout = 1
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const endpoint = `http://127.0.0.1:${port}`
  const account = serviceAccount(`${endpoint}/token`)
  return {
    ...{ endpoint, account, seen, env: { GCE_METADATA_HOST: `127.0.0.1:${port}` } },
    give: answer,
    async signBlob(request, reply) {
      const { payload } = JSON.parse((await bodyOf(request)).toString()) as { payload: string }
      const sign = createSign('RSA-SHA256').update(Buffer.from(payload, 'base64'))
      json(reply, { signedBlob: sign.sign(account.private_key ?? '', 'base64') })
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

function json(reply: ServerResponse, value: unknown): void {
  reply.writeHead(200, { 'content-type': 'application/json', 'metadata-flavor': 'Google' })
  reply.end(JSON.stringify(value))
}

function answer({ url = '' }: IncomingMessage, reply: ServerResponse): void {
  const [path = ''] = url.split('?')
  const said = METADATA[path]
  if (said === undefined) json(reply, tokenFor(path))
  else reply.writeHead(200, { 'content-type': 'text/plain', 'metadata-flavor': 'Google' }).end(said)
}

const METADATA: Readonly<Record<string, string>> = {
  '/computeMetadata/v1/instance/service-accounts/default/email': EMAIL,
  '/computeMetadata/v1/universe/universe-domain': 'googleapis.com',
  '/computeMetadata/v1/instance': '{}',
}

/** Each service has its own words for it. */
function tokenFor(path: string): unknown {
  if (path.includes(':generateAccessToken')) {
    return { accessToken: TOKEN, expireTime: new Date(Date.now() + 3_600_000).toISOString() }
  }
  const kind = { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }
  return { access_token: TOKEN, expires_in: 3600, token_type: 'Bearer', ...kind }
}
