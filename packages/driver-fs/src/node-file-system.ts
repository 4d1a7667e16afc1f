import * as fs from 'node:fs'
import { throughHandles } from './beneath.ts'
import type { FileSystem } from './file-system.ts'
import { permitted } from './permission.ts'

type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void

/** One callback call as a promise: about half the cost of the same call of `node:fs/promises`. */
function once<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)))
  })
}

const nothing = (start: (done: fs.NoParamCallback) => void): Promise<void> =>
  once<void>((done) => start((error) => done(error, undefined)))

/** What a call gives at once, as a promise. */
const promised = async <T>(call: () => T): Promise<T> => call()

/** Entries a directory hands out at a time: enough to find a first file, few in a huge directory. */
const DIRECTORY_BUFFER = 32

/** Half of a microsecond, in milliseconds: seconds as a double would else be cut to the one before. */
const HALF = 0.0005

/** A time as Node.js takes it: a number before 1970 it would take for now. */
function timeOf(milliseconds: number): number | Date {
  return milliseconds < 0 ? new Date(milliseconds) : (milliseconds + HALF) / 1000
}

/** The calls of Node.js as they are: links on the way are followed. */
export const plainFileSystem: FileSystem = {
  open: (path, flags, mode) => once((done) => fs.open(path, flags, mode, done)),
  close: (fd) => nothing((done) => fs.close(fd, done)),
  read: (fd, target, position) =>
    once((done) => fs.read(fd, target, 0, target.length, position, done)),
  write: (fd, source, position) =>
    once((done) => fs.write(fd, source, 0, source.length, position, done)),
  fsync: (fd) => nothing((done) => fs.fsync(fd, done)),
  ftruncate: (fd, size) => nothing((done) => fs.ftruncate(fd, size, done)),
  fstat: (fd, isAtOnce) =>
    isAtOnce ? promised(() => fs.fstatSync(fd)) : once((done) => fs.fstat(fd, done)),
  fchmod: (fd, mode) => nothing((done) => fs.fchmod(fd, mode, done)),
  fchown: (fd, user, group) => nothing((done) => fs.fchown(fd, user, group, done)),
  futimes: (fd, accessed, modified) =>
    nothing((done) => fs.futimes(fd, timeOf(accessed), timeOf(modified), done)),
  lstat: (path) => once((done) => fs.lstat(path, done)),
  directory: (path) => once((done) => fs.lstat(path, done)),
  realpath: (path) => once((done) => fs.realpath.native(path, done)),
  readdir: (path, encoding) =>
    once((done) => fs.readdir(path, { withFileTypes: true, encoding }, done)),
  opendir: async (path) => {
    const directory = await once<fs.Dir>((done) =>
      fs.opendir(path, { bufferSize: DIRECTORY_BUFFER }, done),
    )
    // To close a directory never waits for a disk.
    return { read: () => directory.read(), close: async () => directory.closeSync() }
  },
  mkdir: (path, mode) => nothing((done) => fs.mkdir(path, { mode }, done)),
  rmdir: (path) => nothing((done) => fs.rmdir(path, done)),
  unlink: (path) => nothing((done) => fs.unlink(path, done)),
  rename: (from, to) => nothing((done) => fs.rename(from, to, done)),
  copyFile: (from, to) => {
    const mode = fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE
    return nothing((done) => fs.copyFile(from, to, mode, done))
  },
  forget: () => Promise.resolve(),
}

/**
 * Whether every call goes through handles of directories, so that no link that is put on the way leads
 * anywhere: on Linux with /proc, also under the permission model of Node.js where that lets /proc/self/fd be used.
 */
export const CONFINES: boolean = process.platform === 'linux' && hasHandlePaths()

function hasHandlePaths(): boolean {
  const { permission } = process
  const isAllowed = (['fs.read', 'fs.write'] as const).every(
    (scope) => permission?.has(scope, '/proc/self/fd') ?? true,
  )
  if (!isAllowed) return false
  try {
    const fd = fs.openSync('/proc/self/fd', fs.constants.O_DIRECTORY)
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`) === `/proc/${process.pid}/fd`
    } finally {
      fs.closeSync(fd)
    }
  } catch {
    return false
  }
}

const usable = process.permission ? permitted(plainFileSystem) : plainFileSystem

/** The calls that the driver makes where no test puts others in their place. */
export const nodeFileSystem: FileSystem = CONFINES
  ? throughHandles(usable, plainFileSystem)
  : usable
