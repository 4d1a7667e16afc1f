import { isStorageError } from '@stowage/core/driver'
import { type Failure, failureOf, failureTable, type RequestFacts } from '@stowage/driver-kit'

/** Code of the error for an answer that no S3 service gives: another server, a proxy, a login page. */
export const NOT_S3 = 'NotAnS3Answer'

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

const kindOf = failureTable({
  names: {
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
  },
})

/** What the SDK says where the service gave no code. */
const GENERIC = /^(?:\d+|Error|S3ServiceException|Unknown|UnknownError|BadRequest|NotFound)$/

/** Requests that name an upload. Where a store says of one that there is no such key, the upload is gone. */
const OF_UPLOADS = /^(?:UploadPart|ListParts|(?:Abort|Complete)MultipartUpload)$/

/** Requests that name a key that may be missing. */
const KEYED =
  /^(?:(?:Head|Get|Delete|Copy)Object|GetObjectTagging|UploadPart(?:Copy)?|ListParts|(?:Abort|Complete)MultipartUpload)$/

/** What a request's name and input say about its failures. */
export function factsOf(operation: string, input: object = {}): RequestFacts {
  const conditional = 'IfMatch' in input || 'CopySourceIfMatch' in input
  return { operation, keyed: KEYED.test(operation), conditional }
}

/** What a failure of the SDK means, by the service's code, and only without one by the status. */
export function classify(native: unknown, { operation, conditional }: RequestFacts): Failure {
  const error = (native ?? {}) as SdkError
  const { httpStatusCode: status, requestId, attempts } = error.$metadata ?? {}
  const name = codeOf(error)
  let kind = kindOf({ name, code: error.code, status, conditional })
  const ofUpload = OF_UPLOADS.test(operation)
  if (kind === 'missing' && ofUpload) kind = 'upload-gone'
  if (kind === 'upload-gone' && !ofUpload && operation !== 'UploadPartCopy') kind = 'config'
  // HEAD has no body. Whether the bucket is there and the keys are right, the next request tells.
  const unnamed = kindOf({ name }) === undefined
  if (operation === 'HeadObject' && status === 404 && unnamed) kind = 'missing'
  // What Amazon says to a HEAD for the wrong region, with a bad token, or without the key of the customer.
  if (status === 400 && name === undefined) kind = 'config'
  return { kind, name, message: error.message, status, requestId, attempts }
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
export function answerOf(error: unknown): { readonly name: string; readonly status: number } {
  const { name, status = 0 } = failureOf(error) ?? {}
  return { name: typeof name === 'string' ? name : '', status }
}

/** Whether the credentials, or the store, do not let unfinished uploads be listed. */
export function isUploadListRefused(error: unknown): boolean {
  const { name, status } = answerOf(error)
  if (isStorageError(error, 'CONFIG') && status !== 404) return false
  return [403, 404, 405, 501].includes(status) && name !== 'NoSuchBucket'
}
