import { getSystemErrorMessage } from 'node:util'
import {
  driverPackage,
  type InvalidStorageDriverError,
  isStorageError,
  parentOf,
  type StorageErrorCode,
  similarDriver,
} from '@stowage/core'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { printable } from './text.ts'

/** An error of the command itself: what is wrong, what to do next, and the exit code. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: string
  readonly exitCode: ExitCode
  readonly hint: string | undefined

  constructor(code: string, exitCode: ExitCode, message: string, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.exitCode = exitCode
    this.hint = hint
  }
}

/** Wrong arguments. The hint says what would be right. */
export function usageError(message: string, hint: string): CliError {
  return new CliError('USAGE', EXIT.usage, message, hint)
}

/** A configuration that cannot be used. */
export function configError(message: string, hint: string, cause?: unknown): CliError {
  return new CliError('CONFIG', EXIT.config, message, hint, cause)
}

/** The user has stopped the command. */
export function interruption(signal: 'SIGINT' | 'SIGTERM'): CliError {
  const next = 'run the same command again to go on where it stopped'
  return signal === 'SIGINT'
    ? new CliError('INTERRUPTED', EXIT.interrupted, 'interrupted', next)
    : new CliError('TERMINATED', EXIT.terminated, 'terminated', next)
}

/** What is told about an error: one line for people, an object for `--json`. */
export interface Description {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
  readonly exitCode: ExitCode
  readonly path?: string | undefined
  /** The file as the user would type it, where one of many failed. */
  readonly file?: string | undefined
  readonly driver?: string | undefined
  readonly retryable?: boolean | undefined
}

type Advice = readonly [exitCode: ExitCode, hint: string | ((path: string) => string) | undefined]

const lookInParent = (path: string): string => `see what is in ${parentOf(path)} with stowage ls`

/** Exit code and next step for each cause. */
const ADVICE: Readonly<Record<StorageErrorCode, Advice>> = {
  PATH_NOT_FOUND: [
    EXIT.notFound,
    (path) => (path.startsWith('/') ? lookInParent(path) : 'check the name'),
  ],
  INVALID_PATH: [EXIT.usage, 'end a destination with / to keep the name beneath it'],
  INVALID_OFFSET: [EXIT.usage, 'see the size with stowage stat'],
  UNSUPPORTED_METHOD: [EXIT.failed, 'this storage cannot do it; see its README'],
  WRITER_STATE: [EXIT.failed, 'run the command again'],
  CLOSED: [EXIT.failed, 'run the command again'],
  CONFIG: [EXIT.config, 'correct the storage URL or configuration'],
  UNKNOWN_DRIVER: [EXIT.config, undefined],
  PERMISSION_DENIED: [EXIT.config, 'check the credentials and what they allow'],
  THROTTLED: [EXIT.failed, 'try again, with a lower --concurrency'],
  UNAVAILABLE: [EXIT.failed, 'check the network and the endpoint, then run it again'],
  NO_SPACE: [EXIT.failed, 'free some space, then run it again'],
  UPLOAD_NOT_FOUND: [EXIT.failed, 'run the command again; it starts that file anew'],
  REVISION_CHANGED: [EXIT.failed, 'look at it, then run the command again'],
  CONTENT: [EXIT.failed, 'run the command again; compare with stowage verify'],
  DRIVER: [EXIT.failed, 'run it with --debug to see the cause'],
  MULTIPLE: [EXIT.partial, 'the rest is done; run it again for these'],
}

const SYSTEM: Readonly<Record<string, Advice>> = {
  ENOENT: [EXIT.notFound, 'check the name'],
  ENOTDIR: [EXIT.notFound, 'check the name'],
  EACCES: [EXIT.config, 'check who may read and write there'],
  EPERM: [EXIT.config, 'check who may read and write there'],
  EISDIR: [EXIT.usage, 'name a file, or add -r for a directory'],
  ENOSPC: [EXIT.failed, 'free some space, then run it again'],
}

interface SystemError extends Error {
  readonly code: string
  readonly errno: number
  readonly path?: string
}

function isSystemError(error: unknown): error is SystemError {
  const { code, errno } = (error ?? {}) as Partial<SystemError>
  return typeof code === 'string' && typeof errno === 'number'
}

function isCliError(error: unknown): error is CliError {
  return (error as Partial<CliError> | null)?.name === 'CliError'
}

/** What to tell about any error. A secret that the error carries is the redactor's business. */
export function describe(error: unknown): Description {
  if (isCliError(error)) {
    const { code, message, hint, exitCode } = error
    return { code, message: oneLine(message), hint, exitCode }
  }
  if (isStorageError(error, 'UNKNOWN_DRIVER'))
    return unknownDriver(error as unknown as InvalidStorageDriverError)
  if (isStorageError(error)) {
    const { code, path, driver, retryable } = error
    const [exitCode, hint] = ADVICE[code] ?? ADVICE.DRIVER
    return {
      code,
      message: oneLine(error.message),
      hint: typeof hint === 'function' ? hint(path ?? '') : hint,
      exitCode,
      path,
      driver: driver === '' ? undefined : driver,
      retryable,
    }
  }
  if (isSystemError(error) && (error as { syscall?: string }).syscall === 'uv_cwd') {
    const message = 'the working directory does not exist any more'
    return { code: error.code, message, hint: 'change to another one', exitCode: EXIT.notFound }
  }
  if (isSystemError(error)) {
    const [exitCode, hint] = SYSTEM[error.code] ?? [EXIT.failed, 'run it with --debug']
    const where = error.path === undefined ? '' : `${error.path}: `
    const message = printable(`${where}${getSystemErrorMessage(error.errno)}`)
    return { code: error.code, message, hint: hint as string, exitCode, path: error.path }
  }
  const message = oneLine((error as Error | null)?.message || String(error))
  return { code: 'UNEXPECTED', message, hint: 'run it with --debug and report it', exitCode: 1 }
}

/** Core's words are for programs, which import what they install; the command loads drivers by itself. */
function unknownDriver({ code, driverName: name }: InvalidStorageDriverError): Description {
  const message = `StorageDriver not registered: ${name}`
  return { code, message, hint: driverHint(name), exitCode: EXIT.config }
}

function driverHint(name: string): string {
  const meant = similarDriver(name)
  if (meant !== undefined) return `did you mean ${meant}?`
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) {
    return 'a driver has a name of lower-case letters and digits'
  }
  const pack = driverPackage(name)
  return pack.startsWith('@stowage/')
    ? `npm install --global ${pack}, or load the one of this directory with --import ${pack}`
    : 'load its package or file with --import (stowage drivers lists what is here)'
}

/** `stowage: <what>; <what to do next>`. */
export function errorLine({ message, hint }: Description): string {
  return printable(hint === undefined ? `stowage: ${message}` : `stowage: ${message}; ${hint}`)
}

/** Stack and causes, for `--debug`. */
export function trace(error: unknown): string {
  const lines: string[] = []
  const seen = new Set<unknown>()
  for (let at = error; at !== undefined && at !== null && !seen.has(at); ) {
    seen.add(at)
    const {
      stack,
      message = '',
      cause,
    } = at as { stack?: string; message?: string; cause?: unknown }
    // A line break in a name must not begin a line of its own.
    const text = (stack ?? String(at)).replace(message, () => oneLine(message))
    lines.push(`${lines.length > 0 ? 'caused by: ' : ''}${text}`)
    at = cause
  }
  return lines.flatMap((text) => text.split('\n').map(printable)).join('\n')
}

function oneLine(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return printable(lines.join('; '))
}
