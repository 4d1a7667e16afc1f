import { constants } from 'node:fs'
import { open, readFile, realpath } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { configError } from './errors.ts'
import { foreignPart } from './ownership.ts'
import { type Env, trustIn, userDirectory } from './trust.ts'

/** A storage: its URL, or a section of one driver's name and its parameters, as a registry has it. */
export type StorageSpec = string | Readonly<Record<string, unknown>>

export interface Configuration {
  /** The file it came from; undefined without one. */
  readonly file: string | undefined
  /** It lay in the working directory, which the user trusts; nobody has named it. */
  readonly found: boolean
  readonly storages: ReadonlyMap<string, StorageSpec>
  /** The storage that is meant where none is named. */
  readonly default: string | undefined
}

/** The name under which the `storage:` section of a registry's configuration is known. */
export const REGISTRY = 'registry'

const STANDARD_FILE = 'stowage.yml'
const MAX_BYTES = 1024 * 1024
/** What a storage may be called: no URL with more than a scheme looks like it. */
export const STORAGE_NAME: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]+$/

/**
 * Reads the configuration: the file given, else `stowage.yml` of the current directory where the user has
 * trusted it, else that of the user's own directory.
 * @throws CliError that lists all that is wrong with it, or says how to trust a file that is not trusted.
 */
export async function readConfiguration(
  given: string | undefined,
  { cwd, env }: Place,
): Promise<Configuration> {
  if (given !== undefined) {
    return interpret(await readNamed(resolve(cwd, given)), false)
  }
  const here = await readIfThere(join(cwd, STANDARD_FILE))
  if (here !== undefined) {
    await mustBeTrusted(here, env)
    return interpret(here, true)
  }
  const own = await readIfThere(join(userDirectory(env), STANDARD_FILE))
  if (own === undefined) {
    return { file: undefined, found: false, storages: new Map(), default: undefined }
  }
  await mustBeOurs(own.file)
  return interpret(own, false)
}

/** Where the command runs. */
export interface Place {
  readonly cwd: string
  readonly env: Env
}

/** A configuration file as it was read: what is checked is what is used. */
export interface ReadFile {
  readonly file: string
  readonly content: Buffer
}

/** The `stowage.yml` of a directory. @throws CliError where there is none. */
export async function readStandardFile(directory: string): Promise<ReadFile> {
  const file = join(directory, STANDARD_FILE)
  const found = await readIfThere(file)
  if (found !== undefined) return found
  throw configError(`configuration file ${file} does not exist`, 'check the name')
}

/** What the user has named may be a pipe, too. */
async function readNamed(file: string): Promise<ReadFile> {
  try {
    return { file, content: await readFile(file) }
  } catch (error) {
    const missing = (error as { code?: string }).code === 'ENOENT'
    const what = missing ? 'does not exist' : 'cannot be read'
    throw configError(`configuration file ${file} ${what}`, 'check --config', error)
  }
}

async function readIfThere(file: string): Promise<ReadFile | undefined> {
  try {
    const real = await realpath(file)
    // A pipe would be waited for, for ever.
    const handle = await open(real, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const info = await handle.stat()
      if (!info.isFile()) throw configError(`${file} is no regular file`, 'check the name')
      if (info.size > MAX_BYTES) throw configError(`${file} is larger than 1 MiB`, 'check the name')
      return { file: real, content: await handle.readFile() }
    } finally {
      await handle.close()
    }
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (name === 'CliError') throw error
    throw configError(
      `configuration file ${file} cannot be read (${code})`,
      'check --config',
      error,
    )
  }
}

/** A file that merely lies in the working directory may be anybody's. */
async function mustBeTrusted({ file, content }: ReadFile, env: Env): Promise<void> {
  await mustBeOurs(file)
  const state = await trustIn(file, content, env)
  if (state === 'trusted') return
  const why =
    state === 'changed' ? 'it has changed since you trusted it' : 'you have not trusted it'
  throw configError(
    `${file} is not used: ${why}`,
    `read it, then run: stowage trust ${dirname(file)} (or name it with --config ${file})`,
  )
}

