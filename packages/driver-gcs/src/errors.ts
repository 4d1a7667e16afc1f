import { isStorageError, UploadNotFoundError } from '@stowage/core/driver'
import { type FailureKind, kindOfNetworkCode, kindOfStatus } from '@stowage/driver-kit'

/** What a call was about, for its errors. */
export interface Where {
  /** The service's operation. */
  readonly operation: string
  /** The caller's path. */
  readonly path: string
}

/** What a request asked for, as far as it decides what a refusal means. */
export interface Asked {
  /** It names a key that may be missing. */
  readonly keyed?: boolean | undefined
  /** It is to be done for one generation of an object only. */
  readonly conditional?: boolean | undefined
  /** It brings a checksum for the service to compare. */
  readonly checked?: boolean | undefined
}

/** An answer that says no, or no answer at all. */
export interface Failure {
  /** 0 where none came. */
  readonly status: number
  /** The service's own words, or those of the network error. */
  readonly message: string
  /** `notFound`, `conditionNotMet` and so on; of a network error its code. */
  readonly reason: string
  /** It is in the form in which the service explains itself: nothing on the way has answered in its place. */
  readonly isOwn: boolean
}

/** Reasons for which the service says 403, and means too many requests. */
const THROTTLED = new Set(['rateLimitExceeded', 'userRateLimitExceeded'])

/** What the service says of a missing object, whose name follows. Of a missing bucket it gives the same reason. */
export const NO_OBJECT = 'No such object: '
const NO_BUCKET = 'The specified bucket does not exist.'

/** What a failure means. Its words count only where the service has no reason of its own. */
export function kindOf(failure: Failure, asked: Asked = {}): FailureKind | undefined {
  const { status, message, reason, isOwn } = failure
  if (status === 0) {
    return kindOfNetworkCode(reason) ?? (isCredentialsProblem(failure) ? 'config' : undefined)
  }
  if (isThrottled(failure)) return 'throttled'
  if (isCredentialsProblem(failure)) return 'config'
  // Some servers say 412 of other bytes, too.
  if (asked.checked && (status === 400 || status === 412) && CHECKSUM.test(message))
    return 'content'
  switch (status) {
    case 400:
      return message.startsWith('Invalid bucket name') ? 'config' : nameProblem(message)
    case 404:
      return isOwn && message !== NO_BUCKET ? 'missing' : 'config'
    case 412:
      // Without a condition of ours it is somebody's rule, an organization's say: the service has no other status.
      return asked.conditional ? 'precondition' : 'permission'
    case 501:
      return undefined
    default:
      return kindOfStatus(status)
  }
}

const CHECKSUM = /\b(?:crc32c|md5|hash|checksum)/i

function nameProblem(message: string): FailureKind | undefined {
  return /^(?:Invalid object name|The (?:maximum )?object name)/i.test(message) ? 'name' : undefined
}

/** Whether the same request may succeed later. */
export function isRetryable(failure: Failure): boolean {
  const kind = kindOf(failure)
  return kind === 'unavailable' || kind === 'throttled'
}

/** Whether it was too much for the service: for the bucket, or for one object within a second. */
export function isThrottled({ status, reason }: Pick<Failure, 'status' | 'reason'>): boolean {
  return status === 429 || (status === 403 && THROTTLED.has(reason))
}

/** What `google-auth-library` says where it has no credentials, or where they are refused: it has no codes. */
function isCredentialsProblem({ status, message, reason }: Failure): boolean {
  return (
    /^invalid_(?:grant|client|request|target)|unauthorized_client/.test(reason) ||
    (status === 0 &&
      /default credentials|credentials? (?:file|json|source)|private key|client_email|invalid_|PEM|DECODER|ENOENT|key ?file/i.test(
        `${reason} ${message}`.slice(0, 1000),
      ))
  )
}

interface ErrorDocument {
  readonly message?: unknown
  readonly errors?: readonly ({ readonly reason?: unknown } | null)[]
}

/** The service explains itself in JSON, or for content in plain text. */
export function failureOf(status: number, text: string): Failure {
  const failure = documentFailure(status, jsonOf(text))
  if (failure) return failure
  const isRedirect = status >= 300 && status < 400
  const message = isRedirect ? 'a redirect, which is not followed: check the endpoint' : text.trim()
  return { status, message, reason: '', isOwn: message.startsWith(NO_OBJECT) }
}

/**
 * What is wrong with an answer of success that should be empty: the service's error in its clothes, or the words of
 * whatever is on the way. Undefined where it is blank or an empty document (`null` is fake-gcs-server's).
 */
export function strangeAnswer(text: string): Failure | undefined {
  if (['', '{}', 'null'].includes(text.trim())) return undefined
  return documentFailure(500, jsonOf(text)) ?? { ...failureOf(404, text), isOwn: false }
}

/** The failure in a document of the service; undefined where it is none. */
export function documentFailure(status: number, document: unknown): Failure | undefined {
  const { error } = (isObject(document) ? document : {}) as { error?: unknown }
  if (!isObject(error)) return undefined
  const { message, errors } = error as ErrorDocument
  const reason = Array.isArray(errors) ? errors[0]?.reason : undefined
  if (typeof message !== 'string' && typeof reason !== 'string') return undefined
  return {
    ...{ status, message: typeof message === 'string' ? message : '', isOwn: true },
    reason: typeof reason === 'string' ? reason : '',
  }
}

/** Undefined where it is no JSON: the error of `JSON.parse` would quote the text. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What was thrown by the SDK's request, as a failure: the rest of such an error may hold tokens. */
export function thrownFailure(error: unknown): Failure {
  const { status, code, message, cause, response, error: inner } = (error ?? {}) as ThrownError
  const data = response?.data
  const body = isObject(data) ? data : {}
  const reason = [body.error, code, cause?.code, inner?.code].find(
    (one) => typeof one === 'string' && one !== '',
  )
  const words = typeof body.error_description === 'string' ? body.error_description : message
  return {
    status: response?.status ?? (typeof status === 'number' ? status : 0),
    message: typeof words === 'string' ? words : String(error),
    reason: (reason as string | undefined) ?? '',
    isOwn: false,
  }
}

interface ThrownError {
  readonly status?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly cause?: { readonly code?: unknown }
  readonly error?: { readonly code?: unknown }
  readonly response?: { readonly status?: number; readonly data?: unknown }
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
