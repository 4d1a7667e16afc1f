import type { Storage } from '@google-cloud/storage'
import { ConfigError } from '@stowage/core/driver'
import { type Key, readKey, secretsOf, usableKey } from './keys.ts'
import type { Settings } from './parameters.ts'

/** What sends requests with the credentials that belong to them. */
export type Auth = Storage['authClient']

/** The SDK's client, ready for use. */
export interface Opened {
  /** Sends requests; adds nothing to them where the driver is anonymous. */
  readonly sender: Pick<Auth, 'request'>
  /** Signs, or undefined where there are no credentials to sign with. */
  readonly auth: Auth | undefined
  /** URL of the service without a final slash. */
  readonly endpoint: string
  /** Not Google's own: whatever host a session's URI names, this one is asked. */
  readonly custom: boolean
  /** What no error may show: the key, and the tokens made with it. */
  secrets(): string[]
}

/** The parts of the SDK that are needed. */
export interface Sdk {
  readonly storage: Pick<typeof import('@google-cloud/storage'), 'Storage'>
  readonly auth: Pick<typeof import('google-auth-library'), 'PassThroughClient'>
}

/** The packages of the SDK, and what loads them: importing this package costs nothing. */
export const SDK_PACKAGES: readonly string[] = ['@google-cloud/storage', 'google-auth-library']
export async function importSdk(): Promise<Sdk> {
  const [storage, auth] = await Promise.all([
    import('@google-cloud/storage'),
    import('google-auth-library'),
  ])
  return { storage, auth }
}

/**
 * A client of the SDK as the parameters want it. No request is made.
 * @throws ConfigError where the key file cannot be read.
 */
export async function openClient(sdk: Sdk, settings: Settings): Promise<Opened> {
  const own = settings.client as Storage | undefined
  const key = own ? undefined : await keyOf(settings)
  const client = own ?? makeClient(sdk, settings, key)
  // The SDK, too, sends no credentials to a custom endpoint unless it is told to.
  const bare = own ? client.customEndpoint && !client.useAuthWithCustomEndpoint : settings.anonymous
  const auth = client.authClient
  const endpoint = client.apiEndpoint.replace(/(?<!\/)\/+$/, '')
  if (!bare) refusePlainText(endpoint)
  return {
    sender: bare ? new sdk.auth.PassThroughClient() : auth,
    // To sign, a key at hand will do; none is to be looked for at an emulator.
    auth: canSign(settings) ? auth : undefined,
    endpoint,
    custom: client.customEndpoint,
    secrets: () => [...secretsOf(key), ...tokensOf(auth)],
  }
}

/** @throws ConfigError where a token would go over a network in plain text. */
function refusePlainText(endpoint: string): void {
  const { protocol, hostname } = new URL(endpoint)
  if (protocol !== 'http:' || LOOPBACK.test(hostname)) return
  throw new ConfigError(
    'credentials are not sent to an http:// endpoint of another machine: use https://, or anonymous: true',
    { driver: 'gcs' },
  )
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|(?:[\w-]+\.)*localhost)$/

/** What the library holds now; it has no name for this that all its clients share. */
function tokensOf(auth: Auth): string[] {
  const { cachedCredential } = auth as { cachedCredential?: { credentials?: Key } | null }
  return secretsOf(cachedCredential?.credentials)
}

async function keyOf(settings: Settings): Promise<Key | undefined> {
  const { keyFile, credentials } = settings
  const given = keyFile === undefined ? credentials : await readKey(keyFile)
  return given && usableKey(given, settings.credentialsType)
}

/** Whether there may be something to sign URLs with; known before the SDK is loaded. */
export function canSign({ client, keyFile, credentials, anonymous }: Settings): boolean {
  return client !== undefined || keyFile !== undefined || credentials !== undefined || !anonymous
}

function makeClient(sdk: Sdk, { endpoint }: Settings, key: Key | undefined): Storage {
  const client = new sdk.storage.Storage({
    ...(endpoint !== undefined && { apiEndpoint: endpoint }),
    useAuthWithCustomEndpoint: true,
    // Tokens that the service refuses are got anew.
    clientOptions: { forceRefreshOnFailure: true },
    // No request names a project; to find one out, the SDK may look for a metadata server.
    projectId: 'unused',
  })
  // Its own options for this, whose use it warns of on the console, set the same property.
  if (key !== undefined) client.authClient.jsonContent = key as Auth['jsonContent']
  return client
}
