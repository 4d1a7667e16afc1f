import {
  ConfigError,
  DriverError,
  InvalidPathError,
  isStorageError,
  NoSpaceError,
  PathNotFoundError,
  PermissionError,
  RevisionChangedError,
  ThrottledError,
  UnavailableError,
  UnsupportedMethodError,
  UploadNotFoundError,
} from '@stowage/core'

/** The parts of an SDK error that matter here. */
interface SdkError {
  readonly name?: string
  readonly Code?: string
  readonly code?: string
  readonly message?: string
  readonly $metadata?: { httpStatusCode?: number; requestId?: string; attempts?: number }
}

type Kind =
  | 'missing'
  | 'upload'
  | 'config'
  | 'permission'
  | 'throttled'
  | 'unavailable'
  | 'space'
  | 'name'
  | 'revision'
  | 'unsupported'

const CODES: Readonly<Record<Kind, readonly string[]>> = {
  missing: ['NoSuchKey', 'NotFound'],
  upload: ['NoSuchUpload'],
  config: [
    'NoSuchBucket',
    'InvalidBucketName',
    'PermanentRedirect',
    'TemporaryRedirect',
    'AuthorizationHeaderMalformed',
    'IllegalLocationConstraintException',
    'InvalidAccessKeyId',
    'SignatureDoesNotMatch',
    'ExpiredToken',
    'InvalidToken',
    'TokenRefreshRequired',
    'InvalidSecurity',
    'RequestTimeTooSkewed',
    'CredentialsProviderError',
    'InvalidStorageClass',
  ],
  permission: ['AccessDenied', 'AllAccessDisabled', 'AccountProblem', 'InvalidObjectState'],
  throttled: [
    'SlowDown',
    'Throttling',
    'ThrottlingException',
    'RequestLimitExceeded',
    'TooManyRequests',
  ],
  unavailable: ['InternalError', 'ServiceUnavailable', 'RequestTimeout', 'TimeoutError', 'Busy'],
  space: ['QuotaExceeded', 'XMinioStorageFull', 'InsufficientCapacity'],
  name: [
    'KeyTooLongError',
    'InvalidObjectName',
    'XMinioInvalidObjectName',
    'XMinioInvalidResourceName',
    'XMinioParentIsObject',
    'XMinioObjectExistsAsDirectory',
    'ObjectParentIsFile',
    'ExistingObjectIsDirectory',
  ],
  revision: ['PreconditionFailed'],
  unsupported: ['NotImplemented', 'MethodNotAllowed'],
}

/**
 * Where the name says nothing: HEAD has no body, so all that is left is the status. A 400 without words is
 * what Amazon says to a HEAD for the wrong region, with a bad token, or without the key of the customer.
 */
const STATUS: Readonly<Record<number, Kind>> = {
  301: 'config',
  307: 'config',
  400: 'config',
  401: 'config',
  403: 'permission',
  404: 'missing',
  408: 'unavailable',
  412: 'revision',
  405: 'unsupported',
  429: 'throttled',
  501: 'unsupported',
  507: 'space',
}

/** Node's codes of a connection that failed, or on which something else than HTTP came. */
const NETWORK = /^(E(CONN|PIPE|HOST|NET|AI_AGAIN|TIMEDOUT|NOTFOUND|PROTO)|UND_ERR|HPE_)/

/** What kind of failure this is, or undefined where nothing better is known than its text. */
function kindOf(error: SdkError): Kind | undefined {
  const code = codeOf(error)
  const named = (Object.keys(CODES) as Kind[]).find((kind) => CODES[kind].includes(code))
  if (named !== undefined) return named
  const status = statusOf(error)
  if (status === 400 && code !== '') return undefined
  if (status !== undefined && status >= 300)
    return STATUS[status] ?? (status >= 500 ? 'unavailable' : undefined)
  return NETWORK.test(error.code ?? '') ? 'unavailable' : undefined
}

/** The store's own name for the error. */
function codeOf(error: unknown): string {
  const { name, Code, code } = (error ?? {}) as SdkError
  return [Code, name, code].find((one) => one !== undefined && !GENERIC.has(one)) ?? ''
}

/** What the SDK says where the store said nothing. */
const GENERIC = new Set([
  'Error',
  'S3ServiceException',
  'Unknown',
  'UnknownError',
  'BadRequest',
  '400',
])

function statusOf(error: unknown): number | undefined {
  return ((error ?? {}) as SdkError).$metadata?.httpStatusCode
}

/** Whether the object, or the path, is not there. */
export function isMissing(error: unknown): boolean {
  return isStorageError(error, 'PATH_NOT_FOUND')
}

/** Whether the upload is not there (any more). */
export function isUploadGone(error: unknown): boolean {
  return isStorageError(error, 'UPLOAD_NOT_FOUND')
}

interface Where {
  readonly path: string
  readonly operation: string
  readonly secrets: readonly string[]
}

/**
 * An error of the SDK as one of Stowage's. The cause has name, message, status and request id only:
 * what else the SDK hangs on its errors may hold keys, tokens and signatures.
 */
export function mapError(native: unknown, { path, operation, secrets }: Where): Error {
  if (isStorageError(native)) return native as unknown as Error
  const error = (native ?? {}) as SdkError
  const { httpStatusCode: status, requestId, attempts } = error.$metadata ?? {}
  const code = codeOf(error)
  const clean = (text: string): string => withoutSecrets(text, secrets)
  const said = clean(error.message ?? '')
  const facts = [
    status && `status ${status}`,
    requestId && `request ${requestId}`,
    (attempts ?? 0) > 1 && `${attempts} attempts`,
  ].filter(Boolean)
  const message = [
    `${operation}: ${[code, said].filter((text, i, all) => text && all.indexOf(text) === i).join(': ') || 'failed'}`,
    facts.length > 0 && `(${facts.join(', ')})`,
  ]
    .filter(Boolean)
    .join(' ')
  const cause = Object.assign(new Error(said), { name: code || 'Error', status, requestId })
  return make(kindOf(error), message, path, cause)
}

/** Shorter words are no secrets, but may be part of any text. */
const SHORTEST_SECRET = 12

/** As they are, and as services and SDKs write them into URLs, JSON and XML. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length)
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret.toWellFormed()),
      JSON.stringify(secret).slice(1, -1),
      secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    ])
    .reduce((all, form) => all.replaceAll(form, '***'), text)
}

function make(kind: Kind | undefined, message: string, path: string, cause: Error): Error {
  const options = { path, cause }
  switch (kind) {
    case 'missing':
      return new PathNotFoundError(path, { cause })
    case 'upload':
      return new UploadNotFoundError(message, options)
    case 'config':
      return new ConfigError(message, { cause })
    case 'permission':
      return new PermissionError(message, options)
    case 'throttled':
      return new ThrottledError(message, options)
    case 'unavailable':
      return new UnavailableError(message, options)
    case 'space':
      return new NoSpaceError(message, options)
    case 'name':
      return new InvalidPathError(path, { cause, detail: message })
    case 'unsupported':
      return new UnsupportedMethodError({ ...options, detail: message })
    case 'revision':
      return new RevisionChangedError(message, options)
    default:
      return new DriverError(message, options)
  }
}
