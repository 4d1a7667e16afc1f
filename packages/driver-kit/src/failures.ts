import {
  ConfigError,
  ContentError,
  DriverError,
  InvalidPathError,
  NoSpaceError,
  PathNotFoundError,
  PermissionError,
  RevisionChangedError,
  ThrottledError,
  UnavailableError,
  UnsupportedMethodError,
  UploadNotFoundError,
} from '@stowage/core/driver'
import type { Scrubber } from './scrubber.ts'

/** What a failed request means for the caller. */
export type FailureKind =
  | 'missing'
  | 'upload-gone'
  | 'precondition'
  | 'config'
  | 'permission'
  | 'throttled'
  | 'unavailable'
  | 'no-space'
  | 'name'
  | 'unsupported'
  | 'content'
  | 'out-of-range'
  | 'part-refused'

/** A failed request, in the service's words. Nothing in it has to be redacted before. */
export interface Failure {
  /** Undefined where only the words are known: the caller gets a DriverError. */
  readonly kind?: FailureKind | undefined
  /** The service's own code, such as `NoSuchKey`, or Node's, such as `ECONNRESET`. */
  readonly name?: unknown
  /** The service's words. */
  readonly message?: unknown
  /** What to do about it, where the service's words do not say it. */
  readonly hint?: string | undefined
  /** HTTP status; left out where there was no answer. */
  readonly status?: number | undefined
  readonly requestId?: unknown
  /** How often the request was sent. */
  readonly attempts?: number | undefined
  /** The request that failed, where the SDK sent several for one call. */
  readonly request?: RequestFacts | undefined
}

/** A request, as far as it decides what a failure means. */
export interface RequestFacts {
  /** The service's name of the operation, such as `PutObject`. */
  readonly operation: string
  /** Whether the request names a key that may be missing. A listing, a write and a batch do not. */
  readonly keyed?: boolean | undefined
  /** Whether the request has a condition, which status 412 may be about. */
  readonly conditional?: boolean | undefined
}

/** The request that failed, and the caller's path. */
export interface FailedRequest extends RequestFacts {
  readonly path: string
}

const NOT_KEYED =
  'the service answers "not found" to a request for which nothing can be missing: check the endpoint, the bucket and the credentials'

/**
 * The error that the caller gets for a failed request, without any secret that the scrubber knows or recognizes.
 * `missing` is PathNotFoundError only where `keyed` is true; elsewhere it is ConfigError, because an empty or missing
 * directory must never be the answer to "could not tell".
 */
export function failureError(failure: Failure, about: FailedRequest, scrubber: Scrubber): Error {
  const said = scrubber.text(failure.message)
  const name = scrubber.code(failure.name)
  const requestId = scrubber.id(failure.requestId)
  const { status, attempts = 1 } = failure
  const { operation, keyed = false } = failure.request ?? about
  const facts = [
    status !== undefined && status > 0 && `status ${status}`,
    requestId && `request ${requestId}`,
    attempts > 1 && `${attempts} attempts`,
  ].filter(Boolean)
  const words = [name, said !== name && said].filter(Boolean).join(': ') || 'failed'
  const hint = failure.hint === undefined ? '' : `; ${failure.hint}`
  const text = `${operation}: ${words}${hint}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`
  const cause = Object.assign(new Error(said), { name: name ?? 'Error', status, requestId })
  const error = make(failure.kind, text, { path: about.path, keyed }, cause)
  failures.set(error, failure)
  return error
}

const failures = new WeakMap<object, Failure>()

/**
 * The failure behind one of Stowage's errors, or undefined where it is not of a request. Only for a driver's own
 * decisions: its words may hold secrets.
 */
export function failureOf(error: unknown): Failure | undefined {
  return typeof error === 'object' && error !== null ? failures.get(error) : undefined
}

