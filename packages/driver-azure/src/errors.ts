import { ConfigError, isStorageError } from '@stowage/core/driver'
import {
  authorizationSecrets,
  type FailureKind,
  failureError,
  kindOfNetworkCode,
  kindOfStatus,
  Scrubber,
} from '@stowage/driver-kit'
import { operationOf, type SentRequest } from './operations.ts'

/** What we read of the SDK's errors. */
interface Native {
  readonly name?: string
  readonly message?: string
  readonly code?: unknown
  readonly statusCode?: number
  readonly request?: SentRequest
  readonly details?: {
    readonly errorCode?: unknown
    readonly requestId?: unknown
    readonly copySourceErrorCode?: unknown
  }
}

/** The service's code. The answer to HEAD has no body: there it is in a header, which the SDK keeps. */
export function codeOf(error: unknown): string {
  const { code, details } = (error ?? {}) as Native
  const found = details?.errorCode ?? code
  return typeof found === 'string' ? found : ''
}

/** Whether the blob is missing. A missing container, or a 404 of something else than the service, is not that. */
export function isNotFound(error: unknown): boolean {
  return MISSING.has(codeOf(error))
}

const MISSING = new Set(['BlobNotFound', 'ResourceNotFound'])

/** Refusals of a condition that we set: an ETag, or that nothing is there. A lease has other codes with status 412. */
const CONDITIONS = new Set([
  'ConditionNotMet',
  'TargetConditionNotMet',
  'SourceConditionNotMet',
  'BlobAlreadyExists',
])

/** Whether a condition of ours was not met. */
export function isConditionFailure(error: unknown): boolean {
  return CONDITIONS.has(codeOf(error))
}

/** Whether the source of a copy is gone, or another revision than the one that was asked for. */
export function isSourceGone(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== 'CannotVerifyCopySource')
    return code === 'SourceConditionNotMet' || isNotFound(error)
  const { statusCode = 0, details } = (error ?? {}) as Native
  const source = details?.copySourceErrorCode
  if (typeof source === 'string') return MISSING.has(source) || CONDITIONS.has(source)
  return statusCode === 404 || statusCode === 412
}

const LEASE = 'somebody else holds a lease on the blob: release or break it, then try again'
const IMMUTABLE = 'an immutability policy or a legal hold protects the blob'

/** What a code means, and what to do where the service's own words do not say it. */
const CODES: Readonly<Record<string, FailureKind | readonly [FailureKind | undefined, string]>> = {
  BlobNotFound: 'missing',
  ResourceNotFound: 'missing',
  ContainerNotFound: 'config',
  ContainerBeingDeleted: 'config',
  ContainerDisabled: 'config',
  AccountIsDisabled: 'config',
  AuthenticationFailed: 'config',
  InvalidAuthenticationInfo: 'config',
  NoAuthenticationInformation: 'config',
  KeyBasedAuthenticationNotPermitted: 'config',
  AccountRequiresHttps: 'config',
  BlobUsesCustomerSpecifiedEncryption: 'config',
  InvalidResourceName: 'name',
  InvalidUri: 'name',
  RequestUrlFailedToParse: 'name',
  PathConflict: 'name',
  ResourceTypeMismatch: 'name',
  DirectoryIsNotEmpty: 'name',
  DirectoryNotEmpty: 'name',
  ServerBusy: 'throttled',
  TooManyRequests: 'throttled',
  SnapshotOperationRateExceeded: 'throttled',
  InternalError: 'unavailable',
  OperationTimedOut: 'unavailable',
  AccountBeingCreated: 'unavailable',
  SystemInUse: 'unavailable',
  PendingCopyOperation: ['unavailable', 'another copy to this blob is pending'],
  // Another commit at the same blob drops blocks that are not its own. An upload of ours is told before.
  InvalidBlockList: ['unavailable', 'another commit dropped the blocks'],
  InsufficientStorage: 'no-space',
  CannotVerifyCopySource: 'permission',
  BlobImmutableDueToPolicy: ['permission', IMMUTABLE],
  BlobImmutableDueToLegalHold: ['permission', IMMUTABLE],
  ContainerHasLegalHold: ['permission', IMMUTABLE],
  ContainerImmutabilityPolicyLocked: ['permission', IMMUTABLE],
  PublicAccessNotPermitted: 'permission',
  BlobArchived: [undefined, 'set another access tier on the archived blob, and try again then'],
  BlobBeingRehydrated: [
    undefined,
    'the blob leaves the archive, which takes hours: try again then',
  ],
  ConditionNotMet: 'precondition',
  TargetConditionNotMet: 'precondition',
  SourceConditionNotMet: 'precondition',
  Md5Mismatch: 'content',
  Crc64Mismatch: 'content',
  ERR_BODY_TOO_LONG: 'content',
  ERR_BODY_ENCODED: 'content',
  NotImplemented: 'unsupported',
  APINotImplemented: 'unsupported',
  FeatureNotSupportedForAccount: 'unsupported',
  REQUEST_SEND_ERROR: 'unavailable',
}

