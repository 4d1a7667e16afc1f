import type { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { DriverRedirectOptions } from '@stowage/core/driver'
import { isInHost, loadPresigner, makeClient } from './client.ts'
import { presignV2 } from './signer-v2.ts'
import type { Store } from './store.ts'

/** Makes URLs that work without credentials. No request is made, so nothing says whether the file is there. */
export class Presigner {
  readonly #store: Store
  #client: Promise<S3Client> | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /** The URL, or undefined where a plain client could not use it: SSE-C needs the key in headers. */
  async url(
    path: string,
    { method, expiresIn, signal }: DriverRedirectOptions,
  ): Promise<string | undefined> {
    const { sseCustomerKey, v4Auth } = this.#store.settings
    if (sseCustomerKey) return undefined
    const Key = this.#store.names.key(path)
    signal?.throwIfAborted()
    try {
      return await (v4Auth ? this.#v4(Key, method, expiresIn) : this.#v2(Key, method, expiresIn))
    } catch (error) {
      throw this.#store.requests.error(error, { operation: 'presign' }, path)
    }
  }

  async #v4(Key: string, method: 'GET' | 'HEAD', expiresIn: number): Promise<string> {
    const [sdk, { getSignedUrl }, client] = await Promise.all([
      this.#store.sdk(),
      loadPresigner(),
      this.#endpointClient(),
    ])
    const input = { Bucket: this.#store.bucket, Key }
    const command =
      method === 'HEAD' ? new sdk.HeadObjectCommand(input) : new sdk.GetObjectCommand(input)
    withoutChecksumMode(command)
    return getSignedUrl(client as never, command as never, { expiresIn })
  }

  async #v2(key: string, method: 'GET' | 'HEAD', expiresIn: number): Promise<string> {
    const { settings, bucket } = this.#store
    const url = new URL(settings.publicEndpoint || settings.endpoint || '')
    const encoded = encodeURIComponent(key).replaceAll('%2F', '/')
    const inHost = isInHost(settings, url.hostname)
    if (inHost) url.host = `${bucket}.${url.host}`
    const base = url.pathname.replace(/(?<!\/)\/+$/, '') + (inHost ? '' : `/${bucket}`)
    url.pathname = `${base}/${encoded}`
    const client = await this.#store.client()
    const expires = Math.floor(Date.now() / 1000) + expiresIn
    const request = { method, url, bucket: inHost ? `/${bucket}` : '', expires }
    return presignV2({ credentials: client.config.credentials }, request)
  }

  /** Signed for the public endpoint from the start: a host that is changed later breaks the signature. */
  #endpointClient(): Promise<S3Client> {
    const { publicEndpoint } = this.#store.settings
    if (!publicEndpoint) return this.#store.client()
    this.#client ??= Promise.all([this.#store.sdk(), this.#store.client()]).then(
      ([sdk, client]) => {
        const settings = { ...this.#store.settings, credentials: client.config.credentials }
        return makeClient(sdk, settings, publicEndpoint)
      },
    )
    return this.#client
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    client?.destroy()
  }
}

/** A client of the caller's may ask for checksums, which would become part of the URL. */
function withoutChecksumMode({
  middlewareStack,
}: Pick<GetObjectCommand, 'middlewareStack'> | Pick<HeadObjectCommand, 'middlewareStack'>): void {
  ;(middlewareStack as GetObjectCommand['middlewareStack']).add(
    (next) => (args) => {
      delete (args.request as { headers: Record<string, string> }).headers['x-amz-checksum-mode']
      return next(args)
    },
    { step: 'build', name: 'stowageNoChecksumMode' },
  )
}
