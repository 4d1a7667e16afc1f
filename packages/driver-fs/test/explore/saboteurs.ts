import * as fs from 'node:fs'
import { dirname } from 'node:path'
import type { FileSystem } from '../../src/file-system.ts'

export type Saboteur = (system: FileSystem) => FileSystem

const isDirectory = (fd: number): boolean => fs.fstatSync(fd).isDirectory()

/** Content is not flushed. */
const noFileFlush: Saboteur = (system) => ({
  ...system,
  fsync: async (fd) => {
    if (isDirectory(fd)) await system.fsync(fd)
  },
})

/** Names are not flushed. */
const noDirectoryFlush: Saboteur = (system) => ({
  ...system,
  fsync: async (fd) => {
    if (!isDirectory(fd)) await system.fsync(fd)
  },
})

/** Of the directories, only those that something was renamed into are flushed. */
const noAncestorFlush: Saboteur = (system) => {
  const paths = new Map<number, string>()
  const targets = new Set<string>()
  return {
    ...system,
    open: async (path, flags, mode) => {
      const fd = await system.open(path, flags, mode)
      paths.set(fd, String(path))
      return fd
    },
    rename: async (from, to) => {
      targets.add(dirname(to))
      await system.rename(from, to)
    },
    fsync: async (fd) => {
      if (!isDirectory(fd) || targets.has(paths.get(fd) ?? '')) await system.fsync(fd)
    },
  }
}

/** Content is flushed once it has been renamed to its place. */
const lateFlush: Saboteur = (system) => ({
  ...noFileFlush(system),
  rename: async (from, to) => {
    await system.rename(from, to)
    if (fs.statSync(to).isDirectory()) return
    const fd = await system.open(to, fs.constants.O_RDWR)
    await system.fsync(fd).finally(() => system.close(fd))
  },
})

/** What is in the place goes before the new comes. */
const unlinkFirst: Saboteur = (system) => ({
  ...system,
  rename: async (from, to) => {
    await system.unlink(to).catch(() => {})
    await system.rename(from, to)
  },
})

/** Written again in its place instead of renamed. */
const inPlace: Saboteur = (system) => ({
  ...system,
  rename: async (from, to) => {
    if (fs.statSync(from).isDirectory() || to.includes('.stowage')) return system.rename(from, to)
    await system.unlink(to).catch(() => {})
    await system.copyFile(from, to)
    await system.unlink(from)
  },
})

/** What is continued is emptied first. */
const noClaim: Saboteur = (system) => ({
  ...system,
  open: (path, flags, mode) => {
    const isUpload = String(path).includes('.held.') && (flags & fs.constants.O_CREAT) === 0
    return system.open(path, isUpload ? flags | fs.constants.O_TRUNC : flags, mode)
  },
})

/** What could not be published stays, and nobody remembers it. */
const noCleanUp: Saboteur = (system) => ({
  ...system,
  unlink: async (path) => {
    if (!String(path).includes('.stowage')) await system.unlink(path)
  },
})

/** Handles are not closed. */
const noClose: Saboteur = (system) => ({ ...system, close: async () => {} })

/** Errors of a flush are not told. */
const deafFlush: Saboteur = (system) => ({
  ...system,
  fsync: (fd) => system.fsync(fd).catch(() => {}),
})

/** A write that was cut short is taken for a whole one. */
const shortWrites: Saboteur = (system) => ({
  ...system,
  write: async (fd, source, position) => {
    await system.write(fd, source, position)
    return source.length
  },
})

/** Broken file systems: each as if the driver had left out a step or had them in another order. */
export const SABOTEURS = {
  noFileFlush,
  noDirectoryFlush,
  noAncestorFlush,
  lateFlush,
  unlinkFirst,
  inPlace,
  noClaim,
  noCleanUp,
  noClose,
  deafFlush,
  shortWrites,
} as const

export type SaboteurName = keyof typeof SABOTEURS