/** Statuses that mean nothing without the service's own code. */
const NEEDS_CODE = new Set([409, 412])

function meaning(error: Native): { kind?: FailureKind | undefined; hint?: string } {
  const code = codeOf(error)
  if (code.startsWith('Lease')) return { kind: 'permission', hint: LEASE }
  if (Object.hasOwn(CODES, code)) {
    const known = CODES[code]
    return typeof known === 'object' ? { kind: known[0], hint: known[1] } : { kind: known }
  }
  const { statusCode = 0 } = error
  // The body of an answer broke off, or is no XML.
  if (code === 'PARSE_ERROR' && statusCode < 300) return { kind: 'unavailable' }
  if (statusCode === 0) return { kind: kindOfNetworkCode(code) }
  if (statusCode < 400) {
    const hint =
      'this is not an answer of Azure Blob Storage: check serviceURL, and proxies on the way'
    return { kind: 'config', hint }
  }
  return { kind: NEEDS_CODE.has(statusCode) ? undefined : kindOfStatus(statusCode) }
}

const CREDENTIAL_ERRORS = /^(CredentialUnavailable|Authentication|AggregateAuthentication)/

/** Turns errors of one driver's requests into Stowage's. */
export class Failures {
  readonly #secrets: () => readonly (string | undefined)[]

  /** @param secrets Keys, signatures and tokens that no error may show. */
  constructor(secrets: () => readonly (string | undefined)[]) {
    this.#secrets = secrets
  }

  /**
   * The error a caller gets for one of the SDK's or of Node.js. Aborts and errors of Stowage stay what they are.
   * The SDK's errors hold the request with its URL and headers: none of it comes along.
   */
  translate(error: unknown, path: string): unknown {
    const native = (error ?? {}) as Native
    if (isStorageError(error) || native.name === 'AbortError') return error
    const scrubber = new Scrubber(() => [...this.#secrets(), ...secretsOf(native.request)])
    if (CREDENTIAL_ERRORS.test(native.name ?? ''))
      return new ConfigError(scrubber.text(native.message))
    const { kind, hint } = meaning(native)
    const code = codeOf(native)
    const message = [wordsOf(native, scrubber), hint].filter(Boolean).join('; ')
    return failureError(
      {
        kind,
        name: code,
        message,
        status: native.statusCode,
        requestId: native.details?.requestId,
      },
      { path, ...operationOf(native.request) },
      scrubber,
    )
  }

  /** A line of the service's words, without secrets. */
  text(words: string): string {
    return new Scrubber(this.#secrets).text(words)
  }

  /** Awaits the promise and translates its error. */
  async translated<T>(promise: Promise<T>, path: string): Promise<T> {
    try {
      return await promise
    } catch (error) {
      throw this.translate(error, path)
    }
  }
}

/** What the service or the network said. Where it was no XML, the SDK says all of it: that is left out. */
function wordsOf(error: Native, scrubber: Scrubber): string {
  if (codeOf(error) === 'PARSE_ERROR')
    return 'the answer is broken, or not in the form of the service'
  // The service adds lines with the request's id and the time, and with wrong keys the text it signed.
  const [line = ''] = (error.message ?? '').split('\n', 1)
  return scrubber.text(line).replace(/\.$/, '')
}

/** What one request carries besides the driver's own secrets: its signature, and those of a copy's source. */
function secretsOf(request: SentRequest | undefined): string[] {
  const header = (name: string): string | undefined => request?.headers?.get(name)
  const urls = [request?.url, header('x-ms-copy-source')]
  return [
    ...authorizationSecrets(header('authorization')),
    ...authorizationSecrets(header('x-ms-copy-source-authorization')),
    ...urls.flatMap((url) => signaturesIn(url)),
  ]
}

/** The signatures in a URL or a SAS, as they are written there and decoded. */
export function signaturesIn(text: string | undefined): string[] {
  const found = /(?:^|[?&])sig=([^&]+)/i.exec(text ?? '')?.[1]
  if (found === undefined) return []
  try {
    return [found, decodeURIComponent(found)]
  } catch {
    return [found]
  }
}
