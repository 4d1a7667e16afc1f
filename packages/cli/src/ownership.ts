import { lstat, readlink, realpath } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const GROUP_MAY_WRITE = 0o020
const OTHERS_MAY_WRITE = 0o002
const STICKY = 0o1000
const ROOT = 0

interface Owned {
  readonly uid: number
  readonly gid: number
  readonly mode: number
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

/**
 * Who but this user and root may change what a path leads to: the first such part of the path, its parents and
 * the links on the way, in words; undefined where there is none. Windows has no owners to look at: undefined.
 */
export function foreignPart(path: string): Promise<string | undefined> {
  return findOwner(path, { owners: ownersFor(), isOurs: () => false, seen: new Set() })
}

/** The same for what is found from the command's own folder: who may replace the command needs no check. */
export async function foreignPartOfInstallation(path: string): Promise<string | undefined> {
  const command = await realpath(fileURLToPath(import.meta.url))
  const owners = ownersFor()
  if (owners !== undefined) owners.add((await lstat(command)).uid)
  const isOurs = (at: string): boolean => command.startsWith(at.endsWith('/') ? at : `${at}/`)
  return findOwner(path, { owners, isOurs, seen: new Set() })
}

function ownersFor(): Set<number> | undefined {
  const uid = process.geteuid?.()
  return uid === undefined ? undefined : new Set([ROOT, uid])
}

interface Rules {
  readonly owners: ReadonlySet<number> | undefined
  isOurs(path: string): boolean
  /** Paths that were looked at. */
  readonly seen: Set<string>
}

async function findOwner(path: string, rules: Rules): Promise<string | undefined> {
  const { owners, seen } = rules
  if (owners === undefined) return undefined
  for (let at = path; ; at = dirname(at)) {
    if (seen.has(at)) return undefined
    seen.add(at)
    const info = await lstat(at)
    const problem = rules.isOurs(at) ? undefined : problemOf(info, owners)
    if (problem !== undefined) return `${at} ${problem}`
    const other = info.isSymbolicLink() ? await targetOf(at) : modulesIn(at, info)
    const found = other && (await findOwner(other, rules).catch(ignoreMissing))
    if (found !== undefined) return found
    if (at === dirname(at)) return undefined
  }
}

async function targetOf(link: string): Promise<string> {
  return resolve(await realpath(dirname(link)), await readlink(link))
}

/** In a shared directory such as /tmp anybody can make the `node_modules` that imports find next. */
function modulesIn(directory: string, { mode }: Owned): string | undefined {
  return mode & OTHERS_MAY_WRITE ? join(directory, 'node_modules') : undefined
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

function problemOf(info: Owned, owners: ReadonlySet<number>): string | undefined {
  const { uid, gid, mode } = info
  if (!owners.has(uid)) return `belongs to another user (uid ${uid})`
  if (info.isSymbolicLink()) return undefined
  // By custom a group with its user's number has only that user.
  const shared = mode & OTHERS_MAY_WRITE || (mode & GROUP_MAY_WRITE && gid !== uid)
  // In a sticky directory nobody can replace what belongs to somebody else.
  if (!shared || (info.isDirectory() && mode & STICKY)) return undefined
  return 'may be written by other users'
}
