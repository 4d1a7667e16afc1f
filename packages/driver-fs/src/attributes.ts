import { constants, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { InvalidPathError } from '@stowage/core/driver'
import { ABSENT, errno, type FileSystem, unless } from './file-system.ts'
import type { Root } from './root.ts'

/** What a file has beside its content. */
export interface Attributes {
  /** Permission bits; undefined: as the umask has made them. */
  readonly mode?: number | undefined
  /** -1: as it is. */
  readonly user: number
  readonly group: number
}

/** What file systems say that have no owners or modes, and those that let only the administrator give a file away. */
const NOT_PERMITTED = ['EPERM', 'EACCES', 'EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']

const PERMISSIONS = 0o777
const SET_GROUP = 0o2000

/**
 * What a file that is put at the path is to have: mode, owner and group of the file that it replaces, or the group of
 * a directory that gives its group on. Undefined where it may stay as it is made.
 */
export async function attributesAt(
  root: Root,
  at: string,
  path: string,
): Promise<Attributes | undefined> {
  const old = await unless(root.system.lstat(at + path), ...ABSENT)
  mustBeReplaceable(old, path)
  if (old?.isFile()) return attributesOf(old)
  let directory = dirname(at + path)
  // A new directory takes it from the one that it is made in.
  while (!(await root.shows(directory)) && directory.length > at.length)
    directory = dirname(directory)
  const { mode, gid } = root.known(directory) ?? { mode: 0, gid: -1 }
  return (mode & SET_GROUP) === 0 ? undefined : { user: -1, group: gid }
}

/** @throws InvalidPathError where a device, pipe or socket is: other programs need it to stay what it is. */
export function mustBeReplaceable(there: Stats | undefined, path: string): void {
  if (!there || there.isFile() || there.isDirectory() || there.isSymbolicLink()) return
  throw new InvalidPathError(path, { detail: 'a device, a pipe or a socket is there' })
}

export function attributesOf({ mode, uid, gid }: Stats): Attributes {
  return { mode: mode & PERMISSIONS, user: uid, group: gid }
}

/** Gives them, and a time, to an open file, as far as this process may. */
export async function setAttributes(
  { system, isLocal }: Pick<Root, 'system' | 'isLocal'>,
  fd: number,
  attributes: Attributes | undefined,
  modTime: Date | undefined,
): Promise<void> {
  if (attributes !== undefined) {
    const { mode, user, group } = attributes
    const now = await system.fstat(fd, isLocal)
    const isKept = await giveTo(system, fd, now, user, group)
    // Without the group, others in another one get no more than everybody.
    const wanted = mode === undefined || isKept ? mode : withoutGroup(mode)
    if (wanted !== undefined && wanted !== (now.mode & PERMISSIONS)) {
      await unless(system.fchmod(fd, wanted), ...NOT_PERMITTED)
    }
  }
  if (modTime !== undefined) await system.futimes(fd, Date.now(), modTime.getTime())
}

/** Whether the file has the group then. */
async function giveTo(
  system: FileSystem,
  fd: number,
  now: Stats,
  user: number,
  group: number,
): Promise<boolean> {
  const isOwner = user === -1 || user === now.uid
  const isGroup = group === -1 || group === now.gid
  if (isOwner && isGroup) return true
  try {
    await system.fchown(fd, isOwner ? -1 : user, isGroup ? -1 : group)
    return true
  } catch (error) {
    if (!NOT_PERMITTED.includes(errno(error) ?? '')) throw error
  }
  if (isGroup) return true
  const changed = system.fchown(fd, -1, group).then(() => true)
  return (await unless(changed, ...NOT_PERMITTED)) ?? false
}

/** The group's bits become those that all others have, too. */
function withoutGroup(mode: number): number {
  return (mode & ~0o070) | (mode & ((mode & 0o007) << 3))
}

/** Lets whoever may write in the root write in a directory of staging, whatever the umask of the one who made it. */
export async function shareDirectory(
  system: FileSystem,
  directory: string,
  rootMode: number,
): Promise<void> {
  const group = (rootMode & 0o020) === 0 ? 0 : rootMode & 0o070
  const others = (rootMode & 0o002) === 0 ? 0 : rootMode & 0o1007
  if (group + others === 0) return
  const flags = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0)
  const fd = await unless(system.open(directory, flags), 'ENOENT')
  if (fd === undefined) return
  try {
    const { mode } = await system.fstat(fd)
    const wanted = (mode & 0o7777) | group | others
    if (wanted !== (mode & 0o7777)) await unless(system.fchmod(fd, wanted), ...NOT_PERMITTED)
  } finally {
    await system.close(fd)
  }
}
