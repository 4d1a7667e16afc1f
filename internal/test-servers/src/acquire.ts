// Decides which servers of a kind take part: given ones, found ones, and those that may be installed.
import type { Program } from './catalog.ts'
import { type Found, find, isFound } from './find.ts'
import { install } from './install.ts'
import { type Kind, note } from './server.ts'

/**
 * What may be installed into the cache: `none`; `minimum`, one server of a kind where there is none; or `all`.
 * Nothing ever needs root.
 */
export type InstallPolicy = 'none' | 'minimum' | 'all'

export interface FindOptions {
  /** Default: what `STOWAGE_TEST_INSTALL` says, else `none`. */
  readonly install?: InstallPolicy
  /** Only servers with these names; `STOWAGE_TEST_SERVERS` restricts further. */
  readonly names?: readonly string[]
}

/** The policy that `STOWAGE_TEST_INSTALL` asks for. */
export function installPolicy(fallback: InstallPolicy = 'none'): InstallPolicy {
  const asked = process.env.STOWAGE_TEST_INSTALL
  if (asked === undefined || asked === '') return fallback
  if (asked === 'none' || asked === 'minimum' || asked === 'all') return asked
  throw new Error(`STOWAGE_TEST_INSTALL is ${asked}; it must be none, minimum or all`)
}

/** Whether `STOWAGE_TEST_SERVERS`, a comma-separated list of names or empty for all, lets a server take part. */
export function wanted(name: string, names?: readonly string[]): boolean {
  if (names && !names.includes(name)) return false
  const list = (process.env.STOWAGE_TEST_SERVERS ?? '').split(',').map((item) => item.trim())
  return list.every((item) => item === '') || list.includes(name)
}

/** The programs that can be started, in the given order; the others are noted for the report. */
export async function acquire(
  kind: Kind,
  candidates: readonly Program[],
  options: FindOptions,
): Promise<ReadonlyMap<Program, Found>> {
  const policy = options.install ?? installPolicy()
  const programs = candidates.filter(({ name }) => wanted(name, options.names))
  const results = new Map(
    await Promise.all(programs.map(async (program) => [program, await find(program)] as const)),
  )
  for (const [program, result] of results) {
    if (isFound(result) || policy === 'none') continue
    if (policy === 'minimum' && [...results.values()].some(isFound)) break
    results.set(program, await install(program, (line) => console.error(`test servers: ${line}`)))
  }
  const found = new Map<Program, Found>()
  for (const [program, result] of results) {
    const { name } = program
    if (isFound(result)) {
      found.set(program, result)
      note({ kind, name, version: result.version, state: 'idle', detail: 'no test started it' })
    } else {
      const detail = `${result.reason}; to install: ${result.remedy}`
      note({ kind, name, state: 'missing', detail })
    }
  }
  return found
}
