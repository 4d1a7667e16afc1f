import { ConfigError } from '../errors.ts'
import { compareKeys } from '../paths.ts'
import { processMap } from '../process-map.ts'
import type { StorageDriver } from '../storage-driver.ts'
import { type RedirectMiddlewareOptions, redirect } from './redirect.ts'
import { type RegulatorOptions, regulator } from './regulator.ts'
import { type RewriteOptions, rewrite } from './rewrite.ts'

/**
 * The options of each middleware by name. A package adds its own:
 *
 * ```ts
 * declare module '@stowage/core/middleware' {
 *   interface MiddlewareOptions { cloudfront: CloudFrontOptions }
 * }
 * ```
 */
export interface MiddlewareOptions {
  redirect: RedirectMiddlewareOptions
  rewrite: RewriteOptions
  regulator: RegulatorOptions
}

/** The options of the middleware of that name: its own type where its package is imported. */
export type MiddlewareOptionsOf<N extends string> = N extends keyof MiddlewareOptions
  ? MiddlewareOptions[N]
  : Record<string, unknown>

/**
 * Puts something around a driver. The options are as a caller or a configuration file gives them:
 * to be checked, with a ConfigError that lists every problem.
 */
export type Middleware = (
  driver: StorageDriver,
  options: Readonly<Record<string, unknown>>,
) => StorageDriver | Promise<StorageDriver>

/** One entry of a configuration's `middleware.storage` list. */
export interface MiddlewareEntry<N extends string = string> {
  readonly name: N
  readonly options?: MiddlewareOptionsOf<N> | null | undefined
  /** Leaves this entry out. */
  readonly disabled?: boolean | undefined
}

/** Entries whose options are checked against the name of each. */
export type MiddlewareEntries<N extends readonly string[]> = readonly [
  ...{ readonly [I in keyof N]: MiddlewareEntry<N[I]> },
]

/** One table for the process, whichever copy of core asks. */
const table: Map<string, Middleware> = processMap('@stowage/core/middleware')

/** Known without registration, so that importing core changes nothing. */
const BUILT_IN: ReadonlyMap<string, Middleware> = new Map(
  Object.entries({ redirect, regulator, rewrite }),
)

/**
 * Makes a middleware known under a name.
 * @throws ConfigError where the name is taken by another one.
 */
export function registerMiddleware(name: string, middleware: Middleware): void {
  if (typeof middleware !== 'function') throw new ConfigError('a middleware is a function')
  if (BUILT_IN.has(name) || (table.get(name) ?? middleware) !== middleware) {
    throw new ConfigError(`name already registered: ${name}`)
  }
  table.set(name, middleware)
}

/** The names that {@link applyMiddleware} accepts now. */
export function registeredMiddleware(): string[] {
  return [...new Set([...BUILT_IN.keys(), ...table.keys()])].sort(compareKeys)
}

function find(name: string): Middleware {
  const found = table.get(name) ?? BUILT_IN.get(name)
  if (found !== undefined) return found
  throw new ConfigError(`no storage middleware registered with name: ${name}`, {
    detail: `registered now: ${registeredMiddleware().join(', ')}`,
  })
}

/**
 * Wraps a driver in middleware: the first entry is around the driver, the last one outermost.
 * All names are looked up before the first one runs. Closing the result closes the driver.
 *
 * @throws ConfigError where a name is unknown or options are wrong. The driver stays open then.
 */
export async function applyMiddleware<const N extends readonly string[]>(
  driver: StorageDriver,
  entries: MiddlewareEntries<N>,
): Promise<StorageDriver> {
  const enabled = (entries as readonly MiddlewareEntry[]).filter(({ disabled }) => !disabled)
  const found = enabled.map(({ name }) => find(name))
  let wrapped = driver
  for (const [index, middleware] of found.entries()) {
    wrapped = await middleware(wrapped, enabled[index]?.options ?? {})
  }
  return wrapped
}
