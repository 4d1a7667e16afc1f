import type {
  BlobServiceClient,
  ContainerClient,
  StoragePipelineOptions,
} from '@azure/storage-blob'
import { ConfigError } from '@stowage/core'
import type { Agents } from './agents.ts'
import {
  type Authorization,
  authorityHost,
  type Connection,
  type TokenCredential,
} from './connection.ts'
import type { AzureSettings } from './parameters.ts'

export type Sdk = typeof import('@azure/storage-blob')

/** How a URL for somebody else can be signed: not at all with a SAS of our own. */
export type Signer = 'key' | 'token' | 'none'

/** The SDK, ready for one container. */
export interface Opened {
  readonly sdk: Sdk
  readonly container: ContainerClient
  readonly service: BlobServiceClient
  /** Blobs to ask for in one page of a listing. */
  readonly pageSize: number
}

/** Longest pause between two attempts of the SDK. */
const MAX_RETRY_DELAY_MS = 30_000

/** Loads the SDK and makes its client, once, when it is needed first. */
export class AzureClient {
  readonly #settings: AzureSettings
  #agents: Agents | undefined
  #opening: Promise<Opened> | undefined

  constructor(settings: AzureSettings) {
    this.#settings = settings
  }

  /** @throws ConfigError with the command to run where a package is not installed. */
  open(): Promise<Opened> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /** Known before the SDK is loaded: it decides whether the driver can redirect. */
  get signer(): Signer {
    const { client, connection } = this.#settings
    if (client) return signerOf(client.credential)
    const kind = connection?.authorization.kind
    return kind === 'key' ? 'key' : kind === 'sas' ? 'none' : 'token'
  }

  /** Ends the sockets. An injected client has its own. */
  close(): void {
    this.#agents?.destroy()
  }

  async #open(): Promise<Opened> {
    const sdk = await load('@azure/storage-blob', () => import('@azure/storage-blob'))
    const { client, connection, container, pageSize } = this.#settings
    if (client) {
      const url = client.url.replace(/\/[^/?]*(?=\?|$)/, '')
      const credential = client.credential
      const service = new sdk.BlobServiceClient(url, credential)
      return { sdk, container: client, service, pageSize }
    }
    const { serviceURL, authorization } = connection as Connection
    const query = authorization.kind === 'sas' ? `?${authorization.token}` : ''
    const pipeline = sdk.newPipeline(await this.#credential(sdk), this.#options())
    const { Agents } = await import('./agents.ts')
    const agents = new Agents(this.#settings)
    this.#agents = agents
    // The SDK's client for HTTP takes an agent with each request.
    pipeline.factories.push({
      create: (next) => ({
        sendRequest: (request) => {
          request.agent ??= agents.for(request.url)
          return next.sendRequest(request)
        },
      }),
    })
    const service = new sdk.BlobServiceClient(serviceURL + query, pipeline)
    return { sdk, container: service.getContainerClient(container), service, pageSize }
  }

  #options(): StoragePipelineOptions {
    const { maxRetries, retryDelay, userAgent } = this.#settings
    return {
      retryOptions: {
        maxTries: maxRetries + 1,
        retryDelayInMs: retryDelay,
        maxRetryDelayInMs: MAX_RETRY_DELAY_MS,
      },
      userAgentOptions: { userAgentPrefix: `${userAgent} stowage`.trim() },
    }
  }

  async #credential(sdk: Sdk) {
    const { authorization, realm } = this.#settings.connection as Connection
    if (authorization.kind === 'key') {
      return new sdk.StorageSharedKeyCredential(authorization.accountName, authorization.accountKey)
    }
    if (authorization.kind === 'sas') return new sdk.AnonymousCredential()
    if (authorization.kind === 'credential') return authorization.credential
    return identity(authorization, realm)
  }
}

function signerOf(credential: object): Signer {
  if ('getToken' in credential) return 'token'
  return 'computeHMACSHA256' in credential ? 'key' : 'none'
}

async function identity(authorization: Authorization, realm: string): Promise<TokenCredential> {
  const entra = await load('@azure/identity', () => import('@azure/identity'))
  const host = authorityHost(realm)
  const options = host === undefined ? {} : { authorityHost: host }
  if (authorization.kind !== 'secret') return new entra.DefaultAzureCredential(options)
  const { tenantId, clientId, secret } = authorization
  return new entra.ClientSecretCredential(tenantId, clientId, secret, options)
}

async function load<T>(name: string, importIt: () => Promise<T>): Promise<T> {
  try {
    return await importIt()
  } catch (error) {
    const { code, message = '' } = error as { code?: string; message?: string }
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes(`'${name}'`)) throw error
    throw new ConfigError(`${name} is not installed: npm install ${name}`)
  }
}
