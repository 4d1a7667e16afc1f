import { lstat, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { baseName, type FileInfo, joinPath, type StorageDriver } from '@stowage/core'
import type { Context } from './context.ts'
import { CliError, usageError } from './errors.ts'
import { EXIT } from './exit-codes.ts'
import {
  type LocalLocation,
  type Location,
  parseLocal,
  parseLocation,
  type StorageLocation,
} from './location.ts'

/** One end of an operation: a storage, or a local directory seen as one, and a path in it. */
export interface Endpoint {
  readonly storage: StorageDriver
  readonly path: string
  /** A path of this end as the user would type it. */
  show(path: string): string
}

/** An end that exists. */
export interface Source extends Endpoint {
  readonly info: FileInfo
  /** The name that a destination with a final slash keeps; undefined for a root, `.` and `..`. */
  readonly name: string | undefined
  /** The directory of this machine that it is, if it is one. */
  readonly directory?: string | undefined
}

/** Where an argument may name a storage only, and is read or removed. @throws CliError where its root is missing. */
export async function openStorageEndpoint(
  context: Context,
  text: string | undefined,
): Promise<Endpoint> {
  const end = await openStorageTarget(context, text)
  await mustExist(context, end)
  return end
}

/** Where an argument may name a storage only; nothing needs to be there. */
export async function openStorageTarget(
  context: Context,
  text: string | undefined,
): Promise<Endpoint> {
  const location = text === undefined ? root() : parseLocation(text, context.cwd)
  if (location.kind === 'storage') return storageEndpoint(context, location)
  const directory =
    location.kind === 'local' ? pathToFileURL(location.file).href.replace(/^file/, 'fs') : undefined
  throw usageError(
    `'${text}' is not in a storage`,
    directory === undefined
      ? 'write /path with --storage, name:/path, or a URL such as fs:///var/data#/path'
      : `${directory} is that directory as a storage`,
  )
}

function root(): StorageLocation {
  return { kind: 'storage', storage: undefined, path: '/', directory: true }
}

/** Opens what is to be read. @throws PathNotFoundError, or the system's error for a local file. */
export async function openSource(context: Context, text: string, local = false): Promise<Source> {
  const location = read(context, text, local)
  if (location.kind === 'stream') {
    throw usageError("'-' cannot be read here", 'standard input goes to stowage put - only')
  }
  if (location.kind === 'local') return localSource(context, location)
  const end = await storageEndpoint(context, location)
  await mustExist(context, end)
  const info = await end.storage.stat(end.path, { signal: context.signal })
  return { ...end, info, name: end.path === '/' ? undefined : baseName(end.path) }
}

/** Opens where something goes; nothing needs to be there. */
export async function openDestination(
  context: Context,
  text: string,
  { info, name }: Pick<Source, 'info' | 'name'>,
  local = false,
): Promise<Endpoint> {
  const location = read(context, text, local)
  if (location.kind === 'stream') {
    throw usageError("'-' cannot be written here", 'use stowage cat, or stowage get PATH -')
  }
  if (location.kind === 'local') return localDestination(context, location, info.isDir, name)
  const end = await storageEndpoint(context, location)
  if (!location.directory || name === undefined) return end
  return { ...end, path: joinPath(end.path, name) }
}

/**
 * A storage that is empty and one that is not there are two things, although both list nothing: a typo, or a
 * disk that is not mounted. Of a bucket, its first request tells.
 */
async function mustExist({ signal }: Context, { storage, show }: Endpoint): Promise<void> {
  const place = await storage.locate?.('/', { signal })
  if (place === undefined || place.rootExists) return
  throw new CliError(
    'ROOT_NOT_FOUND',
    EXIT.notFound,
    `the root of the storage does not exist: ${show('/')}`,
    'check its spelling, and that its disk is mounted',
  )
}

function read(context: Context, text: string, local: boolean): Location {
  return local ? parseLocal(text, context.cwd) : parseLocation(text, context.cwd)
}

async function storageEndpoint(context: Context, location: StorageLocation): Promise<Endpoint> {
  const { storage: typed, path } = location
  const storage = await context.storages.open(typed)
  const separator = typed === undefined || !typed.includes(':') ? ':' : '#'
  const prefix = typed === undefined ? '' : context.redactor.redact(typed) + separator
  return { storage, path, show: (shown) => prefix + shown }
}

async function localSource(context: Context, location: LocalLocation): Promise<Source> {
  const { file } = location
  // The link itself may lie outside of what the driver may follow: what it leads to is meant.
  const real = await realpath(file)
  const isDir = (await lstat(real)).isDirectory()
  const rootDirectory = isDir ? real : dirname(real)
  const storage = await context.storages.openLocal(rootDirectory)
  const path = isDir ? '/' : `/${basename(real)}`
  const info = await storage.stat(path, { signal: context.signal })
  const name = location.directory ? undefined : basename(file)
  const directory = isDir ? real : undefined
  return {
    storage,
    path,
    info,
    name,
    directory,
    show: (shown) => localName(rootDirectory, shown),
  }
}

async function localDestination(
  context: Context,
  { file, directory }: LocalLocation,
  isDir: boolean,
  name: string | undefined,
): Promise<Endpoint> {
  const named = directory && name !== undefined ? join(file, name) : file
  // A link stays, and what it leads to is replaced, as cp does.
  const target = isDir ? named : await realpath(named).catch(() => named)
  const rootDirectory = isDir ? target : dirname(target)
  const storage = await context.storages.openLocal(rootDirectory)
  const path = isDir ? '/' : `/${basename(target)}`
  return { storage, path, show: (shown) => localName(rootDirectory, shown) }
}

function localName(rootDirectory: string, path: string): string {
  return join(rootDirectory, ...path.split('/'))
}
