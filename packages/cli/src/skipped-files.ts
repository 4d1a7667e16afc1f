import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidPathError, isStorageError, pathProblem, type StorageDriver } from '@stowage/core'
import { type Context, errorText } from './context.ts'
import type { Source } from './endpoints.ts'
import { CliError } from './errors.ts'
import { EXIT } from './exit-codes.ts'
import { printable } from './text.ts'

/** What a local directory holds and a storage cannot. */
interface SkippedFile {
  /** As it can be printed. */
  readonly file: string
  readonly reason: string
  /** A file whose content is missing in the copy: not a link, pipe or device. */
  readonly isFile: boolean
}

/** The driver's own at the root of a storage. */
const RESERVED = '/.stowage'
const UNPRINTABLE = 'a path is well-formed Unicode'
const NESTED = 'the name .stowage is kept for unfinished uploads'
const DIRECTORY_LINK = 'a link to a directory: links are followed to files only'
const FOREIGN_LINK = 'a link out of the directory, or to nothing'
const NO_FILE = 'a pipe, a socket or a device'

/**
 * Finds what the local driver's walk passes over in silence: in a storage it belongs to nobody, but in
 * a directory that somebody wants copied it does.
 */
async function* skippedFiles(
  storage: StorageDriver,
  directory: string,
  path = '',
): AsyncGenerator<SkippedFile> {
  // What cannot be listed is reported by the walk.
  const entries = await readdir(directory, { withFileTypes: true, encoding: 'buffer' }).catch(
    () => [],
  )
  for (const entry of entries) {
    const name = entry.name.toString()
    const [file, inside] = [join(directory, name), `${path}/${name}`]
    if (inside === RESERVED) continue
    const isFile = entry.isFile() || entry.isDirectory()
    const problem = Buffer.from(name).equals(entry.name) ? pathProblem(inside) : UNPRINTABLE
    if (problem !== undefined) yield { file, reason: problem, isFile }
    else if (inside.endsWith(RESERVED)) yield { file, reason: NESTED, isFile: true }
    else if (entry.isDirectory()) yield* skippedFiles(storage, file, inside)
    // Some links are followed: the driver knows which.
    else if (!isFile && !(await exists(storage, inside))) {
      const reason = entry.isSymbolicLink() ? await linkReason(file) : NO_FILE
      yield { file, reason, isFile }
    }
  }
}

async function linkReason(file: string): Promise<string> {
  const target = await stat(file).catch(() => undefined)
  return target?.isDirectory() ? DIRECTORY_LINK : FOREIGN_LINK
}

async function exists(storage: StorageDriver, path: string): Promise<boolean> {
  try {
    await storage.stat(path)
    return true
  } catch (error) {
    if (isStorageError(error, 'PATH_NOT_FOUND') || isStorageError(error, 'INVALID_PATH'))
      return false
    throw error
  }
}

/**
 * Reports what is left out of a local directory.
 * @returns how many of them are files whose content is missing.
 */
export async function reportSkippedFiles(
  context: Context,
  { storage, directory }: Pick<Source, 'storage' | 'directory'>,
  note: (line: string) => void,
): Promise<number> {
  if (directory === undefined) return 0
  let missing = 0
  for await (const { file, reason, isFile } of skippedFiles(storage, directory)) {
    if (isFile) {
      missing++
      const { message } = new InvalidPathError(file, { detail: reason })
      note(errorText(new CliError('INVALID_PATH', EXIT.usage, message, 'rename it'), context))
    } else if (!context.quiet && !context.json) {
      note(printable(`left out ${file} (${reason})`))
    }
  }
  return missing
}
