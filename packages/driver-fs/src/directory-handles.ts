import { closeSync, constants, readlinkSync, type Stats } from 'node:fs'
import { errno, type FileSystem, type RawPath } from './file-system.ts'

/** O_PATH of Linux, which Node.js does not name: a handle that only stands for a place in the tree. */
const O_PATH = 0o10000000
const PLACE = O_PATH | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0)

/** Milliseconds that a handle stays open after its last use: the next call in the directory needs no other. */
const LINGER = 200
/** Milliseconds for which a loose use believes where a directory was, and what it was. */
const LOOSE = 20
/** Milliseconds after which a directory is opened again: a file system may have been mounted on it. */
const OLDEST = 1000
/** Handles that are kept at most while nobody uses them. */
const KEPT = 32

/** A directory, wherever its path leads by now. */
export class DirectoryHandle {
  readonly fd: number
  readonly key: string
  /** The path of the handle itself. */
  readonly path: string
  /** Where the system says that it is. */
  readonly real: string
  readonly opened: number = performance.now()
  #seen: number = this.opened
  #stats: Promise<Stats> | undefined
  #statsFrom = 0
  users = 0
  used = 0
  /** Checked within this turn: a caller that awaits a change of the directory comes in a later one. */
  isFresh = false

  constructor(fd: number, key: string, real: string) {
    this.fd = fd
    this.key = key
    this.real = real
    this.path = `/proc/self/fd/${fd}`
  }

  /** Whether it is where it was when it was opened. To ask the system for that never waits for a disk. */
  isThere(isLoose: boolean): boolean {
    if (this.isFresh) return true
    const now = performance.now()
    if (now - this.opened > OLDEST) return false
    if (isLoose && now - this.#seen < LOOSE) return true
    this.#seen = now
    return placeOf(this.fd, this.key) === this.real
  }

  /** What the directory is. Its mode and owner may be some milliseconds old. */
  stats(ask: (fd: number) => Promise<Stats>): Promise<Stats> {
    const now = performance.now()
    if (this.#stats === undefined || now - this.#statsFrom > LOOSE) {
      this.#statsFrom = now
      this.#stats = ask(this.fd)
      this.#stats.catch(() => {
        this.#stats = undefined
      })
    }
    return this.#stats
  }
}

