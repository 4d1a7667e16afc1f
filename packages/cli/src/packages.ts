import { dirname, parse } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type DriverSource,
  findDriver,
  importedFile,
  readManifest,
  resolvePackage,
} from './drivers.ts'

/** A package and its version, as its manifest has them. */
export interface PackageAbout {
  readonly name: string
  readonly version: string
}

/** The package that a driver of that name comes from, or else one of the modules of `--import`. */
export async function packageOfDriver(
  name: string,
  source: DriverSource,
  { imports, cwd }: { readonly imports: readonly string[]; readonly cwd: string },
): Promise<PackageAbout | undefined> {
  const entries = [(await findDriver(name, source))?.entry]
  for (const specifier of imports) entries.push(await importedFile(specifier, cwd))
  for (const entry of entries) {
    const about = entry && (await packageAround(entry))
    if (about) return about
  }
  return undefined
}

/** The nearest manifest above a file that has a name and a version. */
async function packageAround(file: string): Promise<PackageAbout | undefined> {
  for (let at = dirname(file); at !== parse(at).root; at = dirname(at)) {
    const { name, version } = (await readManifest(at)) ?? {}
    if (name !== undefined && version !== undefined) return { name, version }
  }
  return undefined
}

/** Versions of Stowage's packages that the command works with, by name. */
export async function ownPackages(): Promise<Record<string, string>> {
  const here = fileURLToPath(import.meta.url)
  const versions: Record<string, string> = {}
  for (const name of ['@stowage/cli', '@stowage/core', '@stowage/testsuite']) {
    const entry = name === '@stowage/cli' ? here : await resolvePackage(name, dirname(here))
    const about = entry && (await packageAround(entry))
    if (about) versions[name] = about.version
  }
  return versions
}
