import { ConfigError, withoutUserInfo } from '@stowage/core/driver'
import { usableKey } from './keys.ts'
import { type Checked, check } from './schema.ts'

/** Names are accepted in lower case too, as a registry's configuration has them. */
export interface GcsParameters {
  bucket: string
  rootDirectory?: string | undefined
  /** Bytes a writer sends at a time: a multiple of 256 KiB. Default 16 MiB. */
  chunkSize?: number | string | undefined
  /** Path of a JSON file with credentials. It comes before `credentials`. */
  keyFile?: string | undefined
  /** The content of such a file: a service account's key, workload identity federation, and so on. */
  credentials?:
    | Readonly<Record<string, unknown>>
    | ReadonlyMap<string, unknown>
    | string
    | undefined
  /**
   * The only `type` that such a key may have, `service_account` say: other types name files to read and addresses to
   * send them to. Default: any. It says nothing about the default credentials.
   */
  credentialsType?: string | undefined
  /** Requests that wait for an answer at a time. Default 50, at least 25. */
  maxConcurrency?: number | string | undefined
  userAgent?: string | undefined
  /**
   * URL of an emulator, a private endpoint or another service with the same interface; `apiEndpoint` in
   * the SDK. Default: `STORAGE_EMULATOR_HOST`, else Google's.
   */
  endpoint?: string | undefined
  /**
   * Send no credentials. Default: true with an endpoint that is not Google's, if no credentials are
   * given; else false, and without credentials the default ones are looked for.
   */
  anonymous?: boolean | undefined
  /** A `Storage` of `@google-cloud/storage`. Endpoint and credentials are its business then. */
  client?: object | undefined
  /** The project that pays for requests to a bucket whose requester pays. */
  userProject?: string | undefined
  /** How often a request is repeated. Default 6. */
  maxRetries?: number | undefined
  /** Milliseconds before the first repetition, doubled each time; too many requests wait a second. Default 500. */
  retryDelay?: number | undefined
  /** Milliseconds without a byte after which a request counts as dead. Default 60,000. */
  idleTimeout?: number | undefined
  /** Entries of one page of a listing. Default 1000. */
  pageSize?: number | undefined
}

/** The parameters, checked and completed. */
export interface Settings extends Omit<Checked, 'endpoint' | 'anonymous'> {
  /** Without a final slash; undefined for Google's own. */
  readonly endpoint: string | undefined
  readonly anonymous: boolean
}

/** The service's own hosts, private ones included: only they are sent credentials unasked. */
const GOOGLE = /(^|\.)googleapis\.com$/i

/**
 * Checks and completes parameters.
 * @throws ConfigError that lists every problem, in the original's words where it has any.
 */
export function parse(
  raw: unknown,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Settings {
  const checked = check(raw)
  const given = checked.client ? undefined : checked.endpoint
  const emulator = checked.client || given ? undefined : env.STORAGE_EMULATOR_HOST?.trim()
  // A host without a scheme is what other clients take for plain HTTP in this variable.
  const endpoint = complete(given, 'https') ?? complete(emulator, 'http')
  if (endpoint !== undefined && !URL.canParse(endpoint)) {
    throw new ConfigError(`the endpoint should be a URL, ${withoutUserInfo(endpoint)} invalid`, {
      driver: 'gcs',
    })
  }
  if (checked.credentials) usableKey(checked.credentials, checked.credentialsType)
  const credentials = checked.keyFile !== undefined || checked.credentials !== undefined
  const foreign = endpoint !== undefined && !GOOGLE.test(new URL(endpoint).hostname)
  const anonymous = checked.anonymous ?? (foreign && (!credentials || emulator !== undefined))
  return { ...checked, endpoint, anonymous }
}

function complete(endpoint: string | undefined, scheme: string): string | undefined {
  if (!endpoint) return undefined
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint) ? endpoint : `${scheme}://${endpoint}`
  // Some give the variable with the path that the SDK would put there.
  return url.replace(/(?<!\/)\/+$/, '').replace(/\/storage\/v1$/, '')
}