/** Where the file or directory of a handle is, in the spelling of {@link keyOf}. */
export function placeOf(fd: number, key: string): string {
  const link = `/proc/self/fd/${fd}`
  return isBytes(key) ? `\0${readlinkSync(link, 'buffer').toString('latin1')}` : readlinkSync(link)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const BEYOND_ASCII = /[^\u0000-\u007f]/

/** A path without a final slash, as the key of a map. Bytes beyond ASCII are one character each after a NUL. */
export function keyOf(path: RawPath): string {
  const isText = typeof path === 'string'
  const text = isText ? path : path.toString('latin1')
  const key = text.endsWith('/') && text.length > 1 ? text.slice(0, -1) : text
  return isText || !BEYOND_ASCII.test(key) ? key : `\0${key}`
}

const isBytes = (key: string): boolean => key.startsWith('\0')

function rawOf(key: string): RawPath {
  return isBytes(key) ? Buffer.from(key.slice(1), 'latin1') : key
}

/**
 * Handles of the directories in which calls are under way. One is opened by its path, and used only if the system says
 * that it is the directory of that path: with a link on the way it is another one.
 */
export class DirectoryHandles {
  readonly #system: FileSystem
  readonly #open = new Map<string, DirectoryHandle>()
  #timer: NodeJS.Timeout | undefined

  constructor(system: FileSystem) {
    this.#system = system
  }

  /**
   * Runs the call with the directory; loosely, with one that may have moved elsewhere some milliseconds ago.
   * @throws ENOTDIR where a link is on the way.
   */
  within<T>(
    key: string,
    call: (directory: DirectoryHandle) => Promise<T>,
    isLoose = false,
  ): Promise<T> {
    // One promise for each call: a walk makes one call for each file.
    const kept = this.#kept(key, isLoose)
    return kept ? this.#run(kept, call) : this.enter(key).then((handle) => this.#run(handle, call))
  }

  /** As {@link within}, until {@link leave}. */
  async enter(key: string): Promise<DirectoryHandle> {
    const kept = this.#kept(key, false)
    if (kept) return kept
    const handle = await this.#openPlace(key)
    this.drop(key)
    this.#open.set(key, handle)
    handle.users++
    return this.#freshen(handle)
  }

  leave(handle: DirectoryHandle): void {
    handle.users--
    handle.used = performance.now()
    const isKept = this.#open.get(handle.key) === handle
    if (handle.users === 0 && !isKept) closeSync(handle.fd)
    else if (this.#open.size > KEPT) this.closeIdle()
    else this.#timer ??= setTimeout(() => this.#tidy(), LINGER).unref()
  }

  #run<T>(handle: DirectoryHandle, call: (directory: DirectoryHandle) => Promise<T>): Promise<T> {
    return call(handle).then(
      (value) => {
        this.leave(handle)
        return value
      },
      (error: unknown) => {
        this.leave(handle)
        throw named(error, handle)
      },
    )
  }

  #kept(key: string, isLoose: boolean): DirectoryHandle | undefined {
    const handle = this.#open.get(key)
    if (handle === undefined) return undefined
    if (!handle.isThere(isLoose)) return this.drop(key)
    handle.users++
    return isLoose ? handle : this.#freshen(handle)
  }

  /** Keeps the handle of that directory no longer: it was removed, or is somewhere else. */
  drop(key: string): undefined {
    const handle = this.#open.get(key)
    this.#open.delete(key)
    // Its users close it when they are done.
    if (handle?.users === 0) closeSync(handle.fd)
  }

  #freshen(handle: DirectoryHandle): DirectoryHandle {
    if (handle.isFresh) return handle
    handle.isFresh = true
    process.nextTick(() => {
      handle.isFresh = false
    })
    return handle
  }

  /** Gives kept handles back before a call fails for want of one. */
  thrifty<T>(call: () => Promise<T>): Promise<T> {
    return call().catch((error: unknown) => {
      const isShort = ['EMFILE', 'ENFILE'].includes(errno(error) ?? '')
      if (isShort && this.closeIdle()) return call()
      throw error
    })
  }

  /** Closes what nobody uses; false where there was nothing. */
  closeIdle(usedBefore: number = Number.POSITIVE_INFINITY): boolean {
    let isAny = false
    for (const [key, handle] of this.#open) {
      if (handle.users > 0 || handle.used >= usedBefore) continue
      this.#open.delete(key)
      closeSync(handle.fd)
      isAny = true
    }
    return isAny
  }

  #tidy(): void {
    this.#timer = undefined
    this.closeIdle(performance.now() - LINGER)
    if (this.#open.size > 0) this.#timer = setTimeout(() => this.#tidy(), LINGER).unref()
  }

  async #openPlace(key: string): Promise<DirectoryHandle> {
    const fd = await this.thrifty(() => this.#system.open(rawOf(key), PLACE))
    try {
      if (placeOf(fd, key) === key) return new DirectoryHandle(fd, key, key)
    } catch (error) {
      closeSync(fd)
      throw error
    }
    closeSync(fd)
    return await this.#openStepwise(key)
  }

  /** Name by name, without a link: a volume may have another spelling of a path than the one that was asked for. */
  async #openStepwise(key: string): Promise<DirectoryHandle> {
    const marker = isBytes(key) ? '\0' : ''
    let fd = await this.#system.open('/', PLACE)
    for (const name of key.slice(marker.length).split('/').filter(Boolean)) {
      const above = fd
      const path = `${marker}/proc/self/fd/${above}/${name}`
      fd = await this.#system.open(rawOf(path), PLACE).finally(() => closeSync(above))
    }
    return new DirectoryHandle(fd, key, placeOf(fd, key))
  }
}

/** The error of a call through a handle, as if it had been made by the path. */
export function named(
  error: unknown,
  { key, path }: Pick<DirectoryHandle, 'key' | 'path'>,
): unknown {
  if (errno(error) === undefined) return error
  const failure = error as NodeJS.ErrnoException & { dest?: string }
  const plain = String(rawOf(key)).replace(/\/$/, '')
  // Not where it begins the path of another handle: 3 and 34.
  const whole = new RegExp(`${path}(?!\\d)`, 'g')
  const rename = (text: string): string => text.replaceAll(whole, () => plain)
  failure.message = rename(failure.message)
  if (failure.path !== undefined) failure.path = rename(String(failure.path))
  if (failure.dest !== undefined) failure.dest = rename(String(failure.dest))
  return failure
}
