import { constants, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { PathNotFoundError } from '@stowage/core/driver'
import { ABSENT, isAbsent, unless } from './file-system.ts'
import type { Root } from './root.ts'
import type { Tree } from './tree.ts'

/** Never waits for the other end of a pipe, and follows no link. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

export interface OpenFile {
  readonly fd: number
  readonly stats: Stats
}

/** Opens a file for reading, also one inside the root that a link leads to. @throws PathNotFoundError for anything else. */
export async function openFile(root: Root, tree: Tree, path: string): Promise<OpenFile> {
  const at = await root.find()
  if (at === undefined) throw new PathNotFoundError(path)
  const fd = await openAt(root, tree, at, path)
  try {
    const [stats, shown] = await Promise.all([
      root.system.fstat(fd),
      root.reaches(dirname(at + path)),
    ])
    if (!shown || !stats.isFile()) throw new PathNotFoundError(path)
    return { fd, stats }
  } catch (error) {
    await root.system.close(fd)
    throw error
  }
}

async function openAt({ system }: Root, tree: Tree, at: string, path: string): Promise<number> {
  try {
    return await system.open(at + path, READ)
  } catch (error) {
    if (!isAbsent(error)) throw error
    // O_NOFOLLOW says ELOOP of a link.
    const stats = await unless(system.lstat(at + path), ...ABSENT)
    const linked = stats?.isSymbolicLink() ? await tree.linked(at, path) : undefined
    if (linked === undefined) throw new PathNotFoundError(path, { cause: error })
    return await system.open(linked.real, READ)
  }
}
