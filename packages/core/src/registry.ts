import { toStorageDriver } from './checked-driver.ts'
import type { Driver } from './driver-types.ts'
import { ConfigError, InvalidStorageDriverError, isStorageError } from './errors.ts'
import { compareKeys } from './paths.ts'
import { processMap } from './process-map.ts'
import type { StorageDriver } from './storage-driver.ts'
import { INTERFACE_VERSION, versionProblem } from './version.ts'

/**
 * The parameters of each driver by registered name. A driver's package adds its own:
 *
 * ```ts
 * declare module '@stowage/core/driver' {
 *   interface DriverParameters { fs: FsParameters }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: packages merge their declarations into it
export interface DriverParameters {}

/** The name of a registered driver; those whose packages are imported are known to the compiler. */
export type DriverName = keyof DriverParameters | (string & {})

/** The parameters `create` takes for that name: the driver's own type where its package is imported. */
export type ParametersOf<N extends string> = N extends keyof DriverParameters
  ? DriverParameters[N]
  : Record<string, unknown>

/** Makes a driver from parameters as they come from a caller or a configuration file. */
export type DriverFactory = (
  parameters: Readonly<Record<string, unknown>>,
) => Driver | Promise<Driver>

/** What {@link register} takes besides the factory. */
export interface RegisterOptions {
  /** Parameters from a URL whose scheme is the name. Default: the query's values. */
  fromURL?: ((url: URL) => Record<string, unknown>) | undefined
}

export interface Registration extends RegisterOptions {
  readonly factory: DriverFactory
  readonly interfaceVersion: string
}

/** The packages of the drivers that this project publishes. */
const KNOWN_PACKAGES: Readonly<Record<string, string>> = {
  inmemory: '@stowage/driver-inmemory',
  fs: '@stowage/driver-fs',
  filesystem: '@stowage/driver-fs',
  s3: '@stowage/driver-s3',
  s3aws: '@stowage/driver-s3',
  s3_v2: '@stowage/driver-s3',
  azure: '@stowage/driver-azure',
  gcs: '@stowage/driver-gcs',
}

/** Schemes of other tools. No trusted package has these names: never recommend one. */
const SCHEMES_ELSEWHERE: Readonly<Record<string, string>> = {
  file: 'fs',
  local: 'fs',
  gs: 'gcs',
  s3a: 's3',
  s3n: 's3',
  aws: 's3',
  az: 'azure',
  abfs: 'azure',
  abfss: 'azure',
  azblob: 'azure',
  azureblob: 'azure',
  wasb: 'azure',
  wasbs: 'azure',
  mem: 'inmemory',
  memory: 'inmemory',
}

/** One table for the process, whichever copy of core asks. */
const table: Map<string, Registration> = processMap('@stowage/core/drivers')

/**
 * Makes a driver known under a name. A driver's package calls it when it is imported.
 * @throws ConfigError where the name is taken by another factory.
 */
export function register(
  name: string,
  factory: DriverFactory,
  options: RegisterOptions = {},
): void {
  if (typeof factory !== 'function') {
    throw new ConfigError('Must not provide nil StorageDriverFactory')
  }
  const there = table.get(name)
  if (there !== undefined && there.factory !== factory) {
    throw new ConfigError(
      `StorageDriverFactory named ${name} already registered: are two copies of its package installed? (npm ls ${driverPackage(name)})`,
    )
  }
  table.set(name, { ...options, factory, interfaceVersion: INTERFACE_VERSION })
}

/** The names that `create` accepts now. */
export function registeredDrivers(): string[] {
  return [...table.keys()].sort(compareKeys)
}

/** The package to install for a driver of that name: this project's, or a third party's by custom. */
export function driverPackage(name: string): string {
  return (Object.hasOwn(KNOWN_PACKAGES, name) && KNOWN_PACKAGES[name]) || `stowage-driver-${name}`
}

/** Our name of a driver that other tools call by this name, or undefined. */
export function similarDriver(name: string): string | undefined {
  return Object.hasOwn(SCHEMES_ELSEWHERE, name) ? SCHEMES_ELSEWHERE[name] : undefined
}

/** @throws InvalidStorageDriverError, @throws ConfigError where the interface version does not fit. */
export function registration(name: string): Registration {
  const found = table.get(name)
  if (found === undefined) {
    throw new InvalidStorageDriverError(name, { detail: nextStep(name) })
  }
  const problem = versionProblem(found.interfaceVersion)
  if (problem !== undefined) throw new ConfigError(`${name}: ${problem}`)
  return found
}

/**
 * A storage driver by its registered name. No request is made before the first call.
 *
 * @example
 * ```ts
 * import '@stowage/driver-fs'
 * const storage = await create('fs', { rootDirectory: '/var/data' })
 * ```
 * @throws InvalidStorageDriverError where no such driver is registered.
 * @throws ConfigError that lists every parameter that is wrong.
 */
export async function create<N extends DriverName>(
  name: N,
  ...args: Record<never, never> extends ParametersOf<N>
    ? [parameters?: ParametersOf<N> | null]
    : [parameters: ParametersOf<N>]
): Promise<StorageDriver> {
  return createRegistered(name, args[0])
}

/** {@link create} for a name and parameters that only the run knows. */
export async function createRegistered(name: string, given: unknown): Promise<StorageDriver> {
  const { factory } = registration(name)
  const parameters = (given ?? {}) as Record<string, unknown>
  try {
    return toStorageDriver(await factory(parameters), name)
  } catch (error) {
    if (isStorageError(error)) throw error.renameDriver(name)
    throw error
  }
}

function nextStep(name: string): string {
  const meant = similarDriver(name)
  if (meant !== undefined) return `did you mean ${meant}?`
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name))
    return 'a driver has a name of lower-case letters and digits'
  const pack = driverPackage(name)
  const registered = registeredDrivers().join(', ') || 'none'
  return `npm install ${pack}, then import '${pack}'; registered now: ${registered}`
}
