import * as promises from 'node:fs/promises'
import { chmod, chown, utimes } from 'node:fs/promises'
import type { FileSystem } from './file-system.ts'

/**
 * The file system under Node's permission model, which refuses every change by a bare number, a flush included:
 * files are opened as FileHandle, which may flush, and other changes go by path.
 */
export function permitted(system: FileSystem): FileSystem {
  const open = new Map<number, { handle: promises.FileHandle; path: string }>()
  // A path through the handle of a directory that may be closed by now: the file has a handle of its own.
  const pathOf = (fd: number): string => {
    const path = open.get(fd)?.path ?? ''
    return path.startsWith('/proc/') ? `/proc/self/fd/${fd}` : path
  }
  return {
    ...system,
    open: async (path, flags, mode) => {
      const handle = await promises.open(path, flags, mode)
      open.set(handle.fd, { handle, path: String(path) })
      return handle.fd
    },
    close: async (fd) => {
      const file = open.get(fd)
      open.delete(fd)
      await (file ? file.handle.close() : system.close(fd))
    },
    fsync: async (fd) => await (open.get(fd)?.handle.sync() ?? system.fsync(fd)),
    fchmod: (fd, mode) => chmod(pathOf(fd), mode),
    fchown: (fd, user, group) => chown(pathOf(fd), user, group),
    futimes: (fd, accessed, modified) => utimes(pathOf(fd), new Date(accessed), new Date(modified)),
  }
}
