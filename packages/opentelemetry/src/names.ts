import type { Attributes } from '@opentelemetry/api'
import type { OperationContext } from '@stowage/core'

/** The Go registry's prefix of span attributes. */
const PREFIX = 'io.cncf.distribution.storage.'

/** A method as the Go registry calls it: `GetContent`, `RedirectURL`, `Writer.Commit`. */
export function actionOf(method: string): string {
  return method.replace(/(?<=^|\.)[a-z]/g, (letter) => letter.toUpperCase())
}

/** The attributes of a span at its start, under the Go registry's names. */
export function startAttributes(operation: OperationContext, paths: boolean): Attributes {
  const { driver, method, path, destination, offset, append, bytes } = operation
  const given = {
    'driver.name': driver,
    ...(paths &&
      (method === 'move' ? { 'source.path': path, 'dest.path': destination } : { path })),
    offset,
    append,
    'content.length': bytes,
  }
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([name, value]) => [PREFIX + name, value]))
}

/** What is known at the end only; the Go registry has none of these. */
export function endAttributes({ method, bytes, entries, outcome }: OperationContext): Attributes {
  const isKnown = method === 'putContent' || method === 'write'
  const found = {
    'stowage.bytes': isKnown ? undefined : bytes,
    'stowage.entries': entries,
    'stowage.outcome': outcome,
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

/** A word for the kind of an error, of which there are few: Stowage's code, Node's, or the class. */
export function errorType(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  if (typeof code === 'string') return code
  return typeof name === 'string' ? name : '_OTHER'
}
