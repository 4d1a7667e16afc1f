import { ConfigError, withoutUserInfo } from '@stowage/core/driver'
import { PROFILES, type Profile, providerOf, type S3Provider } from './providers.ts'
import { type ACLS, type Checked, check, type LOG_LEVELS, type STORAGE_CLASSES } from './schema.ts'

type StorageClass = (typeof STORAGE_CLASSES)[number]
type ObjectAcl = (typeof ACLS)[number]
type LogLevel = (typeof LOG_LEVELS)[number]

/** Names are accepted in lower case too, as a registry's configuration has them. */
export interface S3Parameters {
  bucket: string
  /** Required unless there is an `endpoint` or a `client`. */
  region?: string | undefined
  /** URL or host of a compatible store; `regionendpoint` in the original. */
  endpoint?: string | undefined
  /** `scheme://host[:port]` for presigned URLs only; `redirectendpoint` in the original. */
  publicEndpoint?: string | undefined
  /** What kind of store it is. Default: by the endpoint's host, without one `aws`. */
  provider?: S3Provider | undefined
  /** Used only together with `secretKey`; else the SDK's chain finds credentials. */
  accessKey?: string | undefined
  secretKey?: string | undefined
  sessionToken?: string | undefined
  /** Credentials, or a function that gives them and is asked again when they expire. */
  credentials?: object | undefined
  /** An S3Client of yours. Endpoint, credentials and timeouts are its business then; you close it. */
  client?: object | undefined
  rootDirectory?: string | undefined
  forcePathStyle?: boolean | undefined
  /** HTTPS where the endpoint names no scheme. Default true. */
  secure?: boolean | undefined
  skipVerify?: boolean | undefined
  /** False: legacy V2 signing, for a custom endpoint only. */
  v4Auth?: boolean | undefined
  /** Server-side encryption: SSE-S3, or with `keyId` SSE-KMS. */
  encrypt?: boolean | undefined
  /** The KMS key; without `encrypt` it has no effect. */
  keyId?: string | undefined
  /** SSE-C: 32 bytes in base64. The store forgets it: without it the data is lost. */
  sseCustomerKey?: string | undefined
  storageClass?: StorageClass | undefined
  /** Default: no ACL is sent, as buckets of today have none. */
  objectACL?: ObjectAcl | '' | undefined
  /** The bucket's owner owns all objects, and no ACL is sent: as without `objectACL`. */
  objectOwnership?: boolean | undefined
  contentType?: string | undefined
  /** Part size of writers in bytes. Default 10 MiB. */
  chunkSize?: number | undefined
  /** Parts a writer sends at a time. Default 4. */
  concurrency?: number | undefined
  multipartCopyChunkSize?: number | undefined
  multipartCopyMaxConcurrency?: number | undefined
  multipartCopyThresholdSize?: number | undefined
  userAgent?: string | undefined
  useDualStack?: boolean | undefined
  accelerate?: boolean | undefined
  useFIPSEndpoint?: boolean | undefined
  logLevel?: LogLevel | undefined
  /** Milliseconds to connect. Default 10,000. */
  connectTimeout?: number | undefined
  /** Milliseconds without a byte after which a request counts as dead. Default 60,000. */
  idleTimeout?: number | undefined
  /**
   * The same for completions of uploads and for copies, where it is longer: the store works on them before
   * it answers. Amazon sends blanks meanwhile, others nothing. Default 600,000.
   */
  copyTimeout?: number | undefined
  /** How often a request is tried. Default 4, as in the original. */
  maxAttempts?: number | undefined
  /** The same, without the first try. */
  maxRetries?: number | undefined
  /**
   * Milliseconds that a request may take in all where it sends no content, however slowly bytes still arrive; copies
   * and completions may take twice `copyTimeout` more. Default 300,000.
   */
  requestTimeout?: number | undefined
  /** No checksum headers, whatever the provider knows. */
  checksumDisabled?: boolean | undefined
  /** Requests that wait for an answer at a time. Default 128. */
  maxConnections?: number | undefined
  /** The store lists in no order: listings are gathered and sorted in memory. */
  unorderedListing?: boolean | undefined
}

/** The parameters, checked and completed. */
export interface Settings extends Omit<Checked, 'provider' | 'endpoint' | 'region'> {
  readonly provider: S3Provider
  readonly profile: Profile
  readonly endpoint: string | undefined
  readonly region: string | undefined
  /** Put before every path: '' or a directory without slashes at its ends. */
  readonly root: string
}

const SECOND_SIGNING = 'on Amazon S3 this storage driver can only be used with v4 authentication'

/** @throws ConfigError that lists every problem, in the original's words where it has any. */
export function parse(raw: unknown): Settings {
  const parsed = check(raw)
  const named = parsed.endpoint || (parsed.client ? undefined : environmentEndpoint())
  const endpoint = completeEndpoint(named, parsed.secure)
  const provider = parsed.provider ?? providerOf(endpoint)
  const profile = PROFILES[provider]
  // The original refuses nothing but a missing region, where no endpoint says where to go.
  const region = parsed.region ?? (endpoint && (profile.region ?? 'us-east-1'))
  const problems = [
    region || parsed.client ? undefined : 'no region parameter provided',
    endpoint === undefined || URL.canParse(endpoint)
      ? undefined
      : `the regionendpoint parameter should be a URL or a host, ${withoutUserInfo(endpoint)} invalid`,
    publicEndpointProblem(parsed.publicEndpoint),
    !parsed.v4Auth && (!endpoint || endpoint.includes('s3.amazonaws.com'))
      ? SECOND_SIGNING
      : undefined,
    parsed.sseCustomerKey && parsed.encrypt
      ? 'encrypt and sseCustomerKey exclude each other'
      : undefined,
    parsed.objectOwnership && parsed.objectACL
      ? 'objectOwnership and objectACL exclude each other'
      : undefined,
  ].filter((problem) => problem !== undefined)
  if (problems.length > 0) throw new ConfigError(problems, { driver: 's3aws' })
  return {
    ...parsed,
    endpoint,
    provider,
    profile,
    region,
    maxAttempts: parsed.maxRetries === undefined ? parsed.maxAttempts : parsed.maxRetries + 1,
    root: parsed.rootDirectory.replace(/^\/+|(?<!\/)\/+$/g, ''),
    // Directory buckets do not list in order.
    unorderedListing: parsed.unorderedListing || parsed.bucket.endsWith('--x-s3'),
  }
}

/** Where Amazon's own tools and SDKs go: another store's ways have to be known. */
function environmentEndpoint(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (/^true$/i.test(env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? '')) return undefined
  return env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL
}

function completeEndpoint(endpoint: string | undefined, secure: boolean): string | undefined {
  if (!endpoint) return undefined
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint)
    ? endpoint
    : `${secure ? 'https' : 'http'}://${endpoint}`
}

function publicEndpointProblem(endpoint: string | undefined): string | undefined {
  if (!endpoint) return undefined
  const [, scheme, rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/i.exec(endpoint) ?? []
  if (scheme === undefined) return 'no scheme specified for redirectendpoint'
  if (/^([/?#]|$)/.test(rest)) return 'no host specified for redirectendpoint'
  if (!URL.canParse(endpoint))
    return `unable to parse redirectendpoint: ${withoutUserInfo(endpoint)}`
  const url = new URL(endpoint)
  if (url.pathname !== '/') return `redirectendpoint cannot contain a base path: ${url.pathname}`
  if (url.search) return 'redirectendpoint cannot contain query parameters'
  return undefined
}
