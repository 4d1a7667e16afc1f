import {
  ConfigError,
  ContentError,
  DriverError,
  InvalidPathError,
  isStorageError,
  PathNotFoundError,
  PermissionError,
  RevisionChangedError,
  ThrottledError,
  UnavailableError,
  UploadNotFoundError,
} from '@stowage/core'

/** What a call was about, for its errors. */
export interface Where {
  /** The service's operation. */
  readonly operation: string
  /** The caller's path. */
  readonly path: string
}

/** An answer that says no, or no answer at all. */
export interface Failure {
  /** 0 where none came. */
  readonly status: number
  /** The service's own words, or those of the network error. */
  readonly message: string
  /** `notFound`, `conditionNotMet` and so on; of a network error its code. */
  readonly reason: string
}

/** What is a secret in any text: whoever has a session's URI or a signed URL needs nothing else. */
const SECRETS: readonly RegExp[] = [
  /(?<=upload_id=)[^&\s"'\\]+/gi,
  /(?<=X-Goog-Signature=)[^&\s"'\\]+/gi,
  /(?<=Bearer\s+)[^\s"'\\]+/gi,
  /ya29\.[\w.-]+/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /(?<="(?:private_key|refresh_token|client_secret|access_token|assertion)"\s*:\s*")[^"]+/g,
]

/** The text without secrets, and not longer than a log line. */
function scrub(text: string): string {
  const clean = SECRETS.reduce((all, secret) => all.replace(secret, '***'), text)
  return clean.length > 500 ? `${clean.slice(0, 497)}...` : clean
}

/** Reasons for which the service says 403, and means too many requests. */
const THROTTLED = new Set(['rateLimitExceeded', 'userRateLimitExceeded'])

/** Node's codes of a connection that failed, and node-fetch's of a body that was cut off. */
const NETWORK =
  /^(E(CONN|PIPE|HOST|NET|AI_AGAIN|TIMEDOUT|NOTFOUND|PROTO)|ERR_STREAM_PREMATURE|UND_ERR)/

/** Whether the same request may succeed later. */
export function isRetryable({ status, reason }: Failure): boolean {
  if (status === 0) return NETWORK.test(reason)
  return status === 408 || isThrottled({ status, reason }) || (status >= 500 && status !== 501)
}

/** Whether it was too much for the service: for the bucket, or for one object within a second. */
export function isThrottled({ status, reason }: Pick<Failure, 'status' | 'reason'>): boolean {
  return status === 429 || (status === 403 && THROTTLED.has(reason))
}

/** A failure as one of Stowage's errors. The cause has status, reason and words only. */
export function failureError(failure: Failure, { operation, path }: Where): Error {
  const { status, reason } = failure
  const said = scrub(failure.message)
  const facts = [status > 0 && `status ${status}`, reason].filter(Boolean).join(', ')
  const message = `${operation}: ${said || 'failed'}${facts && ` (${facts})`}`
  const cause = Object.assign(new Error(said), { name: 'GcsError', status, reason })
  const options = { path, cause }
  if (isThrottled(failure)) return new ThrottledError(message, options)
  if (isRetryable(failure)) return new UnavailableError(message, options)
  if (status === 401 || isCredentialsProblem(failure)) return new ConfigError(message, { cause })
  if (status === 403) return new PermissionError(message, options)
  if (status === 404) {
    return isBucketProblem(said)
      ? new ConfigError(message, { cause })
      : new PathNotFoundError(path, { cause })
  }
  if (status === 400 && /bucket name|invalid bucket/i.test(said)) {
    return new ConfigError(message, { cause })
  }
  // Some servers say 412 of these too.
  if ((status === 400 || status === 412) && /crc32c|md5|hash|checksum/i.test(said)) {
    return new ContentError(message, options)
  }
  if (status === 412) return new RevisionChangedError(message, options)
  if (status === 400 && /object name|name.*(too long|characters)/i.test(said)) {
    return new InvalidPathError(path, { cause, detail: message })
  }
  return new DriverError(message, options)
}

/** The service tells of a missing object "No such object", of a missing bucket that. */
function isBucketProblem(message: string): boolean {
  // The object's name comes along, and it may be any text.
  if (/^no such object/i.test(message)) return false
  return /bucket (does not exist|not found)|(no such|not found:?.*) bucket/i.test(message)
}

/** What `google-auth-library` says where it has no credentials, or where they are refused. */
function isCredentialsProblem({ status, message, reason }: Failure): boolean {
  return (
    /^invalid_(grant|client|request|target)|unauthorized_client/.test(reason) ||
    (status === 0 &&
      /default credentials|credentials? (file|json|source)|private key|client_email|invalid_|PEM|DECODER|ENOENT|key ?file/i.test(
        `${reason} ${message}`,
      ))
  )
}

/** What was thrown by the SDK's request, as a failure: the rest of such an error may hold tokens. */
export function thrownFailure(error: unknown): Failure {
  const { status, code, message, cause, response, error: inner } = (error ?? {}) as ThrownError
  const data = response?.data
  const body = typeof data === 'object' && data !== null ? data : {}
  const reason = [body.error, code, cause?.code, inner?.code].find(
    (one) => typeof one === 'string' && one !== '',
  )
  const words = typeof body.error_description === 'string' ? body.error_description : message
  return {
    status: response?.status ?? (typeof status === 'number' ? status : 0),
    message: words ?? String(error),
    reason: (reason as string | undefined) ?? '',
  }
}

interface ThrownError {
  readonly status?: unknown
  readonly code?: unknown
  readonly message?: string
  readonly cause?: { readonly code?: unknown }
  readonly error?: { readonly code?: unknown }
  readonly response?: {
    readonly status?: number
    readonly data?: { readonly error?: unknown; readonly error_description?: unknown }
  }
}

/** Whether the object, or the path, is not there. */
export function isMissing(error: unknown): boolean {
  return isStorageError(error, 'PATH_NOT_FOUND')
}

/** Whether a precondition did not hold. */
export function isConditionFailure(error: unknown): boolean {
  return isStorageError(error, 'REVISION_CHANGED')
}

/** The session is gone: expired, removed, or taken over. */
export function uploadGone(path: string, cause?: unknown): UploadNotFoundError {
  return new UploadNotFoundError(
    'the upload was removed, has expired, or another writer continued it',
    { path, ...(cause !== undefined && { cause }) },
  )
}