function make(
  kind: FailureKind | undefined,
  text: string,
  { path, keyed }: { readonly path: string; readonly keyed: boolean },
  cause: Error,
): Error {
  const options = { path, cause }
  switch (kind) {
    case 'missing':
      return keyed
        ? new PathNotFoundError(path, { cause })
        : new ConfigError(text, { cause, detail: NOT_KEYED })
    case 'upload-gone':
      return new UploadNotFoundError(text, options)
    case 'precondition':
      return new RevisionChangedError(text, options)
    case 'config':
      return new ConfigError(text, { cause })
    case 'permission':
      return new PermissionError(text, options)
    case 'throttled':
      return new ThrottledError(text, options)
    case 'unavailable':
      return new UnavailableError(text, options)
    case 'no-space':
      return new NoSpaceError(text, options)
    case 'name':
      return new InvalidPathError(path, { cause, detail: text })
    case 'unsupported':
      return new UnsupportedMethodError({ ...options, detail: text })
    case 'content':
      return new ContentError(text, options)
    default:
      return new DriverError(text, options)
  }
}

/** What the words and statuses of a service mean. */
export interface FailureTable {
  /** The service's own codes, by what they mean. `unknown`: nothing better is known. */
  readonly names: Readonly<Partial<Record<FailureKind | 'unknown', readonly string[]>>>
  /** Statuses without a code of the service that mean something else than with {@link kindOfStatus}. */
  readonly statuses?: Readonly<Record<number, FailureKind | 'unknown'>> | undefined
}

/** What {@link failureTable} looks up. */
interface Told {
  /** The service's code, or that of Node.js. */
  readonly name?: unknown
  /** Node's code of a connection that failed, where it is not the name. */
  readonly code?: unknown
  /** 0 or undefined where no answer came. */
  readonly status?: number | undefined
  readonly conditional?: boolean | undefined
}

/** Makes the lookup in a service's table: by the code, else by the status, else by Node's code of a connection. */
export function failureTable({
  names,
  statuses = {},
}: FailureTable): (told: Told) => FailureKind | undefined {
  const kinds = new Map<unknown, string>(
    Object.entries(names).flatMap(([kind, codes]) => codes.map((code) => [code, kind])),
  )
  return ({ name, code = name, status = 0, conditional }) => {
    const known = kinds.get(name) ?? statuses[status]
    if (known !== undefined) return known === 'unknown' ? undefined : (known as FailureKind)
    return status < 300 ? kindOfNetworkCode(code) : kindOfStatus(status, conditional)
  }
}

const BY_STATUS: Readonly<Record<number, FailureKind>> = {
  401: 'config',
  403: 'permission',
  404: 'config',
  405: 'unsupported',
  407: 'config',
  408: 'unavailable',
  416: 'out-of-range',
  429: 'throttled',
  501: 'unsupported',
  507: 'no-space',
}

/**
 * What a status means where the service gives no code of its own. 404 is `config`: without the service's own code,
 * anything on the way may have said it. 412 is `precondition` only where the request had a condition.
 */
export function kindOfStatus(status: number, conditional = false): FailureKind | undefined {
  if (status === 412) return conditional ? 'precondition' : undefined
  if (status >= 300 && status < 400) return 'config'
  return BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : undefined)
}

/**
 * Codes of Node.js and of undici for connections that failed or broke, for answers that are not HTTP (`HPE_`), and for
 * a process that has no file handle left for a socket (`EMFILE`, `ENFILE`).
 */
const NETWORK =
  /^(?:E(?:CONN|PIPE|HOST|NET|AI_AGAIN|TIMEDOUT|NOTFOUND|PROTO|MFILE|NFILE)|ERR_STREAM_PREMATURE|UND_ERR|HPE_)/

/** `unavailable` for the code of a connection that failed, undefined for any other. */
export function kindOfNetworkCode(code: unknown): FailureKind | undefined {
  return typeof code === 'string' && NETWORK.test(code) ? 'unavailable' : undefined
}
