import { access, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { configError } from './errors.ts'

/** A storage: its URL, or a section of one driver's name and its parameters, as a registry has it. */
export type StorageSpec = string | Readonly<Record<string, unknown>>

export interface Configuration {
  /** The file it came from; undefined without one. */
  readonly file: string | undefined
  readonly storages: ReadonlyMap<string, StorageSpec>
  /** The storage that is meant where none is named. */
  readonly default: string | undefined
}

/** The name under which the `storage:` section of a registry's configuration is known. */
export const REGISTRY = 'registry'

const STANDARD_FILE = 'stowage.yml'
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]+$/

/**
 * Reads the configuration: the file given, else `stowage.yml` in the current directory if it exists.
 * @throws CliError that lists all that is wrong with it.
 */
export async function readConfiguration(
  given: string | undefined,
  cwd: string,
): Promise<Configuration> {
  const file = resolve(cwd, given ?? STANDARD_FILE)
  if (given === undefined && !(await exists(file))) {
    return { file: undefined, storages: new Map(), default: undefined }
  }
  const content = parseYAML(file, await readText(file))
  return interpret(file, content)
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const missing = (error as { code?: string }).code === 'ENOENT'
    const what = missing ? 'does not exist' : 'cannot be read'
    throw configError(`configuration file ${file} ${what}`, 'check --config', error)
  }
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

function interpret(file: string, content: unknown): Configuration {
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
    if (!NAME.test(name))
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
  const [only] = storages.size === 1 ? storages.keys() : []
  return { file, storages, default: chosen === undefined ? only : String(chosen) }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
