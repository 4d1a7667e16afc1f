// What a client does with a registry, and where the registry keeps it: for interoperability tests.
import { createHash } from 'node:crypto'

/** The media type of an image's manifest. */
export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar'

/** The folder of all that a registry keeps, as a path of its storage. */
export const REGISTRY_ROOT = '/docker/registry/v2'

/** As registries name what they keep. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length)
}

/** Where the registry keeps a blob's bytes. */
export function blobPath(digest: string): string {
  const hex = hexOf(digest)
  return `${REGISTRY_ROOT}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`
}

/** The file that makes a blob one of a repository's; its content is the digest. */
export function layerLink(repository: string, digest: string): string {
  return `${REGISTRY_ROOT}/repositories/${repository}/_layers/sha256/${hexOf(digest)}/link`
}

/** The files that make a blob a repository's manifest with a tag; the content of each is the digest. */
export function manifestLinks(repository: string, tag: string, digest: string): string[] {
  const manifests = `${REGISTRY_ROOT}/repositories/${repository}/_manifests`
  const hex = hexOf(digest)
  return [
    `${manifests}/revisions/sha256/${hex}/link`,
    `${manifests}/tags/${tag}/current/link`,
    `${manifests}/tags/${tag}/index/sha256/${hex}/link`,
  ]
}

/** The manifest of an image of one layer. */
export function manifestOf(config: Uint8Array, layer: Uint8Array): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: CONFIG, digest: digestOf(config), size: config.length },
      layers: [{ mediaType: LAYER, digest: digestOf(layer), size: layer.length }],
    }),
  )
}

/**
 * Pushes to a registry and pulls from it through its HTTP API.
 *
 * Every method but {@link get} rejects when the registry does not answer with the status of success.
 */
export class RegistryClient {
  readonly #endpoint: string

  constructor(endpoint: string) {
    this.#endpoint = endpoint
  }

  /** What it answers for a path behind `/v2/`, whatever the status. */
  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(`${this.#endpoint}/v2/${path}`, { headers })
  }

  /** Begins an upload as clients do, sends the bytes in chunks, and gives the URL to go on at. */
  async begin(repository: string, bytes: Uint8Array, chunk: number): Promise<string> {
    const url = `${this.#endpoint}/v2/${repository}/blobs/uploads/`
    let upload = this.#location(await request(202, url, { method: 'POST' }))
    for (let at = 0; at < bytes.length; at += chunk) {
      upload = await this.send(upload, bytes.subarray(at, at + chunk), at)
    }
    return upload
  }

  /** Sends the bytes at an offset of an upload, and gives the URL to go on at. */
  async send(upload: string, bytes: Uint8Array, offset: number): Promise<string> {
    const range = `${offset}-${offset + bytes.length - 1}`
    const headers = { 'content-type': 'application/octet-stream', 'content-range': range }
    const body = new Uint8Array(bytes)
    return this.#location(await request(202, upload, { method: 'PATCH', headers, body }))
  }

  /** Makes a blob of what was sent. */
  async finish(upload: string, digest: string): Promise<void> {
    const url = new URL(upload)
    url.searchParams.set('digest', digest)
    await request(201, url, { method: 'PUT' })
  }

  /** Uploads a blob in chunks, and gives its digest. */
  async push(repository: string, bytes: Uint8Array, chunk: number): Promise<string> {
    const digest = digestOf(bytes)
    await this.finish(await this.begin(repository, bytes, chunk), digest)
    return digest
  }

  /** The bytes of a blob. */
  async pull(repository: string, digest: string): Promise<Buffer> {
    const reply = await request(200, `${this.#endpoint}/v2/${repository}/blobs/${digest}`)
    return Buffer.from(await reply.arrayBuffer())
  }

  /** Stores a manifest whose blobs are there already, under a tag. */
  async pushManifest(repository: string, tag: string, manifest: Uint8Array): Promise<void> {
    const headers = { 'content-type': MANIFEST }
    const body = new Uint8Array(manifest)
    const url = `${this.#endpoint}/v2/${repository}/manifests/${tag}`
    await request(201, url, { method: 'PUT', headers, body })
  }

  /** What it says of a repository's tags. */
  async tags(repository: string): Promise<unknown> {
    return (await request(200, `${this.#endpoint}/v2/${repository}/tags/list`)).json()
  }

  /** The repositories in its catalog. */
  async repositories(): Promise<string[]> {
    const reply = await request(200, `${this.#endpoint}/v2/_catalog`)
    return ((await reply.json()) as { repositories: string[] }).repositories
  }

  #location(reply: Response): string {
    return new URL(reply.headers.get('location') ?? '', this.#endpoint).href
  }
}

async function request(
  status: number,
  url: string | URL,
  init: RequestInit = {},
): Promise<Response> {
  const reply = await fetch(url, init)
  if (reply.status === status) return reply
  const { method = 'GET' } = init
  throw new Error(`${method} ${url}: status ${reply.status}, not ${status}: ${await reply.text()}`)
}
