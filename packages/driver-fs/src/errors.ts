import {
  DriverError,
  InvalidPathError,
  NoSpaceError,
  PathNotFoundError,
  PermissionError,
  type StorageError,
  StorageErrors,
  UnavailableError,
} from '@stowage/core/driver'
import { errno } from './file-system.ts'
import type { Removal } from './remove.ts'

/** What the call was about: where something is missing, a reader and a writer are told differently. */
export type Purpose = 'read' | 'write'

type Make = (error: NodeJS.ErrnoException, path: string, purpose: Purpose) => StorageError

const notFound: Make = (cause, path) => new PathNotFoundError(path, { cause })

const wrongKind: Make = (cause, path, purpose) =>
  purpose === 'read'
    ? new PathNotFoundError(path, { cause })
    : new InvalidPathError(path, { cause, detail: 'a file is where a directory is needed' })

const invalid: Make = (cause, path) =>
  new InvalidPathError(path, { cause, detail: 'the file system cannot hold this name' })

const forbidden: Make = (cause, path) => {
  const user = process.geteuid ? `user id ${process.geteuid()}` : 'this user'
  const detail = `${user} needs access to it and to its directory, to write also the right to write there`
  return new PermissionError(cause.message, { cause, path, detail })
}

/** Node.js itself refuses, under its permission model. */
const notAllowed: Make = (cause, path) =>
  new PermissionError(cause.message, {
    cause,
    path,
    detail: 'start Node.js with --allow-fs-read and --allow-fs-write for the root directory',
  })

const readOnly: Make = (cause, path) =>
  new PermissionError(cause.message, {
    cause,
    path,
    detail: 'the file system is mounted for reading only, perhaps since it has found an error',
  })

const full: Make = (cause, path) =>
  new NoSpaceError(cause.message, {
    cause,
    path,
    detail: 'free space, inodes or quota; what was stored before is whole, closed uploads continue',
  })

const broken: Make = (cause, path) =>
  new DriverError(cause.message, {
    cause,
    path,
    detail: "the disk or the way to it fails: the system's log tells more",
  })

const busy: Make = (cause, path) => new UnavailableError(cause.message, { cause, path })

const noHandle: Make = (cause, path) =>
  new UnavailableError(cause.message, {
    cause,
    path,
    detail: 'raise the limit of open files (ulimit -n), or keep fewer readers and writers open',
  })

const TABLE: Readonly<Record<string, Make>> = {
  ENOENT: notFound,
  ENOTDIR: wrongKind,
  EISDIR: wrongKind,
  // A socket, or a device without its hardware.
  ENXIO: wrongKind,
  ENODEV: wrongKind,
  ELOOP: wrongKind,
  ENAMETOOLONG: invalid,
  EILSEQ: invalid,
  // Some volumes say so of a character that they have no room for.
  EINVAL: invalid,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: readOnly,
  ENOSPC: full,
  EDQUOT: full,
  EIO: broken,
  EMFILE: noHandle,
  ENFILE: noHandle,
  EBUSY: busy,
  ESTALE: busy,
  ETIMEDOUT: busy,
}

/** An error of the file system as ours; anything else as it is. */
export function storageError(error: unknown, path: string, purpose: Purpose): unknown {
  const code = errno(error)
  if ((error as { code?: unknown } | undefined)?.code === 'ERR_ACCESS_DENIED')
    return notAllowed(error as NodeJS.ErrnoException, path, purpose)
  if (code === undefined) return error
  const cause = error as NodeJS.ErrnoException
  const make = TABLE[code]
  return make ? make(cause, path, purpose) : new DriverError(cause.message, { cause, path })
}

/** Runs the steps of one operation; what the file system reports becomes an error of ours. */
export async function translated<T>(
  path: string,
  purpose: Purpose,
  steps: () => Promise<T>,
): Promise<T> {
  try {
    return await steps()
  } catch (error) {
    throw storageError(error, path, purpose)
  }
}

/** @throws StorageErrors that names every file the removals have left behind. */
export function mustBeGone(removals: readonly Removal[], root: string): void {
  const errors = removals.flatMap((removal) => removal.errors)
  if (errors.length === 0) return
  throw new StorageErrors(
    errors.map(({ path, error }) => storageError(error, path.slice(root.length), 'write') as Error),
  )
}
