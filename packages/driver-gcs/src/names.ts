import { createHash, randomBytes } from 'node:crypto'
import { directoryKey, InvalidPathError, MAX_PATH_BYTES, pathProblem } from '@stowage/core/driver'

/**
 * First component of the keys that are the driver's own. No path can name it, and no listing shows it.
 * It is the same with other drivers, so that what one holds another can.
 */
const RESERVED = '.stowage'
/** What a session's key needs beside root and path: `.stowage/uploads`, two slashes, its id, a hash. */
const SESSION_BYTES = 96
/** The service keeps the first bytes of names for its certificates. */
const ACME = '.well-known/acme-challenge/'

/** Which object a path is, and which path an object is. */
export class Names {
  /** Empty, or the root directory with a final `/`. */
  readonly root: string

  constructor(rootDirectory: string) {
    const trimmed = rootDirectory.replace(/^\/+|(?<!\/)\/+$/g, '')
    this.root = trimmed === '' ? '' : `${trimmed}/`
  }

  /** @throws InvalidPathError where the service could not hold the name. */
  key(path: string): string {
    const key = this.root + path.slice(1)
    const problem = keyProblem(path, key)
    if (problem !== undefined) throw new InvalidPathError(path, { detail: problem })
    return key
  }

  /** The prefix of all objects beneath a directory. */
  prefix(path: string): string {
    return path === '/' ? this.root : `${this.key(path)}/`
  }

  /** The path of an object, or undefined where it is none: the driver's own, a marker, no valid path. */
  path(key: string): string | undefined {
    const path = `/${key.slice(this.root.length)}`
    return pathProblem(path) === undefined && !isReserved(path) ? path : undefined
  }

  /** The key, as base has it, of a listing's common prefix, which ends in `/`. */
  directory(prefix: string): string | undefined {
    const path = this.path(prefix.slice(0, -1))
    return path === undefined ? undefined : directoryKey(path)
  }

  /** The prefix of everything that is the driver's own. */
  get reserved(): string {
    return `${this.root}${RESERVED}/`
  }

  /** The prefix of the sessions of a path and of all beneath it. */
  sessions(path: string): string {
    const [cut] = this.#cut(path)
    return directoryKey(`${this.root}${RESERVED}/uploads${cut === '/' ? '' : cut}`)
  }

  /** The key of a session's state. */
  session(path: string, id: string): string {
    const [, hash] = this.#cut(path)
    return this.sessions(path) + id + hash
  }

  /** The id in the key of a session's state, or undefined where it is none. */
  sessionId(key: string): string | undefined {
    const [id = ''] = key.slice(key.lastIndexOf('/') + 1).split('.')
    return /^[0-9a-z]{9}[0-9a-f]{16}$/.test(id) ? id : undefined
  }

  /** A key has room for most paths whole; of the longest it has the start, and a hash of all. */
  #cut(path: string): [path: string, hash: string] {
    const room = MAX_PATH_BYTES - Buffer.byteLength(this.root) - SESSION_BYTES
    const bytes = Buffer.from(path)
    if (bytes.length <= room) return [path, '']
    const cut = bytes
      .subarray(0, room)
      .toString()
      .replace(/(?<!\ufffd)\ufffd+$/, '')
      .replace(/(?<!\/)\/+$/, '')
    return [cut, `.${createHash('sha256').update(path).digest('hex').slice(0, 32)}`]
  }
}

let latest = 0

/** Ids sort by the time of their making; within a process no two have the same time. */
export function newSessionId(): string {
  latest = Math.max(Date.now(), latest + 1)
  return latest.toString(36).padStart(9, '0') + randomBytes(8).toString('hex')
}

/** When the session was begun. */
export function sessionTime(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 9), 36))
}

function isReserved(path: string): boolean {
  return path === `/${RESERVED}` || path.startsWith(`/${RESERVED}/`)
}

function keyProblem(path: string, key: string): string | undefined {
  if (isReserved(path)) return 'the driver keeps its own data there'
  if (key.startsWith(ACME)) return `the service keeps ${ACME} to itself`
  // A code unit is at most 3 bytes of UTF-8: most keys need no count.
  if (key.length * 3 > MAX_PATH_BYTES && Buffer.byteLength(key) > MAX_PATH_BYTES) {
    return `with the root directory it has more than ${MAX_PATH_BYTES} bytes`
  }
  return undefined
}
