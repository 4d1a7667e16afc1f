import { ConfigError } from '../errors.ts'
import type { MiddlewareEntry } from '../middleware/registry.ts'
import { createRegistered } from '../registry.ts'
import type { StorageDriver } from '../storage-driver.ts'

/** What {@link createFromConfig} takes besides the configuration. */
export interface FromConfigOptions {
  /**
   * Environment variables that override the configuration: `REGISTRY_STORAGE` names the driver,
   * `REGISTRY_STORAGE_<DRIVER>_<PARAMETER>` sets a parameter. Default: none are looked at; hand in
   * `process.env`.
   */
  env?: Readonly<Record<string, string | undefined>> | undefined
}

type Section = Record<string, unknown>

/** Keys of a `storage:` section that are not drivers, in the Go registry. */
const RESERVED = ['maintenance', 'cache', 'delete', 'redirect', 'tag']
const PREFIX = 'REGISTRY_STORAGE'

/**
 * A storage driver from a registry's configuration: the whole of it, its `storage:` section, or only the
 * name of a driver. Parse the file first: core reads no YAML. The section names one driver. The middleware of the whole
 * configuration's `middleware.storage` list is put around it.
 *
 * @throws ConfigError where there is no driver or more than one, or where parameters are wrong.
 * @throws InvalidStorageDriverError where no such driver is registered.
 */
export async function createFromConfig(
  config: unknown,
  { env = {} }: FromConfigOptions = {},
): Promise<StorageDriver> {
  const whole = isMap(config) && 'storage' in config ? config : { storage: config }
  const { name, parameters } = oneDriver(drivers(whole.storage, env))
  const entries = middlewareEntries(whole)
  const driver = await createRegistered(name, parameters)
  if (entries.length === 0) return driver
  try {
    const { applyMiddleware } = await import('../middleware.ts')
    return await applyMiddleware(driver, entries)
  } catch (error) {
    await driver.close().catch(() => {})
    throw error
  }
}

function isMap(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Every driver named, with its parameters. */
function drivers(
  storage: unknown,
  env: NonNullable<FromConfigOptions['env']>,
): Map<string, unknown> {
  const section = env[PREFIX] || storage
  const found = new Map<string, unknown>()
  if (typeof section === 'string') found.set(section, {})
  else if (isMap(section)) {
    for (const [name, parameters] of Object.entries(section)) {
      if (!RESERVED.includes(name)) found.set(name, parameters ?? {})
    }
  } else if (section !== undefined && section !== null) {
    throw new ConfigError('storage is a map of one driver and its parameters, or its name')
  }
  for (const [variable, value] of Object.entries(env)) {
    if (value !== undefined && variable.startsWith(`${PREFIX}_`)) {
      override(found, variable.slice(PREFIX.length + 1).toLowerCase(), value)
    }
  }
  return found
}

/** Sets one parameter. A driver that the configuration does not name is added by its first parameter. */
function override(found: Map<string, unknown>, variable: string, value: string): void {
  const configured = [...found.keys()].find((name) => variable.startsWith(`${name.toLowerCase()}_`))
  const driver = configured ?? variable.split('_', 1)[0] ?? ''
  const parameter = variable.slice(driver.length + 1)
  if (parameter === '' || RESERVED.includes(driver)) return
  const there = found.get(driver) ?? {}
  if (isMap(there)) found.set(driver, withValue(there, parameter, simply(value)))
}

/** The map with one value replaced, in whatever spelling it was there, or in a map inside of it. */
function withValue(map: Section, parameter: string, value: unknown): Section {
  const entries = Object.entries(map)
  const inner = entries.find(
    ([name, old]) => isMap(old) && parameter.startsWith(`${name.toLowerCase()}_`),
  )
  if (inner) {
    const [name, old] = inner
    return { ...map, [name]: withValue(old as Section, parameter.slice(name.length + 1), value) }
  }
  const others = entries.filter(([name]) => name.toLowerCase() !== parameter)
  return Object.fromEntries([...others, [parameter, value]])
}

/** Booleans, canonical numbers and JSON's lists, maps and quoted texts; anything else is text. */
function simply(value: string): unknown {
  if (!/^(true|false|null|-?\d+(\.\d+)?|[[{"].*)$/s.test(value)) return value
  try {
    const parsed: unknown = JSON.parse(value)
    return typeof parsed === 'number' && String(parsed) !== value ? value : parsed
  } catch {
    return value
  }
}

function oneDriver(found: Map<string, unknown>): { name: string; parameters: unknown } {
  const [first, ...others] = found
  if (first === undefined || others.length > 0) {
    throw new ConfigError(
      `must provide exactly one storage type. Provided: [${[...found.keys()].join(' ')}]`,
    )
  }
  return { name: first[0], parameters: first[1] }
}

function middlewareEntries({ middleware }: Section): MiddlewareEntry[] {
  const list = isMap(middleware) ? (middleware.storage ?? []) : []
  const fits = (entry: unknown): boolean => isMap(entry) && typeof entry.name === 'string'
  if (!Array.isArray(list) || !list.every(fits)) {
    throw new ConfigError('middleware.storage is a list of maps, each with a name')
  }
  return list
}
