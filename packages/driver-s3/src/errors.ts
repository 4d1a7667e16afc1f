import { isStorageError } from '@stowage/core'
import {
  type Failure,
  type FailureKind,
  kindOfNetworkCode,
  kindOfStatus,
} from '@stowage/driver-kit'
import { NOT_S3 } from './answers.ts'

/** The parts of an SDK error that matter here. A service may put anything into them. */
interface SdkError {
  readonly name?: unknown
  /** The service's own code. */
  readonly Code?: unknown
  /** Node.js's code of a connection that failed. */
  readonly code?: unknown
  readonly message?: unknown
  readonly $metadata?: {
    readonly httpStatusCode?: number
    readonly requestId?: unknown
    readonly attempts?: number
  }
}

const CODES: Readonly<Partial<Record<FailureKind, readonly string[]>>> = {
  missing: ['NoSuchKey'],
  'upload-gone': ['NoSuchUpload'],
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
    NOT_S3,
  ],
  permission: ['AccessDenied', 'AllAccessDisabled', 'AccountProblem', 'InvalidObjectState'],
  throttled: [
    'SlowDown',
    'Throttling',
    'ThrottlingException',
    'RequestLimitExceeded',
    'TooManyRequests',
  ],
  unavailable: [
    'InternalError',
    'ServiceUnavailable',
    'RequestTimeout',
    'TimeoutError',
    'Busy',
    'OperationAborted',
  ],
  'no-space': ['QuotaExceeded', 'XMinioStorageFull', 'InsufficientCapacity'],
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
  unsupported: ['NotImplemented', 'MethodNotAllowed'],
}

const KINDS: ReadonlyMap<string, FailureKind> = new Map(
  Object.entries(CODES).flatMap(([kind, codes]) =>
    codes.map((code) => [code, kind as FailureKind] as const),
  ),
)

/** What the SDK says where the service gave no code. */
const GENERIC = /^(?:\d+|Error|S3ServiceException|Unknown|UnknownError|BadRequest|NotFound)$/

/** Requests that name an upload. Where a store says of one that there is no such key, the upload is gone. */
const OF_UPLOADS = /^(?:UploadPart(?:Copy)?|ListParts|(?:Abort|Complete)MultipartUpload)$/

/** Requests that name a key that may be missing. */
const KEYED =
  /^(?:(?:Head|Get|Delete|Copy)Object|GetObjectTagging|UploadPart(?:Copy)?|ListParts|(?:Abort|Complete)MultipartUpload)$/

export function isKeyed(operation: string): boolean {
  return KEYED.test(operation)
}

/** What a failure of the SDK means, by the service's code, and only without one by the status. */
export function classify(native: unknown, operation: string, conditional = false): Failure {
  const error = (native ?? {}) as SdkError
  const { httpStatusCode: status, requestId, attempts } = error.$metadata ?? {}
  const name = codeOf(error)
  const kind = kindOf(error, { name, operation, conditional })
  return { kind, name, message: error.message, status, requestId, attempts }
}

interface About {
  readonly name: unknown
  readonly operation: string
  readonly conditional: boolean
}

function kindOf(error: SdkError, { name, operation, conditional }: About): FailureKind | undefined {
  const status = error.$metadata?.httpStatusCode
  const named = typeof name === 'string' ? KINDS.get(name) : undefined
  if (named === 'upload-gone' && !OF_UPLOADS.test(operation)) return 'config'
  if (named === 'missing' && OF_UPLOADS.test(operation) && operation !== 'UploadPartCopy')
    return 'upload-gone'
  if (named !== undefined) return named
  if (status === 412) return conditional ? 'precondition' : undefined
  // HEAD has no body. Whether the bucket is there and the keys are right, the next request tells.
  if (operation === 'HeadObject' && status === 404) return 'missing'
  // What Amazon says to a HEAD for the wrong region, with a bad token, or without the key of the customer.
  if (status === 400) return name === undefined ? 'config' : undefined
  if (status !== undefined && status >= 300) return kindOfStatus(status)
  return kindOfNetworkCode(error.code)
}

/** The service's own code, or Node.js's; undefined where there is none. */
function codeOf({ Code, name, code }: SdkError): unknown {
  if (Code !== undefined) return Code
  return [name, code].find((one) => one !== undefined && !GENERIC.test(String(one)))
}

/** Whether the object, or the path, is not there. */
export function isMissing(error: unknown): boolean {
  return isStorageError(error, 'PATH_NOT_FOUND')
}

/** Whether the upload is not there (any more). */
export function isUploadGone(error: unknown): boolean {
  return isStorageError(error, 'UPLOAD_NOT_FOUND')
}

/** The service's code and status behind one of Stowage's errors. */
export function answerOf(error: unknown): { readonly name?: string; readonly status?: number } {
  return (error as { cause?: { name?: string; status?: number } } | undefined)?.cause ?? {}
}

/** Whether the credentials, or the store, do not let unfinished uploads be listed. */
export function isUploadListRefused(error: unknown): boolean {
  const { name = '', status = 0 } = answerOf(error)
  if (isStorageError(error, 'CONFIG') && status !== 404) return false
  return [403, 404, 405, 501].includes(status) && name !== 'NoSuchBucket'
}
