import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { ConfigError } from '@stowage/core'
import type { Settings } from './parameters.ts'
import { signerV2 } from './signer-v2.ts'

export type Sdk = typeof import('@aws-sdk/client-s3')
export type Presigner = typeof import('@aws-sdk/s3-request-presigner')

/** What a failed import of a package that is not there says, in Node.js and in test runners. */
const NOT_FOUND = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])

/** Loads a part of the SDK, so that importing this package costs nothing. */
async function load<T>(name: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!NOT_FOUND.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    throw new ConfigError(`${name} is not installed: npm install ${name}`, { cause: error })
  }
}

/** @throws ConfigError with the install command where the SDK is missing. */
export function loadSdk(
  run: () => Promise<Sdk> = () => import('@aws-sdk/client-s3'),
): Promise<Sdk> {
  return load('@aws-sdk/client-s3', run)
}

/** @throws ConfigError with the install command where the presigner is missing. */
export function loadPresigner(
  run: () => Promise<Presigner> = () => import('@aws-sdk/s3-request-presigner'),
): Promise<Presigner> {
  return load('@aws-sdk/s3-request-presigner', run)
}

/** A client of the SDK as the parameters want it, for the given endpoint. */
export function makeClient(sdk: Sdk, settings: Settings, endpoint: string | undefined): S3Client {
  const client = new sdk.S3Client(configuration(settings, endpoint))
  if (settings.logLevel !== 'off') addLog(client)
  return client
}

function configuration(settings: Settings, endpoint: string | undefined): S3ClientConfig {
  const { profile, accelerate } = settings
  const checksums = profile.checksums ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED'
  const config: S3ClientConfig = {
    forcePathStyle: accelerate ? false : (settings.forcePathStyle ?? profile.pathStyle),
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
      socketTimeout: settings.idleTimeout,
      // Requests are counted by the driver: one that waits for a socket here would run into timeouts.
      httpAgent: { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY },
      httpsAgent: {
        keepAlive: true,
        maxSockets: Number.POSITIVE_INFINITY,
        rejectUnauthorized: !settings.skipVerify,
      },
    },
  }
  if (endpoint !== undefined) config.endpoint = endpoint
  if (settings.region !== undefined) config.region = settings.region
  if (settings.userAgent) config.customUserAgent = settings.userAgent
  const credentials = credentialsOf(settings)
  if (credentials !== undefined) config.credentials = credentials
  if (!settings.v4Auth) config.signer = async () => signerV2(client)
  const client = config
  return config
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
