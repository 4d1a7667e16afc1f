import type { UserDelegationKey } from '@azure/storage-blob'
import type { DriverRedirectOptions } from '@stowage/core/driver'
import type { AzureClient } from './client.ts'
import { BACKDATE_MS } from './source.ts'

const HOUR_MS = 3_600_000
/** Life of a user delegation key; the service allows seven days. */
const KEY_LIFE_MS = 48 * HOUR_MS
const MAX_KEY_LIFE_MS = 7 * 24 * HOUR_MS
/** A key is renewed this long before its end. */
const KEY_RESERVE_MS = 30 * 60_000

interface CachedKey {
  readonly key: UserDelegationKey
  readonly expiresAt: number
}

/** Signs URLs: with the account's key, or with a key that Entra ID gives out for a while. */
export class UrlSigner {
  readonly #client: AzureClient
  #key: Promise<CachedKey> | undefined

  constructor(client: AzureClient) {
    this.#client = client
  }

  /** A URL that reads this blob for so long. Reading is GET and HEAD. */
  async sign(name: string, path: string, { expiresIn }: DriverRedirectOptions): Promise<string> {
    const { sdk, container } = await this.#client.open()
    const blob = container.getBlobClient(name)
    const now = Date.now()
    const wanted = now + Math.min(expiresIn * 1000, MAX_KEY_LIFE_MS - BACKDATE_MS)
    const options = {
      permissions: sdk.BlobSASPermissions.parse('r'),
      startsOn: new Date(now - BACKDATE_MS),
      protocol: blob.url.startsWith('https:')
        ? sdk.SASProtocol.Https
        : sdk.SASProtocol.HttpsAndHttp,
    }
    if (this.#client.signer === 'key') {
      return blob.generateSasUrl({ ...options, expiresOn: new Date(now + expiresIn * 1000) })
    }
    const { key } = await this.#client.failures.translated(this.#delegationKey(wanted), path)
    return blob.generateUserDelegationSasUrl({ ...options, expiresOn: new Date(wanted) }, key)
  }

  /** The cached key, unless it ends too early for the URL. */
  async #delegationKey(until: number): Promise<CachedKey> {
    const cached = await this.#key?.catch(() => undefined)
    const enough = Math.max(until, Date.now() + KEY_RESERVE_MS)
    if (cached && cached.expiresAt >= enough) return cached
    this.#key = this.#fetch(until)
    return this.#key
  }

  async #fetch(until: number): Promise<CachedKey> {
    const { service } = await this.#client.open()
    const now = Date.now()
    const life = Math.max(KEY_LIFE_MS, until - now + KEY_RESERVE_MS)
    const expiresAt = now - BACKDATE_MS + Math.min(life, MAX_KEY_LIFE_MS)
    const key = await service.getUserDelegationKey(new Date(now - BACKDATE_MS), new Date(expiresAt))
    return { key, expiresAt }
  }
}