async function mustBeOurs(file: string): Promise<void> {
  const foreign = await foreignPart(file)
  if (foreign === undefined) return
  throw configError(
    `${file} is not used: ${foreign}`,
    `if you trust who can change it, name it with --config ${file}`,
  )
}

function parseYAML(file: string, text: string): unknown {
  try {
    return parse(text, { merge: true })
  } catch (error) {
    // Only the first line: the rest shows the source, which may hold credentials.
    const [what] = (error as Error).message.split('\n')
    throw configError(`${file} is not valid YAML: ${what?.replace(/:$/, '')}`, 'correct the file')
  }
}

/** What a configuration says. @throws CliError that lists all that is wrong with it. */
export function interpret({ file, content: bytes }: ReadFile, found: boolean): Configuration {
  const content = parseYAML(file, bytes.toString())
  const problems: string[] = []
  const top = isMap(content) ? content : {}
  if (!isMap(content)) problems.push('the file is no map of names and values')
  const storages = new Map<string, StorageSpec>()
  if (top.storage !== undefined) {
    if (typeof top.storage === 'string') storages.set(REGISTRY, { [top.storage]: null })
    else if (isMap(top.storage)) storages.set(REGISTRY, top.storage)
    else problems.push('storage is no map of a driver and its parameters')
  }
  if (top.storages !== undefined && !isMap(top.storages)) problems.push('storages is no map')
  for (const [name, spec] of Object.entries(isMap(top.storages) ? top.storages : {})) {
    if (!STORAGE_NAME.test(name))
      problems.push(`'${name}' is no storage name (two or more of A-Za-z0-9._-)`)
    else if (storages.has(name)) problems.push(`there are two storages named ${name}`)
    else if (typeof spec === 'string' || isMap(spec)) storages.set(name, spec)
    else problems.push(`${name} is neither a URL nor a driver with parameters`)
  }
  if (isMap(content) && storages.size === 0 && problems.length === 0) {
    problems.push('it names no storage')
  }
  const chosen = top.default
  if (chosen !== undefined && !storages.has(String(chosen))) {
    problems.push(
      `default names ${String(chosen)}, but there is ${[...storages.keys()].join(', ')}`,
    )
  }
  if (problems.length > 0) {
    throw configError(`${file}: ${problems.join('; ')}`, 'see stowage help configuration')
  }
  if (found) for (const [name, spec] of storages) storages.set(name, withPlainKeys(spec))
  const [only] = storages.size === 1 ? storages.keys() : []
  return { file, found, storages, default: chosen === undefined ? only : String(chosen) }
}

/**
 * Of a file that nobody has named, credentials may be a service account's key: other kinds say which files
 * to read and which addresses to send them to.
 */
function withPlainKeys(spec: StorageSpec): StorageSpec {
  if (typeof spec !== 'string') {
    const { gcs, ...others } = spec
    if (gcs === undefined) return spec
    const kept = Object.entries(isMap(gcs) ? gcs : {}).filter(([name]) => !isKindOfKey(name))
    return { ...others, gcs: { ...Object.fromEntries(kept), ...PLAIN_KEYS } }
  }
  if (!/^gcs:/i.test(spec) || !URL.canParse(spec)) return spec
  const url = new URL(spec)
  for (const name of [...url.searchParams.keys()]) {
    if (isKindOfKey(name)) url.searchParams.delete(name)
  }
  for (const [name, value] of Object.entries(PLAIN_KEYS)) url.searchParams.set(name, value)
  return url.href
}

const PLAIN_KEYS = { credentialsType: 'service_account' }

function isKindOfKey(parameter: string): boolean {
  return /^credentials_?type$/i.test(parameter)
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
