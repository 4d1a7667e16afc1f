import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { HttpAgents, loadSdk } from '@stowage/driver-kit'
import type { Settings } from './parameters.ts'
import { signerV2 } from './signer-v2.ts'

export type Sdk = typeof import('@aws-sdk/client-s3')
export type Presigner = typeof import('@aws-sdk/s3-request-presigner')

/** Loaded by the first use, so that importing this package costs nothing. @throws ConfigError where it is missing. */
export function loadClientSdk(
  load: () => Promise<Sdk> = () => import('@aws-sdk/client-s3'),
): Promise<Sdk> {
  return loadSdk(['@aws-sdk/client-s3'], load)
}

/** As {@link loadClientSdk}. */
export function loadPresigner(
  load: () => Promise<Presigner> = () => import('@aws-sdk/s3-request-presigner'),
): Promise<Presigner> {
  return loadSdk(['@aws-sdk/s3-request-presigner'], load)
}

/** A client of the SDK as the parameters want it, for the given endpoint. */
export async function makeClient(
  sdk: Sdk,
  settings: Settings,
  endpoint: string | undefined,
): Promise<S3Client> {
  const { idleTimeout, skipVerify } = settings
  const agents = await HttpAgents.open({ idleTimeout, tls: { rejectUnauthorized: !skipVerify } })
  const client = new sdk.S3Client(configuration(settings, endpoint, agents))
  const destroy = client.destroy.bind(client)
  client.destroy = () => {
    destroy()
    agents.destroy()
  }
  if (settings.logLevel !== 'off') addLog(client)
  return client
}

function configuration(
  settings: Settings,
  endpoint: string | undefined,
  agents: HttpAgents,
): S3ClientConfig {
  const { profile, accelerate } = settings
  const checksums =
    profile.checksums && !settings.checksumDisabled ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED'
  const config: S3ClientConfig = {
    forcePathStyle: accelerate ? false : isPathStyle(settings),
    maxAttempts: settings.maxAttempts,
    requestChecksumCalculation: checksums,
    // A body is resumed by ranges when it breaks, which a checksum of the whole cannot follow.
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The SDK opens a connection of its own for each request with `Expect`, and some stores ignore it.
    expectContinueHeader: false,
    useAccelerateEndpoint: accelerate,
    useDualstackEndpoint: settings.useDualStack,
    useFipsEndpoint: settings.useFIPSEndpoint,
    requestHandler: {
      connectionTimeout: settings.connectTimeout,
      httpAgent: agents.http,
      httpsAgent: agents.https,
    },
  }
  if (endpoint !== undefined) config.endpoint = endpoint
  if (settings.region !== undefined) config.region = settings.region
  if (settings.userAgent) config.customUserAgent = settings.userAgent
  const credentials = credentialsOf(settings)
  if (credentials !== undefined) config.credentials = credentials
  if (!settings.v4Auth) config.signer = async () => signerV2(config, signedBucket(settings))
  return config
}

function isPathStyle({ forcePathStyle, profile }: Settings): boolean {
  return forcePathStyle ?? profile.pathStyle
}

/** Whether the SDK puts the bucket before that host: not before an address, and not a name that is none of a host. */
export function isInHost(settings: Settings, host: string): boolean {
  const isName = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(settings.bucket)
  return !isPathStyle(settings) && isName && !/^[\d.]+$|:/.test(host)
}

/** What a signature of version 2 has before the path: the bucket, where only the host names it. */
function signedBucket(settings: Settings): string {
  const { hostname } = new URL(settings.endpoint ?? '')
  return isInHost(settings, hostname) ? `/${settings.bucket}` : ''
}

type Credentials = NonNullable<S3ClientConfig['credentials']>

/** Static keys only where both are there, as in the original; undefined leaves it to the SDK's chain. */
function credentialsOf(settings: Settings): Credentials | undefined {
  const { accessKey, secretKey, sessionToken, credentials } = settings
  if (!accessKey || !secretKey) return credentials as Credentials | undefined
  return {
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    ...(sessionToken && { sessionToken }),
  }
}

/** One line for each request. Headers and bodies stay out of it: they hold keys and content. */
function addLog(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const since = performance.now()
      const log = (metadata: { httpStatusCode?: number; attempts?: number } = {}): void =>
        console.debug(
          `s3aws: ${context.commandName} status=${metadata.httpStatusCode} attempts=${metadata.attempts} ms=${Math.round(performance.now() - since)}`,
        )
      try {
        const result = await next(args)
        log(result.output.$metadata)
        return result
      } catch (error) {
        log((error as { $metadata?: object }).$metadata)
        throw error
      }
    },
    { step: 'initialize', name: 'stowageLog' },
  )
}
