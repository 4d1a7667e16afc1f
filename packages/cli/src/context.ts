import type { Readable, Writable } from 'node:stream'
import { type Description, describe, errorLine, trace } from './errors.ts'
import type { Output } from './output.ts'
import type { Redactor } from './redact.ts'
import type { Storages } from './storage.ts'
import { jsonLine, printable } from './text.ts'

/** What the command has of the process; tests can hand in their own. */
export interface Environment {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Aborted by Ctrl-C: transfers stop and keep what can be resumed. */
  readonly signal: AbortSignal
}

/** What every command works with. */
export interface Context extends Environment {
  readonly out: Output
  readonly storages: Storages
  readonly redactor: Redactor
  readonly json: boolean
  readonly quiet: boolean
  readonly debug: boolean
  readonly concurrency: number
}

/**
 * The lines that tell of an error on stderr, without secrets and escape sequences.
 * @param file that it is about, as the user would type it. The message names it.
 */
export function errorText(
  error: unknown,
  { json, debug, redactor }: Pick<Context, 'json' | 'debug' | 'redactor'>,
  file?: string,
): string {
  const about = named(describe(error), file)
  const { exitCode, ...rest } = about
  const first = json ? jsonLine({ type: 'error', ...rest, exitCode }) : errorLine(about)
  return redactor.redact(debug ? `${first}\n${trace(error)}` : first)
}

function named(about: Description, file: string | undefined): Description {
  if (file === undefined || about.message.includes(printable(file))) return about
  return { ...about, message: `${printable(file)}: ${about.message}`, file }
}
