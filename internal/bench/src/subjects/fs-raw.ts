// The bare calls of node:fs that give the same guarantees: staged, flushed as `durability` says, renamed.
import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import {
  type FileHandle,
  mkdir,
  open as openFile,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Config } from '../protocol.ts'
import type { Subject } from '../subject.ts'

/** What the driver reads at a time, too: 64 KiB, the default, would be an easy rival. */
const READ = 512 * 1024

export async function open({
  rootDirectory: root = '',
  durability = 'full',
}: Config): Promise<Subject> {
  const staging = join(root, '.staging')
  await mkdir(staging, { recursive: true })
  async function flushDirectory(directory: string): Promise<void> {
    if (durability !== 'full') return
    const handle = await openFile(directory, 'r')
    await handle.sync()
    await handle.close()
  }

  async function publish(
    path: string,
    write: (handle: FileHandle) => Promise<unknown>,
  ): Promise<void> {
    const staged = join(staging, randomUUID())
    const handle = await openFile(staged, 'wx')
    try {
      await write(handle)
      if (durability !== 'none') await handle.sync()
    } finally {
      await handle.close()
    }
    await place(staged, join(root, path))
  }

  /** Makes the directory only where there is none, as a program would that writes many files. */
  async function place(from: string, to: string): Promise<void> {
    const directory = dirname(to)
    await rename(from, to).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      await mkdir(directory, { recursive: true })
      await rename(from, to)
    })
    await flushDirectory(directory)
  }

  return {
    walksDirectories: true,
    put: (path, content) => publish(path, (handle) => handle.writeFile(content)),
    get: (path) => readFile(join(root, path)),
    upload: async (path, source) => {
      const staged = join(staging, randomUUID())
      await pipeline(source(), createWriteStream(staged, { flush: durability !== 'none' }))
      await place(staged, join(root, path))
    },
    download: async (path) => createReadStream(join(root, path), { highWaterMark: READ }),
    list: (path) => sortedNames(join(root, path)),
    walk: (path) => sortedWalk(join(root, path)),
    move: (from, to) => place(join(root, from), join(root, to)),
    delete: (path) => rm(join(root, path), { recursive: true }),
  }
}

async function* sortedNames(directory: string): AsyncGenerator<string> {
  for (const name of (await readdir(directory)).sort()) yield name
}

/** Recursion by sorted readdir, with the sizes and times that a walk gives: those of a directory at once. */
async function* sortedWalk(directory: string): AsyncGenerator<Entry> {
  const entries = await readdir(directory, { withFileTypes: true })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  const infos = await Promise.all(entries.map(({ name }) => stat(`${directory}/${name}`)))
  for (const [index, entry] of entries.entries()) {
    const path = `${directory}/${entry.name}`
    const { size = 0, mtime } = infos[index] ?? {}
    yield { path, size, modTime: mtime }
    if (entry.isDirectory()) yield* sortedWalk(path)
  }
}

interface Entry {
  readonly path: string
  readonly size: number
  readonly modTime: Date | undefined
}
