import { constants } from 'node:fs'
import {
  type DirectoryHandle,
  DirectoryHandles,
  keyOf,
  named,
  placeOf,
} from './directory-handles.ts'
import { type FileSystem, type RawPath, unless } from './file-system.ts'

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0
const SOURCE = constants.O_RDONLY | NO_FOLLOW | (constants.O_NONBLOCK ?? 0)

/**
 * A file system whose calls act in directories by their handles (on Linux): whatever is put on the way to a file
 * between two steps, a link leads nowhere. All operations go through it, since there is no other way to the disk.
 * `places` opens the handles of directories, which are closed without it.
 */
export function throughHandles(system: FileSystem, places: FileSystem = system): FileSystem {
  const handles = new DirectoryHandles(places)

  /** Makes the call by the handle of the directory that the path is in. */
  function at<T>(path: RawPath, call: (path: RawPath) => Promise<T>, isLoose = false): Promise<T> {
    const key = keyOf(path)
    const cut = key.lastIndexOf('/')
    const name = key.slice(cut + 1)
    if (name === '') return call(path)
    const parent = parentOf(key, cut)
    return handles.within(parent, (directory) => call(inside(directory, name, path)), isLoose)
  }

  /** Makes the call by the handle of the directory itself. */
  function of<T>(path: RawPath, call: (path: string) => Promise<T>): Promise<T> {
    return handles.within(keyOf(path), (directory) => call(directory.path))
  }

  /** A file that is there, by its path; used only if the system says that it is the one of that path. */
  async function openThere(path: RawPath, flags: number): Promise<number> {
    const fd = await handles.thrifty(() => system.open(path, flags | NO_FOLLOW))
    try {
      const key = keyOf(path)
      const place = placeOf(fd, key)
      if (place === key) return fd
      // Replaced or removed since it was opened: a reader has it as it was.
      if (place === `${key} (deleted)` && (await system.fstat(fd)).nlink === 0) return fd
    } catch (error) {
      await system.close(fd)
      throw error
    }
    await system.close(fd)
    return await at(path, (direct) => system.open(direct, flags | NO_FOLLOW))
  }

  async function copyFile(from: string, to: string): Promise<void> {
    const fd = await openThere(from, SOURCE)
    const path = `/proc/self/fd/${fd}`
    try {
      const stats = await system.fstat(fd)
      if (!stats.isFile()) throw Object.assign(new Error(`ENOTDIR: ${from}`), { code: 'ENOTDIR' })
      await at(to, (target) => system.copyFile(path, target as string))
    } catch (error) {
      throw named(error, { key: keyOf(from), path })
    } finally {
      await system.close(fd)
    }
  }

  async function opendir(path: string): ReturnType<FileSystem['opendir']> {
    const handle = await handles.enter(keyOf(path))
    try {
      const directory = await system.opendir(handle.path)
      const close = async (): Promise<void> => {
        await directory.close().finally(() => handles.leave(handle))
      }
      return { read: () => directory.read(), close }
    } catch (error) {
      handles.leave(handle)
      throw named(error, handle)
    }
  }

  const calls: FileSystem = {
    ...system,
    open: (path, flags, mode, isLoose) =>
      (flags & constants.O_CREAT) === 0
        ? openThere(path, flags)
        : at(path, (direct) => system.open(direct, flags | NO_FOLLOW, mode), isLoose),
    lstat: (path, isLoose) => at(path, (direct) => system.lstat(direct), isLoose),
    directory: async (path) => {
      const stats = handles.within(keyOf(path), (directory) => directory.stats(system.fstat))
      return (await unless(stats, 'ENOTDIR', 'ELOOP')) ?? (await calls.lstat(path))
    },
    readdir: (path, encoding) => of(path, (direct) => system.readdir(direct, encoding)),
    opendir,
    mkdir: (path, mode) => at(path, (direct) => system.mkdir(direct as string, mode)),
    rmdir: (path) =>
      at(path, (direct) => system.rmdir(direct)).then(() => handles.drop(keyOf(path))),
    unlink: (path) => at(path, (direct) => system.unlink(direct)),
    rename: (from, to, isLoose) =>
      at(
        from,
        (source) => at(to, (target) => system.rename(source as string, target as string), isLoose),
        isLoose,
      ),
    copyFile,
    forget: async () => void handles.closeIdle(),
  }
  return calls
}

/** The key of the directory in which the entry of a key is; bytes that are all ASCII are text. */
function parentOf(key: string, cut: number): string {
  if (!key.startsWith('\0')) return key.slice(0, cut) || '/'
  return keyOf(Buffer.from(key.slice(1, cut) || '/', 'latin1'))
}

/** The entry through the handle, as text or as bytes, as the caller's path is. */
function inside({ path }: DirectoryHandle, name: string, as: RawPath): RawPath {
  const text = `${path}/${name}`
  return typeof as === 'string' ? text : Buffer.from(text, 'latin1')
}
