import type { Dirent, Stats } from 'node:fs'

/** A path as Node takes it: text, or bytes for a name that is no valid UTF-8. */
export type RawPath = string | Buffer

/** A directory that is read piece by piece. */
interface OpenDirectory {
  read(): Promise<Dirent | null>
  close(): Promise<void>
}

/**
 * The calls of the file system that this driver makes, each as one step. Handles are bare numbers:
 * who opens one closes it. Paths are absolute and free of links: where a link is on the way, a call fails as
 * where nothing is, if the platform can tell. Tests put faults in here.
 */
export interface FileSystem {
  /** A new file loosely, as {@link lstat}. */
  open(path: RawPath, flags: number, mode?: number, isLoose?: boolean): Promise<number>
  close(fd: number): Promise<void>
  /** Bytes read, 0 at the end of the file. */
  read(fd: number, target: Uint8Array, position: number): Promise<number>
  /** Bytes written: fewer than asked for is no error. */
  write(fd: number, source: Uint8Array, position: number): Promise<number>
  fsync(fd: number): Promise<void>
  ftruncate(fd: number, size: number): Promise<void>
  /** At once: without a thread, for a file of this process on a volume that never waits for that. */
  fstat(fd: number, isAtOnce?: boolean): Promise<Stats>
  fchmod(fd: number, mode: number): Promise<void>
  /** -1 leaves it as it is. */
  fchown(fd: number, user: number, group: number): Promise<void>
  /** Times in milliseconds since 1970. */
  futimes(fd: number, accessed: number, modified: number): Promise<void>
  /** Loosely: the directory may have moved elsewhere some milliseconds ago. */
  lstat(path: RawPath, isLoose?: boolean): Promise<Stats>
  /** As lstat, and quicker where a directory is: mode and owner may be some milliseconds old. */
  directory(path: string): Promise<Stats>
  realpath(path: string): Promise<string>
  readdir(path: RawPath, encoding: 'utf8' | 'latin1'): Promise<Dirent[]>
  opendir(path: string): Promise<OpenDirectory>
  mkdir(path: string, mode: number): Promise<void>
  rmdir(path: RawPath): Promise<void>
  unlink(path: RawPath): Promise<void>
  /** Loosely as {@link lstat}. */
  rename(from: string, to: string, isLoose?: boolean): Promise<void>
  /** Into a new file, with the same mode; by reference where the file system can. */
  copyFile(from: string, to: string): Promise<void>
  /** Closes what is kept open for the next call. */
  forget(): Promise<void>
}

/** The name of a system error (`ENOENT`), or undefined for anything else. */
export function errno(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | null | undefined)?.code
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

/** What is no longer there, or never was what it looked like. */
export const ABSENT: readonly string[] = ['ENOENT', 'ENOTDIR', 'ELOOP']

/** Whether the error says that nothing is there, or not what was looked for. */
export function isAbsent(error: unknown): boolean {
  return ABSENT.includes(errno(error) ?? '')
}

/** The value, or undefined where the call fails with one of these errors. */
export async function unless<T>(call: Promise<T>, ...codes: string[]): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (codes.includes(errno(error) ?? '')) return undefined
    throw error
  }
}

/** Longest single read or write: some systems fail beyond 2 GiB - 1 (nodejs/node#31908). */
const LONGEST_CALL = 512 * 1024 * 1024

/** Writes all bytes at that position, however many calls it takes. */
export async function writeAll(
  system: FileSystem,
  fd: number,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const written = await system.write(fd, bytes.subarray(at, at + LONGEST_CALL), position + at)
    if (written === 0) throw Object.assign(new Error('ENOSPC: nothing written'), { code: 'ENOSPC' })
    at += written
  }
}

/** Fills the target from that position. Returns the bytes read: fewer only at the end of the file. */
export async function readAll(
  system: FileSystem,
  fd: number,
  target: Uint8Array,
  position: number,
): Promise<number> {
  let at = 0
  while (at < target.length) {
    const read = await system.read(fd, target.subarray(at, at + LONGEST_CALL), position + at)
    if (read === 0) break
    at += read
  }
  return at
}
