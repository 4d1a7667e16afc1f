import { createHash } from 'node:crypto'
import { directoryKey, InvalidPathError, pathProblem } from '@stowage/core/driver'

/** The first component under which sessions are staged. No file can be there. */
const RESERVED = '.stowage'
/** Longest blob name in UTF-16 code units, and most segments in it: limits of the service. */
const MAX_NAME = 1024
const MAX_SEGMENTS = 254
/** What a session's name needs beside the path: its folder, a `/`, its id, and a hash for a cut path. */
const STAGING_ROOM = { units: 96, segments: 3 }

/** Listings are XML 1.0, which cannot hold these two. */
const NONCHARACTERS = /[\ufffe\uffff]/

/** Which blob a path is, and which path a blob is. */
export class Names {
  /** Empty, or the root directory with a final `/`. */
  readonly root: string

  constructor(rootDirectory: string) {
    const trimmed = rootDirectory.replace(/^\/+|(?<!\/)\/+$/g, '')
    this.root = trimmed === '' ? '' : `${trimmed}/`
  }

  /** @throws InvalidPathError where the service could not hold the name, or would hold another one. */
  blob(path: string): string {
    const name = this.root + path.slice(1)
    const problem = nameProblem(path, name)
    if (problem !== undefined) throw new InvalidPathError(path, { detail: problem })
    return name
  }

  /** The prefix of all blobs beneath a directory. */
  prefix(path: string): string {
    return path === '/' ? this.root : `${this.blob(path)}/`
  }

  /**
   * The path of a blob, or undefined where it is none: staging, a marker, a name that is no path or that
   * {@link blob} refuses.
   */
  path(name: string): string | undefined {
    const path = `/${name.slice(this.root.length)}`
    const isPath = pathProblem(path) === undefined && nameProblem(path, name) === undefined
    return isPath ? path : undefined
  }

  /** The key of a listing's common prefix, which ends in `/`. */
  directory(prefix: string): string | undefined {
    const path = this.path(prefix.slice(0, -1))
    return path === undefined ? undefined : directoryKey(path)
  }

  /** The prefix of the sessions of a path and of all beneath it. */
  staging(path: string): string {
    const [cut] = this.#cut(path)
    return directoryKey(`${this.root}${RESERVED}/uploads${cut === '/' ? '' : cut}`)
  }

  /** The name of a session's blob. */
  session(path: string, id: string): string {
    const [, hash] = this.#cut(path)
    return this.staging(path) + id + hash
  }

  /** Path and id of a session's blob. The path of a name that was cut is the first part of the real one. */
  parseSession(name: string): { path: string; id: string; cut: boolean } | undefined {
    const key = name.slice(`${this.root}${RESERVED}/uploads`.length)
    const at = key.lastIndexOf('/')
    const [id = '', hash] = key.slice(at + 1).split('.')
    return at > 0 && /^[0-9a-z]{9}[0-9a-f]{16}$/.test(id)
      ? { path: key.slice(0, at), id, cut: hash !== undefined }
      : undefined
  }

  /** A session's name has room for most paths whole; of the longest it has the start, and a hash of all. */
  #cut(path: string): [path: string, hash: string] {
    const units = MAX_NAME - this.root.length - STAGING_ROOM.units
    const segments = MAX_SEGMENTS - this.root.split('/').length - STAGING_ROOM.segments
    const parts = path.split('/').slice(1)
    if (path.length <= units && parts.length <= segments) return [path, '']
    const cut = `/${parts.slice(0, segments).join('/')}`.slice(0, units)
    const whole = cut.replace(/[\ud800-\udbff]$/, '').replace(/(?<!\/)\/+$/, '')
    return [whole, `.${createHash('sha256').update(path).digest('hex').slice(0, 32)}`]
  }
}

function isReserved(path: string): boolean {
  return path === `/${RESERVED}` || path.startsWith(`/${RESERVED}/`)
}

function nameProblem(path: string, name: string): string | undefined {
  if (isReserved(path)) return `/${RESERVED} holds unfinished uploads`
  if (path.includes('\\')) return 'the service takes \\ for /'
  if (path.endsWith('.') || path.includes('./')) return 'the service drops a final . of a component'
  if (NONCHARACTERS.test(path)) return 'the service cannot list U+FFFE and U+FFFF'
  if (name.length > MAX_NAME) return `a blob's name has at most ${MAX_NAME} characters`
  if (name.split('/').length > MAX_SEGMENTS)
    return `a blob's name has at most ${MAX_SEGMENTS} parts`
  return undefined
}
