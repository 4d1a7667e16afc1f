import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { usageError } from './errors.ts'

/** A path in a storage. */
export interface StorageLocation {
  readonly kind: 'storage'
  /** The URL or name as typed; undefined: the one of `--storage`. */
  readonly storage: string | undefined
  /** Without a final slash, save for the root. */
  readonly path: string
  /** It was typed with a final slash: a destination keeps the source's name beneath it. */
  readonly directory: boolean
}

/** A file or directory of this machine. */
export interface LocalLocation {
  readonly kind: 'local'
  readonly file: string
  readonly directory: boolean
}

/** `-`: standard input or output. */
export interface StreamLocation {
  readonly kind: 'stream'
}

export type Location = StorageLocation | LocalLocation | StreamLocation

/** `name:/path`; one letter would be a Windows drive, two slashes a URL. */
const NAMED = /^([A-Za-z0-9][A-Za-z0-9._-]+):(\/(?!\/).*)$/
/** A URL, or `name:`, which is its storage's root. */
const URL_LIKE = /^[A-Za-z0-9][A-Za-z0-9+._-]+:(\/\/|[?]|$)/
/** `fs:data`: a URL whose path is relative. */
const RELATIVE_URL = /^[A-Za-z0-9][A-Za-z0-9+._-]+:[^/?#]/
const WINDOWS_DRIVE = /^[A-Za-z]:([\\/]|$)/
const DOTTED = /^\.\.?([\\/]|$)/

/**
 * Reads a location as it is typed where a storage or an explicitly local file may stand:
 * `/path`, `URL`, `URL#/path`, `name:`, `name:/path`, `./file`, `file:///file`, `-`.
 * @throws CliError that says how to write it.
 */
export function parseLocation(text: string, cwd: string): Location {
  const local = explicitLocal(text, cwd)
  if (local !== undefined) return local
  if (text.startsWith('/')) return inStorage(undefined, text)
  const cut = text.indexOf('#')
  if (cut > 0) return inStorage(text.slice(0, cut), text.slice(cut + 1) || '/')
  const [, name, path] = NAMED.exec(text) ?? []
  if (path !== undefined) return inStorage(name, path)
  if (URL_LIKE.test(text) || RELATIVE_URL.test(text)) return inStorage(text, '/')
  throw usageError(
    `'${text}' is no location`,
    `write /${text} for a path in the storage, ./${text} for a local file, or a URL (stowage help locations)`,
  )
}

/**
 * Reads an argument that names a local file (put's source, get's target): any plain path does.
 * @throws CliError where it names a storage.
 */
export function parseLocal(text: string, cwd: string): LocalLocation | StreamLocation {
  const local = explicitLocal(text, cwd)
  if (local !== undefined) return local
  if (URL_LIKE.test(text)) {
    throw usageError(`'${text}' is a storage, but a local file belongs here`, 'use stowage cp')
  }
  return localFile(text, cwd)
}

function explicitLocal(text: string, cwd: string): LocalLocation | StreamLocation | undefined {
  if (text === '') throw usageError('a location is empty', 'see stowage help locations')
  if (text === '-') return { kind: 'stream' }
  if (/^file:/i.test(text)) return localFile(fromFileURL(text), cwd)
  if (DOTTED.test(text) || WINDOWS_DRIVE.test(text)) return localFile(text, cwd)
  return undefined
}

function fromFileURL(text: string): string {
  try {
    return fileURLToPath(text)
  } catch {
    throw usageError(`'${text}' is no file URL of this machine`, 'write file:///absolute/path')
  }
}

/** `.` and `..` count as directories: they have no name that a destination could keep. */
function localFile(text: string, cwd: string): LocalLocation {
  return { kind: 'local', file: resolve(cwd, text), directory: /(^|[\\/])\.{0,2}$/.test(text) }
}

function inStorage(storage: string | undefined, text: string): StorageLocation {
  if (!text.startsWith('/')) {
    throw usageError(`'${text}' is no path in a storage`, `paths start with /: write #/${text}`)
  }
  const directory = text.endsWith('/')
  const path = directory && text.length > 1 ? text.slice(0, -1) : text
  return { kind: 'storage', storage, path, directory }
}
