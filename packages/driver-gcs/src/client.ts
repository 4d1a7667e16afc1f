import type { Storage } from '@google-cloud/storage'
import { ConfigError } from '@stowage/core'
import { readKey, usableKey } from './keys.ts'
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
}

/** The parts of the SDK that are needed. */
export interface Sdk {
  readonly storage: Pick<typeof import('@google-cloud/storage'), 'Storage'>
  readonly auth: Pick<typeof import('google-auth-library'), 'PassThroughClient'>
}

/** What a failed import of a package that is not there says, in Node.js and in test runners. */
const NOT_FOUND = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])

/**
 * Loads the SDK, so that importing this package costs nothing.
 * @throws ConfigError with the install command where it is missing.
 */
export async function loadSdk(
  load: () => Promise<Sdk> = async () => ({
    storage: await import('@google-cloud/storage'),
    auth: await import('google-auth-library'),
  }),
): Promise<Sdk> {
  try {
    return await load()
  } catch (error) {
    if (!NOT_FOUND.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    const names = '@google-cloud/storage google-auth-library'
    throw new ConfigError(`the SDK is not installed: npm install ${names}`, { cause: error })
  }
}

/**
 * A client of the SDK as the parameters want it. No request is made.
 * @throws ConfigError where the key file cannot be read.
 */
export async function openClient(sdk: Sdk, settings: Settings): Promise<Opened> {
  const own = settings.client as Storage | undefined
  const client = own ?? (await makeClient(sdk, settings))
  // The SDK, too, sends no credentials to a custom endpoint unless it is told to.
  const bare = own ? client.customEndpoint && !client.useAuthWithCustomEndpoint : settings.anonymous
  const auth = client.authClient
  return {
    sender: bare ? new sdk.auth.PassThroughClient() : auth,
    // To sign, a key at hand will do; none is to be looked for at an emulator.
    auth: canSign(settings) ? auth : undefined,
    endpoint: client.apiEndpoint.replace(/\/+$/, ''),
    custom: client.customEndpoint,
  }
}

/** Whether there may be something to sign URLs with; known before the SDK is loaded. */
export function canSign({ client, keyFile, credentials, anonymous }: Settings): boolean {
  return client !== undefined || keyFile !== undefined || credentials !== undefined || !anonymous
}

async function makeClient(sdk: Sdk, settings: Settings): Promise<Storage> {
  const { keyFile, credentials, endpoint } = settings
  const client = new sdk.storage.Storage({
    ...(endpoint !== undefined && { apiEndpoint: endpoint }),
    useAuthWithCustomEndpoint: true,
    // Tokens that the service refuses are got anew.
    clientOptions: { forceRefreshOnFailure: true },
    // No request names a project; to find one out, the SDK may look for a metadata server.
    projectId: 'unused',
  })
  const given = keyFile === undefined ? credentials : await readKey(keyFile)
  const key = given && usableKey(given, settings.credentialsType)
  // Its own options for this, whose use it warns of on the console, set the same property.
  if (key !== undefined) client.authClient.jsonContent = key as Auth['jsonContent']
  return client
}
