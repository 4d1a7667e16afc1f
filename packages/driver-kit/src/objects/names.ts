import { createHash, randomBytes } from 'node:crypto'
import { directoryKey, InvalidPathError, MAX_PATH_BYTES, pathProblem } from '@stowage/core/driver'

/**
 * First component of the keys that are the driver's own. No path can name it, and no listing shows it. It is the
 * same in all drivers, so that each can hold what another one has.
 */
const OWN = '/.stowage'
/** Bytes that a session's key needs besides root and path: `.stowage/uploads`, two slashes, its id, a hash. */
const SESSION_BYTES = 96
/** The same in components. */
const SESSION_PARTS = 3

const SESSION_ID = /^[0-9a-z]{9}[0-9a-f]{16}$/

/** What a service takes as a key. */
export interface NameRules {
  /** The directory in the bucket under which everything lies; slashes at its ends do not count. */
  readonly root: string
  /** Bytes of the longest key. */
  readonly maxKeyBytes?: number | undefined
  /** UTF-16 code units of the longest key. */
  readonly maxKeyUnits?: number | undefined
  /** Bytes of the longest component of a path. */
  readonly maxNameBytes?: number | undefined
  /** Most components of a key. */
  readonly maxKeyParts?: number | undefined
  /** Why the service could not hold the key, or would hold another one. Listed keys with a problem are hidden. */
  problem?(path: string, key: string): string | undefined
}

/** Which key a path has, and which path a key is. */
export class Names {
  /** Empty, or the root directory with a final `/`. */
  readonly root: string
  /** The prefix of everything that is the driver's own. */
  readonly reserved: string
  readonly #rules: NameRules

  constructor(rules: NameRules) {
    const root = rules.root.replace(/^\/+|(?<!\/)\/+$/g, '')
    this.root = root === '' ? '' : `${root}/`
    this.reserved = `${this.root}${OWN.slice(1)}/`
    this.#rules = rules
  }

  /** @throws InvalidPathError where the service could not hold the key. */
  key(path: string): string {
    const key = this.root + path.slice(1)
    const problem = this.#problem(path, key) ?? this.#excess(path, key)
    if (problem !== undefined) throw new InvalidPathError(path, { detail: problem })
    return key
  }

  /**
   * Looks whether the service has room for a key, whoever made its name: other tools' keys move along with a directory.
   * @throws InvalidPathError
   */
  checkLength(key: string): void {
    const path = this.pathOf(key)
    const detail = this.#excess(path, key)
    if (detail !== undefined) throw new InvalidPathError(path, { detail })
  }

  /**
   * The prefix of all keys beneath a directory.
   * @throws InvalidPathError
   */
  prefix(path: string): string {
    return path === '/' ? this.root : `${this.key(path)}/`
  }

  /** The path of a key, or undefined where callers do not see it: the driver's own, a marker, no valid path. */
  path(key: string): string | undefined {
    const path = `/${key.slice(this.root.length)}`
    const isVisible = pathProblem(path) === undefined && this.#problem(path, key) === undefined
    return isVisible ? path : undefined
  }

  /** The path of any key, also of one that callers do not see: for errors. */
  pathOf(key: string): string {
    return `/${key.slice(this.root.length)}`
  }

  /** The entry, as a driver lists it, of a common prefix with its final `/`; undefined where callers do not see it. */
  directory(prefix: string): string | undefined {
    const path = this.path(prefix.slice(0, -1))
    return path === undefined ? undefined : directoryKey(path)
  }

  /** The prefix of the sessions of a path and of all beneath it. */
  sessions(path: string): string {
    const [cut] = this.#cut(path)
    return directoryKey(`${this.reserved}uploads${cut === '/' ? '' : cut}`)
  }

  /** The key under which a session of the path is kept. */
  session(path: string, id: string): string {
    const [, hash] = this.#cut(path)
    return this.sessions(path) + id + hash
  }

  /** Path and id of a session's key, or undefined for another key. `cut`: the path is the first part of the real one. */
  parseSession(key: string): { path: string; id: string; cut: boolean } | undefined {
    const rest = key.slice(`${this.reserved}uploads`.length)
    const end = rest.lastIndexOf('/')
    const [id = '', hash] = rest.slice(end + 1).split('.')
    if (end <= 0 || !SESSION_ID.test(id)) return undefined
    return { path: rest.slice(0, end), id, cut: hash !== undefined }
  }

  #problem(path: string, key: string): string | undefined {
    if (path.startsWith(OWN) && (path === OWN || path[OWN.length] === '/'))
      return 'the driver keeps its own data there'
    return this.#rules.problem?.(path, key)
  }

  #excess(path: string, key: string): string | undefined {
    const { maxKeyBytes, maxKeyUnits, maxNameBytes, maxKeyParts } = this.#rules
    if (exceeds(key, maxKeyBytes))
      return `with the root directory it has more than ${maxKeyBytes} bytes`
    if (maxKeyUnits !== undefined && key.length > maxKeyUnits)
      return `with the root directory it has more than ${maxKeyUnits} characters`
    if (maxNameBytes !== undefined && path.split('/').some((name) => exceeds(name, maxNameBytes)))
      return `a name in it has more than ${maxNameBytes} bytes`
    if (maxKeyParts !== undefined && key.split('/').length > maxKeyParts)
      return `with the root directory it has more than ${maxKeyParts} parts`
    return undefined
  }

  /** A session's key has room for most paths as they are. Of the longest it has the start, and a hash of all. */
  #cut(path: string): [path: string, hash: string] {
    const { maxKeyBytes, maxKeyUnits, maxKeyParts = Number.POSITIVE_INFINITY } = this.#rules
    const longest = Math.min(maxKeyBytes ?? MAX_PATH_BYTES, maxKeyUnits ?? MAX_PATH_BYTES)
    const room = longest - Buffer.byteLength(this.root) - SESSION_BYTES
    const roomParts = maxKeyParts - this.root.split('/').length - SESSION_PARTS
    const parts = path.split('/').slice(1)
    const bytes = Buffer.from(path)
    if (bytes.length <= room && parts.length <= roomParts) return [path, '']
    const cut = Buffer.from(`/${parts.slice(0, roomParts).join('/')}`)
      .subarray(0, room)
      .toString()
      .replace(/(?<!\ufffd)\ufffd+$/, '')
      .replace(/(?<!\/)\/+$/, '')
    return [cut, `.${createHash('sha256').update(path).digest('hex').slice(0, 32)}`]
  }
}

/** A code unit is at most 3 bytes of UTF-8: most texts need no count. */
function exceeds(text: string, bytes: number | undefined): boolean {
  return bytes !== undefined && text.length * 3 > bytes && Buffer.byteLength(text) > bytes
}

/** The time in the latest id of each storage: the clocks of two services may differ by years. */
const latest = new Map<string, number>()

/**
 * A new id for a session. Ids sort by the time of their making, and within a process no two of a storage have the
 * same time.
 * @param storage Names the bucket or the account.
 * @param now Milliseconds since 1970: the service's clock, where it is known.
 */
export function newSessionId(storage: string, now: number = Date.now()): string {
  const time = Math.max(now, (latest.get(storage) ?? 0) + 1)
  latest.set(storage, time)
  return time.toString(36).padStart(9, '0') + randomBytes(8).toString('hex')
}

/** When the session was begun. */
export function sessionTime(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 9), 36))
}
