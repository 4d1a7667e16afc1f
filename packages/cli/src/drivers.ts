import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, parse, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { compareKeys, driverPackage, registeredDrivers } from '@stowage/core'
import { configError } from './errors.ts'
import { foreignPartOfInstallation } from './ownership.ts'

/** Drivers that come with the command. Imported on first use: most commands need one. */
const BUILT_IN: Readonly<Record<string, () => Promise<unknown>>> = {
  inmemory: () => import('@stowage/driver-inmemory'),
  fs: () => import('@stowage/driver-fs'),
  filesystem: () => import('@stowage/driver-fs'),
}

const NAME = /^[a-z0-9][a-z0-9._-]*$/
/** How a third party's package is called, by custom. */
const THIRD_PARTY = 'stowage-driver-'
const OWN = dirname(fileURLToPath(import.meta.url))

/** Where a driver's package may come from. */
export interface DriverSource {
  /** The directory of a configuration that the user trusts: packages are looked for there as well. */
  readonly directory?: string | undefined
  /** The name is the scheme of a URL: no third party's package is imported on such a guess. */
  readonly isScheme: boolean
}

/**
 * Makes sure that a driver of that name is registered where it can be: built in, or by its package, looked
 * for from where the command is installed and then from a trusted configuration's directory. A package
 * that is not there is left to core's own message.
 * @throws CliError where a package is there and does not load, does not register the name, or is not safe to load.
 */
export async function loadDriver(name: string, source: DriverSource): Promise<void> {
  if (registeredDrivers().includes(name)) return
  if (BUILT_IN[name]) {
    await BUILT_IN[name]()
    return
  }
  const found = await findDriver(name, source)
  if (found === undefined) return
  await importFound(found)
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
  /** Where the search met it: the entry's real path may be elsewhere. */
  readonly folder: string | undefined
}

/** The installed package of a driver, without loading it. */
export async function findDriver(
  name: string,
  { directory, isScheme }: DriverSource,
): Promise<FoundDriver | undefined> {
  if (!NAME.test(name)) return undefined
  const ours = driverPackage(name)
  const candidates = new Set([ours, `${THIRD_PARTY}${name}`])
  if (isScheme)
    for (const one of candidates) if (one.startsWith(THIRD_PARTY)) candidates.delete(one)
  for (const candidate of candidates) {
    const found = await findPackage(candidate, directory)
    if (found !== undefined) return found
  }
  return undefined
}

/** An installed package: the one beside the command goes before that of a directory. */
async function findPackage(
  name: string,
  directory: string | undefined,
): Promise<FoundDriver | undefined> {
  for (const from of directory === undefined ? [OWN] : [OWN, directory]) {
    const entry = await resolvePackage(name, from)
    if (entry !== undefined) return { package: name, entry, folder: folderOf(name, from) }
  }
  return undefined
}

/** The folder, or the link to it, by which a package is found from a directory. */
function folderOf(name: string, from: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name)
    if (existsSync(folder)) return folder
    if (at === parse(at).root) return undefined
  }
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
 * Imports what `--import` names: a file, or a package, looked for where the command is installed and then
 * from the current directory.
 * @throws CliError where it is missing, fails, or is not safe to load.
 */
export async function importModule(specifier: string, cwd: string): Promise<void> {
  // Who names a file has chosen it; a package is searched for, up to the root of the disk.
  if (isFile(specifier)) return importFile(resolve(cwd, specifier), specifier)
  const found = await findPackage(specifier, cwd)
  if (found === undefined) {
    throw configError(`--import ${specifier}: no such package`, 'install it, or name a file')
  }
  await importFound(found)
}

/** The file that `--import` means; undefined for a package that is not there. */
export async function importedFile(specifier: string, cwd: string): Promise<string | undefined> {
  return isFile(specifier) ? resolve(cwd, specifier) : (await findPackage(specifier, cwd))?.entry
}

function isFile(specifier: string): boolean {
  return /^(\.{0,2}[\\/]|[A-Za-z]:[\\/])/.test(specifier)
}

/** Imports what was searched for, provided that nobody else can have put it there. */
async function importFound({ package: name, entry, folder = entry }: FoundDriver): Promise<void> {
  const foreign =
    (await foreignPartOfInstallation(folder)) ?? (await foreignPartOfInstallation(entry))
  if (foreign !== undefined) {
    throw configError(`${name} is not loaded: ${foreign}`, 'install it in a directory of your own')
  }
  await importFile(entry, name)
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
