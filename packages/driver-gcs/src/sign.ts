import { createHash } from 'node:crypto'
import type { DriverRedirectOptions } from '@stowage/core/driver'
import type { Api } from './api.ts'
import type { Auth } from './client.ts'
import { thrownFailure } from './errors.ts'

/** The longest life that the service gives a signed URL: seven days. */
const MAX_SECONDS = 604_800
/** How long a refusal to sign is remembered. */
const REFUSED_MS = 60_000
const ALGORITHM = 'GOOG4-RSA-SHA256'

/** Makes URLs at which one object can be had without credentials, by the V4 signing process. */
export class UrlSigner {
  readonly #api: Api
  #refusedAt = Number.NEGATIVE_INFINITY

  constructor(api: Api) {
    this.#api = api
  }

  /** Undefined where nothing and nobody signs for us. */
  async sign(
    key: string,
    path: string,
    { method, expiresIn, signal }: DriverRedirectOptions,
  ): Promise<string | undefined> {
    const { auth, endpoint } = await this.#api.open()
    if (auth === undefined || Date.now() - this.#refusedAt < REFUSED_MS) return undefined
    const { bucket, userProject } = this.#api.settings
    const resource = `/${encodeSegment(bucket)}/${key.split('/').map(encodeSegment).join('/')}`
    try {
      const email = await signerOf(auth)
      signal?.throwIfAborted()
      if (email === undefined) return this.#refuse()
      const request = unsigned({ method, email, endpoint, resource, expiresIn, userProject })
      const signature = Buffer.from(await auth.sign(request.toSign), 'base64').toString('hex')
      return `${request.url}&X-Goog-Signature=${signature}`
    } catch (error) {
      signal?.throwIfAborted()
      const failure = thrownFailure(error)
      // Without the permission to sign as that account, callers serve the content themselves.
      if (failure.status === 403 || failure.status === 404) return this.#refuse()
      throw this.#api.error(failure, { operation: 'signBlob', path })
    }
  }

  #refuse(): undefined {
    this.#refusedAt = Date.now()
  }
}

/** The account in whose name is signed, or undefined where the credentials are not those of one. */
async function signerOf(auth: Auth): Promise<string | undefined> {
  try {
    const { client_email: email } = await auth.getCredentials()
    return email || undefined
  } catch (error) {
    // Without credentials of any kind, requests fail too, and say why.
    if (thrownFailure(error).status === 0) return undefined
    throw error
  }
}

interface Unsigned {
  readonly method: string
  readonly email: string
  readonly endpoint: string
  readonly resource: string
  readonly expiresIn: number
  readonly userProject: string | undefined
}

/** The URL without its signature, and the text that is to be signed. */
function unsigned({ method, email, endpoint, resource, expiresIn, userProject }: Unsigned) {
  const { host, origin, pathname } = new URL(endpoint)
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = `${time.slice(0, 8)}/auto/storage/goog4_request`
  const query = [
    ['X-Goog-Algorithm', ALGORITHM],
    ['X-Goog-Credential', `${email}/${scope}`],
    ['X-Goog-Date', time],
    ['X-Goog-Expires', String(Math.min(expiresIn, MAX_SECONDS))],
    ['X-Goog-SignedHeaders', 'host'],
    // In the order of the names, as the signing process wants it.
    ...(userProject === undefined ? [] : [['userProject', userProject]]),
  ]
    .map(([name, value]) => `${name}=${encodeSegment(value ?? '')}`)
    .join('&')
  const request = [method, resource, query, `host:${host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n')
  const hash = createHash('sha256').update(request).digest('hex')
  return {
    // A gateway that shows the service beneath a path of its own takes that away again: it is not signed.
    url: `${origin}${pathname.replace(/(?<!\/)\/+$/, '')}${resource}?${query}`,
    toSign: [ALGORITHM, time, scope, hash].join('\n'),
  }
}

/** As the signing process wants it: all but letters, digits and `-._~` as bytes of UTF-8. */
function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
