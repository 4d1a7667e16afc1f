import { dirname } from 'node:path'
import { type FileInfo, PathNotFoundError } from '@stowage/core/driver'
import { ABSENT, unless } from './file-system.ts'
import type { Root } from './root.ts'
import type { Tree } from './tree.ts'
import { fileInfo } from './walk.ts'

/** What is at the path. A directory without a file does not exist. @throws PathNotFoundError. */
export async function statAt(root: Root, tree: Tree, path: string): Promise<FileInfo> {
  const at = await root.find()
  const directory = { path, size: 0, modTime: new Date(0), isDir: true }
  if (path === '/') {
    await root.mustBeThere()
    return directory
  }
  if (at === undefined) throw new PathNotFoundError(path)
  const [stats, shown] = await Promise.all([
    unless(root.system.lstat(at + path), ...ABSENT),
    root.reaches(dirname(at + path)),
  ])
  if (!shown || stats === undefined) throw new PathNotFoundError(path)
  if (stats.isFile()) return fileInfo(path, stats)
  const linked = stats.isSymbolicLink() ? await tree.linked(at, path) : undefined
  if (linked) return fileInfo(path, linked.stats)
  if (!stats.isDirectory() || !(await tree.hasFile(at, path))) throw new PathNotFoundError(path)
  return { ...directory, modTime: new Date(stats.mtimeMs) }
}
