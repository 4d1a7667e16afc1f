import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, parse, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { compareKeys, driverPackage, registeredDrivers } from '@stowage/core'
import { configError } from './errors.ts'

/** Drivers that come with the command. Imported on first use: most commands need one. */
const BUILT_IN: Readonly<Record<string, () => Promise<unknown>>> = {
  inmemory: () => import('@stowage/driver-inmemory'),
  fs: () => import('@stowage/driver-fs'),
  filesystem: () => import('@stowage/driver-fs'),
}

const NAME = /^[a-z0-9][a-z0-9._-]*$/
/** How a third party's package is called, by custom. */
const THIRD_PARTY = 'stowage-driver-'

/**
 * Makes sure that a driver of that name is registered where it can be: built in, or by its package,
 * looked for from the current directory and then from where the command is installed. A package
 * that is not there is left to core's own message, which names it.
 * @throws CliError where a package is there and does not load or does not register the name.
 */
export async function loadDriver(name: string, cwd: string): Promise<void> {
  if (registeredDrivers().includes(name)) return
  if (BUILT_IN[name]) {
    await BUILT_IN[name]()
    return
  }
  const found = await findDriver(name, cwd)
  if (found === undefined) return
  await importFile(found.entry, found.package)
  if (!registeredDrivers().includes(name)) {
    throw configError(
      `${found.package} is installed but registers no driver '${name}'`,
      `its main module should call register('${name}', ...)`,
    )
  }
}

export interface FoundDriver {
  readonly package: string
  readonly entry: string
}

/** The installed package of a driver, without loading it. */
export async function findDriver(name: string, cwd: string): Promise<FoundDriver | undefined> {
  if (!NAME.test(name)) return undefined
  for (const candidate of new Set([driverPackage(name), `${THIRD_PARTY}${name}`])) {
    for (const from of [cwd, dirname(fileURLToPath(import.meta.url))]) {
      const entry = await resolvePackage(candidate, from)
      if (entry !== undefined) return { package: candidate, entry }
    }
  }
  return undefined
}

/** The names of third parties' drivers that are installed where the current directory sees them. */
export async function installedDrivers(cwd: string): Promise<string[]> {
  const names = new Set<string>()
  for (let at = cwd; ; at = dirname(at)) {
    const entries = await readdir(join(at, 'node_modules')).catch(() => [])
    for (const entry of entries) {
      if (entry.startsWith(THIRD_PARTY)) names.add(entry.slice(THIRD_PARTY.length))
    }
    if (at === parse(at).root) return [...names].sort(compareKeys)
  }
}

/** Built in: no package needs to be looked for. */
export function builtInDrivers(): string[] {
  return Object.keys(BUILT_IN)
}

/**
 * Imports what `--import` names: a file, or a package resolved from the current directory.
 * @throws CliError where it is missing or fails.
 */
export async function importModule(specifier: string, cwd: string): Promise<void> {
  const file = await importedFile(specifier, cwd)
  if (file === undefined) {
    throw configError(`--import ${specifier}: no such package`, `npm install ${specifier}`)
  }
  await importFile(file, specifier)
}

/** The file that `--import` means; undefined for a package that is not there. */
export async function importedFile(specifier: string, cwd: string): Promise<string | undefined> {
  const isFile = /^(\.{0,2}[\\/]|[A-Za-z]:[\\/])/.test(specifier)
  return isFile ? resolve(cwd, specifier) : resolvePackage(specifier, cwd)
}

async function importFile(file: string, what: string): Promise<void> {
  try {
    await import(pathToFileURL(file).href)
  } catch (error) {
    const message = (error as Error | null)?.message ?? String(error)
    throw configError(`${what} could not be loaded: ${message}`, 'reinstall it', error)
  }
}

/**
 * The file that `import name` would load in that directory. Node has no stable call for it: its
 * `require.resolve` does not see a package that exports to `import` only.
 */
export async function resolvePackage(name: string, from: string): Promise<string | undefined> {
  try {
    return createRequire(join(from, 'noop.js')).resolve(name)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined
  }
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name)
    const manifest = await readManifest(folder)
    const target = manifest && importTarget(manifest.exports)
    if (target !== undefined) return join(folder, target)
    if (at === parse(at).root) return undefined
  }
}

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly exports?: unknown
}

export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  } catch {
    return undefined
  }
}

const CONDITIONS = ['node', 'import', 'module-sync', 'default']

/** The main entry of an `exports` field under the conditions of `import`. */
function importTarget(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports
  if (typeof exports !== 'object' || exports === null) return undefined
  for (const [key, value] of Object.entries(exports)) {
    const target = key === '.' || CONDITIONS.includes(key) ? importTarget(value) : undefined
    if (target !== undefined) return target
  }
  return undefined
}
