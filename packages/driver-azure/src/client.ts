import type {
  BlobServiceClient,
  ContainerClient,
  StoragePipelineOptions,
} from '@azure/storage-blob'
import { HttpAgents, loadSdk } from '@stowage/driver-kit'
import { ServiceClock } from './clock.ts'
import {
  type Authorization,
  authorityHost,
  type Connection,
  type TokenCredential,
} from './connection.ts'
import { Failures, signaturesIn } from './errors.ts'
import { httpClient } from './http.ts'
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
  readonly failures: Failures
}

/** Loads the SDK and makes its client, once, when it is needed first. */
export class AzureClient {
  readonly failures: Failures
  readonly clock: ServiceClock = new ServiceClock()
  readonly #settings: AzureSettings
  #agents: HttpAgents | undefined
  #opening: Promise<Opened> | undefined
  /** The last token of Entra ID. */
  #token: string | undefined

  constructor(settings: AzureSettings) {
    this.#settings = settings
    this.failures = new Failures(() => [...secretsOf(settings), this.#token])
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
    const sdk = await loadSdk(['@azure/storage-blob'], () => import('@azure/storage-blob'))
    const { client, connection, container, pageSize } = this.#settings
    const { failures } = this
    if (client) {
      const url = client.url.replace(/\/[^/?]*(?=\?|$)/, '')
      const credential = client.credential
      const service = new sdk.BlobServiceClient(url, credential)
      return { sdk, container: client, service, pageSize, failures }
    }
    const { serviceURL, authorization } = connection as Connection
    const query = authorization.kind === 'sas' ? `?${authorization.token}` : ''
    const options = { ...this.#options(), ...(await this.#transport()) }
    const pipeline = sdk.newPipeline(await this.#credential(sdk), options)
    const service = new sdk.BlobServiceClient(serviceURL + query, pipeline)
    return { sdk, container: service.getContainerClient(container), service, pageSize, failures }
  }

  async #transport(): Promise<StoragePipelineOptions> {
    const rest = await loadSdk(
      ['@azure/core-rest-pipeline'],
      () => import('@azure/core-rest-pipeline'),
    )
    const { idleTimeout, requestTimeout, skipVerify } = this.#settings
    const tls = skipVerify ? { rejectUnauthorized: false } : undefined
    const agents = await HttpAgents.open({ idleTimeout, tls })
    this.#agents = agents
    const onDate = (date: string | undefined): void => this.clock.see(date)
    return { httpClient: httpClient(rest, { agents, onDate, requestTimeout }) }
  }

  #options(): StoragePipelineOptions & { redirectOptions: { maxRetries: number } } {
    const { maxRetries, retryDelay, maxRetryDelay, userAgent } = this.#settings
    return {
      // The service never redirects. Something on the way that does must not get what we send.
      redirectOptions: { maxRetries: 0 },
      retryOptions: {
        maxTries: maxRetries + 1,
        retryDelayInMs: retryDelay,
        maxRetryDelayInMs: maxRetryDelay,
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
    const credential =
      authorization.kind === 'credential'
        ? authorization.credential
        : await identity(authorization, realm)
    return this.#remembering(credential)
  }

  /** A token is a secret as long as it is valid. */
  #remembering(credential: TokenCredential): TokenCredential {
    return {
      getToken: async (...request) => {
        const token = await credential.getToken(...request)
        this.#token = token?.token
        return token
      },
    }
  }
}

function signerOf(credential: object): Signer {
  if ('getToken' in credential) return 'token'
  return 'computeHMACSHA256' in credential ? 'key' : 'none'
}

async function identity(authorization: Authorization, realm: string): Promise<TokenCredential> {
  const entra = await loadSdk(['@azure/identity'], () => import('@azure/identity'))
  const host = authorityHost(realm)
  const options = host === undefined ? {} : { authorityHost: host }
  if (authorization.kind !== 'secret') return new entra.DefaultAzureCredential(options)
  const { tenantId, clientId, secret } = authorization
  return new entra.ClientSecretCredential(tenantId, clientId, secret, options)
}

function secretsOf({ client, connection }: AzureSettings): (string | undefined)[] {
  if (client) return signaturesIn(client.url)
  const { authorization } = connection as Connection
  if (authorization.kind === 'key') return [authorization.accountKey]
  if (authorization.kind === 'secret') return [authorization.secret]
  return authorization.kind === 'sas' ? signaturesIn(authorization.token) : []
}
