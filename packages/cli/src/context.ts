import type { Readable, Writable } from 'node:stream'
import { describe, errorLine, trace } from './errors.ts'
import type { Output } from './output.ts'
import type { Redactor } from './redact.ts'
import type { Storages } from './storage.ts'

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

/** The lines that tell of an error on stderr, without secrets. */
export function errorText(
  error: unknown,
  { json, debug, redactor }: Pick<Context, 'json' | 'debug' | 'redactor'>,
): string {
  const about = describe(error)
  const { exitCode, ...rest } = about
  const first = json ? JSON.stringify({ type: 'error', ...rest, exitCode }) : errorLine(about)
  return redactor.redact(debug ? `${first}\n${trace(error)}` : first)
}
