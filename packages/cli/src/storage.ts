import { dirname } from 'node:path'
import { create, createFromURL, isStorageError, type StorageDriver } from '@stowage/core'
import { createFromConfig } from '@stowage/core/config'
import {
  type Configuration,
  REGISTRY,
  readConfiguration,
  STORAGE_NAME,
  type StorageSpec,
} from './config.ts'
import { type DriverSource, importModule, loadDriver } from './drivers.ts'
import { configError, usageError } from './errors.ts'
import type { Redactor } from './redact.ts'

export interface StoragesOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly redactor: Redactor
  /** `--storage`: the one that is meant where a location names none. */
  readonly storage: string | undefined
  /** `--config`. */
  readonly config: string | undefined
  /** `--import`: modules that register drivers. */
  readonly imports: readonly string[]
}

/** A storage and the name it goes by, which is the URL where it has none. */
export interface NamedSpec {
  readonly name: string
  readonly spec: StorageSpec
  /** Of the configuration that names it: drivers are looked for there as well. */
  readonly directory?: string | undefined
}

/** Opens storages by what was typed, each once, and closes them all. */
export class Storages {
  readonly #options: StoragesOptions
  readonly #open = new Map<string, Promise<StorageDriver>>()
  #configuration: Promise<Configuration> | undefined
  #imported: Promise<void> | undefined

  constructor(options: StoragesOptions) {
    this.#options = options
  }

  /**
   * The storage of a URL or of a name in the configuration; without either, the default one.
   * @throws CliError where none is meant, or its driver cannot be loaded.
   */
  async open(typed?: string): Promise<StorageDriver> {
    const which = typed ?? (await this.#default())
    return this.#once(which, async () => this.openSpec(await this.resolve(which)))
  }

  /** What the configuration, or the URL itself, says about a storage. Its secrets are noted. */
  async resolve(typed?: string): Promise<NamedSpec> {
    const which = typed ?? (await this.#default())
    const named = (await this.#named(which)) ?? { name: which, spec: which }
    const { name, spec } = named
    const { redactor, env } = this.#options
    if (typeof spec === 'string') redactor.learnURL(spec)
    else redactor.learn(spec)
    if (name === REGISTRY) redactor.learn(registryVariables(env))
    return named
  }

  /** What the configuration says about it. It is not asked for what can only be a URL. */
  async #named(which: string): Promise<NamedSpec | undefined> {
    const name = which.replace(/:$/, '')
    if (!STORAGE_NAME.test(name)) return undefined
    const configuration = await this.#configured()
    const spec = configuration.storages.get(name)
    if (spec !== undefined) {
      const { file } = configuration
      return { name, spec, directory: file === undefined ? undefined : dirname(file) }
    }
    if (!which.includes(':')) throw unknownName(which, configuration)
    return undefined
  }

  /** Opens another instance, which the caller closes. */
  async openSpec({ name, spec, directory }: NamedSpec): Promise<StorageDriver> {
    await this.import()
    const source = { directory, isScheme: typeof spec === 'string' }
    if (typeof spec === 'string') return withDriver(source, () => createFromURL(spec))
    // Only a registry's own section is overridden by a registry's environment. Its middleware is left
    // out, as its own command-line tools do: it is about clients that download.
    const overrides = name === REGISTRY ? { env: this.#options.env } : {}
    return withDriver(source, () => createFromConfig({ storage: spec }, overrides))
  }

  /** A directory of this machine as a storage. */
  async openLocal(directory: string): Promise<StorageDriver> {
    return this.#once(`./${directory}`, async () => {
      await loadDriver('fs', { isScheme: false })
      return create('fs', { rootDirectory: directory, durability: 'file' })
    })
  }

  /** What `--import` named. */
  get imports(): readonly string[] {
    return this.#options.imports
  }

  /** Runs `--import`, once. */
  import(): Promise<void> {
    this.#imported ??= (async () => {
      for (const specifier of this.#options.imports) {
        await importModule(specifier, this.#options.cwd)
      }
    })()
    return this.#imported
  }

  async close(): Promise<void> {
    const all = await Promise.allSettled(this.#open.values())
    for (const result of all) {
      if (result.status === 'fulfilled') await result.value.close()
    }
  }

  #once(key: string, make: () => Promise<StorageDriver>): Promise<StorageDriver> {
    const there = this.#open.get(key)
    if (there) return there
    const made = make()
    this.#open.set(key, made)
    return made
  }

  async #default(): Promise<string> {
    const { storage, env } = this.#options
    const which = storage ?? (env.STOWAGE_STORAGE || undefined)
    const chosen = which ?? (await this.#configured()).default
    if (chosen !== undefined) return chosen
    throw usageError(
      'no storage is named',
      'give a URL such as fs:///var/data#/path, or --storage URL, or set STOWAGE_STORAGE',
    )
  }

  #configured(): Promise<Configuration> {
    const { config, env, cwd } = this.#options
    this.#configuration ??= readConfiguration(config ?? (env.STOWAGE_CONFIG || undefined), {
      cwd,
      env,
    })
    return this.#configuration
  }
}

/** Opens, and where the driver is not registered loads its package and tries again. */
async function withDriver(
  source: DriverSource,
  open: () => Promise<StorageDriver>,
): Promise<StorageDriver> {
  try {
    return await open()
  } catch (error) {
    if (!isStorageError(error, 'UNKNOWN_DRIVER')) throw error
    await loadDriver((error as { driverName?: string }).driverName ?? '', source)
    return open()
  }
}

function registryVariables(env: Readonly<Record<string, string | undefined>>): object {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => name.startsWith('REGISTRY_STORAGE_')),
  )
}

function unknownName(name: string, { file, storages }: Configuration): Error {
  const known = [...storages.keys()].join(', ')
  const where = file === undefined ? 'there is no configuration file' : `${file} has ${known}`
  return configError(
    `no storage is named '${name}': ${where}`,
    `a URL of a storage has a scheme, as in fs:///${name}`,
  )
}
