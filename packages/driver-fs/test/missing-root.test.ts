// A root that is missing or replaced, as when a disk is not mounted, and a directory that may not be read.
import { chmodSync, mkdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { StorageDriver } from '@stowage/core'
import { collect, failure, failures, Recording } from './recording.ts'

const READS: Readonly<Record<string, (storage: StorageDriver) => Promise<unknown>>> = {
  'stat of the root': (storage) => storage.stat('/'),
  'stat of a file': (storage) => storage.stat('/file'),
  getContent: (storage) => storage.getContent('/file'),
  reader: (storage) => storage.reader('/file'),
  list: (storage) => collect(storage.list('/')),
  walk: (storage) => collect(storage.walk('/')),
  move: (storage) => storage.move('/file', '/other'),
  delete: (storage) => storage.delete('/file'),
  purgeUploads: (storage) => storage.purgeUploads('/'),
}

const WRITES: typeof READS = {
  putContent: (storage) => storage.putContent('/new', 'x'),
  writer: (storage) => storage.writer('/new'),
  'writer that appends': (storage) => storage.writer('/new', { append: true }),
}

const all = Object.entries({ ...READS, ...WRITES })

describe('a root that createRoot: false wants to be there', () => {
  it.each(all)('is ConfigError for %s where it does not exist', async (_name, call) => {
    const recording = new Recording()
    const storage = recording.driver({ createRoot: false })
    const error = await failure(call(storage))
    expect(error).toMatchObject({ code: 'CONFIG' })
    expect(error.message).toContain(`${recording.root} does not exist`)
  })

  it.each(all)('is ConfigError for %s when it goes while it is open', async (_name, call) => {
    for (const isReplaced of [false, true]) {
      const recording = new Recording()
      mkdirSync(recording.root)
      const storage = recording.driver({ createRoot: false })
      await storage.putContent('/file', 'x')
      renameSync(recording.root, `${recording.root}-away`)
      if (isReplaced) mkdirSync(recording.root)
      expect(await failure(call(storage))).toMatchObject({ code: 'CONFIG' })
    }
  })

  it('is used as ever where it is there, and is empty then where nothing is in it', async () => {
    const recording = new Recording()
    mkdirSync(recording.root)
    const storage = recording.driver({ createRoot: false })
    expect(await collect(storage.list('/'))).toEqual([])
    expect(await storage.stat('/')).toMatchObject({ isDir: true })
    expect(await failure(storage.stat('/no'))).toMatchObject({ code: 'PATH_NOT_FOUND' })
    await storage.putContent('/file', 'x')
    expect(await collect(storage.walk('/'))).toHaveLength(1)
  })
})

describe('a directory that may not be read', () => {
  it('is named by the error of a walk, which can go on after it, and is listed', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    const closed = ['/a/closed', '/lost+found']
    for (const path of ['/a/b/f', ...closed.map((at) => `${at}/hidden`), '/z']) {
      await storage.putContent(path, 'x')
    }
    chmodSync(dirname(recording.root), 0o755)
    for (const path of closed) chmodSync(join(recording.root, path), 0)
    // Nothing is forbidden to root: it becomes somebody else.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    try {
      const seen: string[] = []
      const refused: string[] = []
      let startAfter: string | undefined
      for (let isDone = false; !isDone && refused.length < 9; ) {
        isDone = true
        try {
          for await (const { path, isDir } of storage.walk('/', { startAfter })) {
            if (!isDir) seen.push(path)
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'PERMISSION_DENIED' })
          const { path } = error as { path: string }
          refused.push(path)
          // What sorts after all that is in the directory.
          startAfter = `${path}/\u{10ffff}`
          isDone = false
        }
      }
      expect(seen).toEqual(['/a/b/f', '/z'])
      expect(refused).toEqual(closed)
      expect(await collect(storage.list('/'))).toEqual(['/a', '/lost+found', '/z'])
      expect(await failures(storage.stat('/lost+found'))).toMatchObject([
        { code: 'PERMISSION_DENIED', path: '/lost+found' },
      ])
    } finally {
      if (isRoot) process.seteuid?.(0)
      for (const path of closed) chmodSync(join(recording.root, path), 0o755)
    }
  })
})
