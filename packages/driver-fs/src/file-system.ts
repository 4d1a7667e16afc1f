import * as fs from 'node:fs'

/** A path as Node takes it: text, or bytes for a name that is no valid UTF-8. */
type RawPath = string | Buffer

/** A directory that is read piece by piece. */
interface OpenDirectory {
  read(): Promise<fs.Dirent | null>
  close(): Promise<void>
}

/**
 * The calls of the file system that this driver makes, each as one step. Handles are bare numbers:
 * who opens one closes it. Tests put faults in here.
 */
export interface FileSystem {
  open(path: RawPath, flags: number, mode?: number): Promise<number>
  close(fd: number): Promise<void>
  /** Bytes read, 0 at the end of the file. */
  read(fd: number, target: Uint8Array, position: number): Promise<number>
  /** Bytes written: fewer than asked for is no error. */
  write(fd: number, source: Uint8Array, position: number): Promise<number>
  fsync(fd: number): Promise<void>
  ftruncate(fd: number, size: number): Promise<void>
  fstat(fd: number): Promise<fs.Stats>
  lstat(path: RawPath): Promise<fs.Stats>
  realpath(path: string): Promise<string>
  readdir(path: RawPath, encoding: 'utf8' | 'latin1'): Promise<fs.Dirent[]>
  opendir(path: string): Promise<OpenDirectory>
  mkdir(path: string, mode: number): Promise<void>
  rmdir(path: RawPath): Promise<void>
  unlink(path: RawPath): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Into a new file, with the same mode; by reference where the file system can. */
  copyFile(from: string, to: string): Promise<void>
}

type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void

/** One callback call as a promise: about half the cost of the same call of `node:fs/promises`. */
function once<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)))
  })
}

const nothing = (start: (done: fs.NoParamCallback) => void): Promise<void> =>
  once<void>((done) => start((error) => done(error, undefined)))

/** Entries a directory hands out at a time: enough to find a first file, few in a huge directory. */
const DIRECTORY_BUFFER = 32

export const nodeFileSystem: FileSystem = {
  open: (path, flags, mode) => once((done) => fs.open(path, flags, mode, done)),
  close: (fd) => nothing((done) => fs.close(fd, done)),
  read: (fd, target, position) =>
    once((done) => fs.read(fd, target, 0, target.length, position, done)),
  write: (fd, source, position) =>
    once((done) => fs.write(fd, source, 0, source.length, position, done)),
  fsync: (fd) => nothing((done) => fs.fsync(fd, done)),
  ftruncate: (fd, size) => nothing((done) => fs.ftruncate(fd, size, done)),
  fstat: (fd) => once((done) => fs.fstat(fd, done)),
  lstat: (path) => once((done) => fs.lstat(path, done)),
  realpath: (path) => once((done) => fs.realpath.native(path, done)),
  readdir: (path, encoding) =>
    once((done) => fs.readdir(path, { withFileTypes: true, encoding }, done)),
  opendir: (path) => once((done) => fs.opendir(path, { bufferSize: DIRECTORY_BUFFER }, done)),
  mkdir: (path, mode) => nothing((done) => fs.mkdir(path, { mode }, done)),
  rmdir: (path) => nothing((done) => fs.rmdir(path, done)),
  unlink: (path) => nothing((done) => fs.unlink(path, done)),
  rename: (from, to) => nothing((done) => fs.rename(from, to, done)),
  copyFile: (from, to) => {
    const mode = fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE
    return nothing((done) => fs.copyFile(from, to, mode, done))
  },
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
