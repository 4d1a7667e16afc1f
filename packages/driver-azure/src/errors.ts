import {
  ConfigError,
  DriverError,
  InvalidPathError,
  isStorageError,
  NoSpaceError,
  PathNotFoundError,
  PermissionError,
  ThrottledError,
  UnavailableError,
  UploadNotFoundError,
} from '@stowage/core'

/** What the SDK's errors have that we read. */
interface Native {
  readonly name?: string
  readonly message?: string
  readonly code?: string
  readonly statusCode?: number
  readonly details?: { readonly errorCode?: string; readonly requestId?: string }
}

/** The service's own word. The reply to HEAD has no body: there it is in a header, which the SDK keeps. */
export function codeOf(error: unknown): string {
  const { code, details } = (error ?? {}) as Native
  return details?.errorCode ?? code ?? ''
}

export function statusOf(error: unknown): number | undefined {
  return ((error ?? {}) as Native).statusCode
}

/** Whether the blob is missing; a missing container is something else. */
export function isNotFound(error: unknown): boolean {
  return ['BlobNotFound', 'ResourceNotFound'].includes(codeOf(error))
}

/** Whether a condition of ours (an ETag, or that nothing is there) was not met. */
export function isConditionFailure(error: unknown): boolean {
  const code = codeOf(error)
  return statusOf(error) === 412 || code === 'BlobAlreadyExists'
}

/** Whether the source of a server-side copy is gone or another one than was asked for. */
export function isSourceGone(error: unknown): boolean {
  const code = codeOf(error)
  if (code === 'CannotVerifyCopySource') return [404, 412].includes(statusOf(error) ?? 0)
  return statusOf(error) === 412 || isNotFound(error)
}

type Make = (text: string, path: string, cause: unknown) => Error

const driverError =
  (Kind: new (text: string, options: object) => Error): Make =>
  (text, path, cause) =>
    new Kind(text, { path, cause })
const config: Make = (text, _path, cause) => new ConfigError(text, { cause })
const invalidPath: Make = (text, path, cause) => new InvalidPathError(path, { detail: text, cause })
const unavailable = driverError(UnavailableError)

/** The service's codes; those left out go by their status. */
const BY_CODE: Readonly<Record<string, Make>> = {
  BlobNotFound: (_text, path, cause) => new PathNotFoundError(path, { cause }),
  ResourceNotFound: (_text, path, cause) => new PathNotFoundError(path, { cause }),
  ContainerNotFound: config,
  ContainerBeingDeleted: config,
  ContainerDisabled: config,
  AccountIsDisabled: config,
  AuthenticationFailed: config,
  InvalidAuthenticationInfo: config,
  NoAuthenticationInformation: config,
  InvalidResourceName: invalidPath,
  InvalidUri: invalidPath,
  PathConflict: invalidPath,
  ResourceTypeMismatch: invalidPath,
  DirectoryIsNotEmpty: invalidPath,
  DirectoryNotEmpty: invalidPath,
  InvalidBlockList: driverError(UploadNotFoundError),
  ServerBusy: driverError(ThrottledError),
  InsufficientStorage: driverError(NoSpaceError),
  CannotVerifyCopySource: driverError(PermissionError),
  // Of Node.js and of the SDK, when there was no reply.
  ECONNREFUSED: unavailable,
  ECONNRESET: unavailable,
  EPIPE: unavailable,
  ETIMEDOUT: unavailable,
  ENOTFOUND: unavailable,
  EAI_AGAIN: unavailable,
  REQUEST_SEND_ERROR: unavailable,
  // The connection broke within the body of a reply, or what came is no XML.
  PARSE_ERROR: unavailable,
}

const BY_STATUS: Readonly<Record<number, Make>> = {
  401: config,
  403: driverError(PermissionError),
  408: unavailable,
  429: driverError(ThrottledError),
  500: unavailable,
  502: unavailable,
  503: driverError(ThrottledError),
  504: unavailable,
  507: driverError(NoSpaceError),
}

/**
 * The error a caller gets for one of the SDK's or of Node.js. Aborts and errors of Stowage stay what
 * they are. What the SDK throws carries the request with its URL and headers, a SAS and a signature
 * among them: it never becomes the cause, a copy of what is harmless does.
 */
export function translate(error: unknown, path: string): unknown {
  const { name = '', statusCode } = (error ?? {}) as Native
  if (isStorageError(error) || name === 'AbortError') return error
  const cause = harmless(error as Native)
  if (/^(CredentialUnavailable|Authentication|AggregateAuthentication)/.test(name)) {
    return config(cause.message, path, cause)
  }
  const code = codeOf(error)
  // Of Node.js, when something else than HTTP came: a server that gives up while it answers.
  const garbled = code.startsWith('HPE_') ? unavailable : undefined
  const make = BY_CODE[code] ?? garbled ?? BY_STATUS[statusCode ?? 0] ?? driverError(DriverError)
  return make(cause.message, path, cause)
}

/** Awaits the promise and translates its error. */
export async function translated<T>(promise: Promise<T>, path: string): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw translate(error, path)
  }
}

const SECRETS = /\b(sig|sktid|skoid|AccountKey|SharedAccessSignature)=[^&;\s"']*/gi

/** What a service that repeats the request may say: a signature, which is valid for minutes, or a token. */
const AUTHORIZATION = /\b(SharedKey(?:Lite)? [\w-]+:|Bearer )[\w+/=.~-]+/gi

function harmless(error: Native): Error {
  const code = codeOf(error)
  // The service adds lines with the request's id and the time, and with wrong keys the text it signed.
  const [line = ''] = (error?.message ?? String(error)).split('\n')
  const said =
    line.replace(SECRETS, '$1=...').replace(AUTHORIZATION, '$1...') ||
    code ||
    `status ${error.statusCode}`
  const status = error?.statusCode === undefined ? '' : ` [${error.statusCode} ${code}]`
  const copy = new Error(said.includes(code) || code === '' ? said : `${said}${status}`)
  return Object.assign(copy, {
    name: error?.name ?? 'Error',
    code,
    statusCode: error?.statusCode,
    requestId: error?.details?.requestId,
  })
}
