// Mode, owner, group and time of files: what a file that replaces another one takes over.
import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { StorageDriver } from '@stowage/core'
import { Recording, systemError, temporaryFolder } from './recording.ts'

const isRoot = process.geteuid?.() === 0
const itAsRoot = isRoot ? it : it.skip
if (!isRoot) console.warn('skipped: owners and groups, which only root may give')
const umask = 0o022
let before = 0
beforeAll(() => {
  before = process.umask(umask)
})
afterAll(() => {
  process.umask(before)
})

type Store = (storage: StorageDriver, path: string) => Promise<void>

const put: Store = (storage, path) => storage.putContent(path, 'new')
const commit: Store = async (storage, path) => {
  const writer = await storage.writer(path)
  await writer.write(Buffer.from('new'))
  await writer.close()
  const again = await storage.writer(path, { append: true })
  await again.commit()
}
const STORES: [string, Store][] = [
  ['a put', put],
  ['a commit', commit],
]

/** A root in which another file system seems to begin at `/mnt`. */
function mounted(recording: Recording): Recording {
  const { rename } = recording.system
  const isThere = (path: string): boolean => path.startsWith(join(recording.root, 'mnt/'))
  recording.system.rename = async (from, to) => {
    if (isThere(from) !== isThere(to)) throw systemError('EXDEV')
    await rename(from, to)
  }
  return recording
}

const modeOf = (file: string): number => statSync(file).mode & 0o7777

describe('the mode of a file', () => {
  it.each(STORES)(
    'is kept by %s that replaces it, also on another file system',
    async (_name, store) => {
      const recording = mounted(new Recording())
      const storage = recording.driver()
      for (const path of ['/dir/file', '/mnt/file']) {
        await store(storage, path)
        expect(modeOf(recording.root + path)).toBe(0o644)
        for (const mode of [0o600, 0o664, 0o755, 0o444]) {
          chmodSync(recording.root + path, mode)
          await store(storage, path)
          expect([path, modeOf(recording.root + path)]).toEqual([path, mode])
        }
      }
      expect(recording.open).toEqual([])
    },
  )

  it('is that of fileMode and the umask for a new file, whatever link or directory was there', async () => {
    const recording = new Recording()
    const storage = recording.driver({ fileMode: 0o660 })
    mkdirSync(join(recording.root, 'empty'), { recursive: true, mode: 0o700 })
    for (const path of ['/new', '/empty']) {
      await put(storage, path)
      expect(modeOf(recording.root + path)).toBe(0o640)
    }
  })

  it('goes along with a file that moves, also to another file system and back', async () => {
    const recording = mounted(new Recording())
    const storage = recording.driver()
    const time = new Date(1_500_000_000_123)
    await storage.putContent('/here', 'x', { modTime: time })
    chmodSync(join(recording.root, 'here'), 0o440)
    await storage.putContent('/mnt/there', 'old')
    await storage.move('/here', '/mnt/there')
    expect(modeOf(join(recording.root, 'mnt/there'))).toBe(0o440)
    expect((await storage.stat('/mnt/there')).modTime).toEqual(time)
    await storage.move('/mnt/there', '/back/again')
    expect(modeOf(join(recording.root, 'back/again'))).toBe(0o440)
    expect((await storage.stat('/back/again')).modTime).toEqual(time)
  })
})

describe('owner and group', () => {
  itAsRoot.each(STORES)('are kept by %s of root', async (_name, store) => {
    const recording = mounted(new Recording())
    const storage = recording.driver()
    for (const path of ['/file', '/mnt/file']) {
      await store(storage, path)
      chownSync(recording.root + path, 1234, 5678)
      chmodSync(recording.root + path, 0o640)
      await store(storage, path)
      const { uid, gid } = statSync(recording.root + path)
      expect([path, uid, gid, modeOf(recording.root + path)]).toEqual([path, 1234, 5678, 0o640])
    }
  })

  itAsRoot.each(STORES)(
    'of a directory with setgid: %s of a new file has its group',
    async (_name, store) => {
      const recording = new Recording()
      const storage = recording.driver()
      const shared = join(recording.root, 'shared')
      mkdirSync(shared, { recursive: true })
      chownSync(shared, -1, 5678)
      chmodSync(shared, 0o2775)
      for (const path of ['/shared/new', '/shared/new', '/shared/sub/new']) {
        await store(storage, path)
        expect([path, statSync(recording.root + path).gid]).toEqual([path, 5678])
      }
      expect(modeOf(join(shared, 'sub')) & 0o2000).toBe(0o2000)
    },
  )

  itAsRoot('a group that cannot be given gets no more than everybody', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await put(storage, '/file')
    const file = join(recording.root, 'file')
    chownSync(file, 1234, 5678)
    chmodSync(file, 0o664)
    recording.fault = ({ name }) => {
      if (name === 'fchown') throw systemError('EPERM')
      return undefined
    }
    await put(storage, '/file')
    expect(modeOf(file)).toBe(0o644)
    expect(statSync(file).gid).not.toBe(5678)
  })
})

describe('two users of one root', () => {
  itAsRoot('both write, whoever was first, where the root lets both', async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o755)
    const as = async (user: number, run: () => Promise<void>): Promise<void> => {
      process.seteuid?.(user)
      try {
        await run()
      } finally {
        process.seteuid?.(0)
      }
    }
    const recording = new Recording(join(folder, 'root'))
    mkdirSync(recording.root)
    chmodSync(recording.root, 0o1777)
    for (const user of [1234, 5678, 1234]) {
      await as(user, async () => {
        const storage = recording.driver()
        await put(storage, `/put-${user}-${recording.calls.length}`)
        await commit(storage, `/commit-${user}-${recording.calls.length}`)
        const open = await storage.writer(`/open-${user}`)
        await open.close()
      })
    }
    expect(modeOf(join(recording.root, '.stowage'))).toBe(0o1777)
    expect(modeOf(join(recording.root, '.stowage/temporary'))).toBe(0o1777)
  })

  it('staging of a root that only its owner may write is closed to others', async () => {
    const recording = new Recording()
    mkdirSync(recording.root, { recursive: true })
    chmodSync(recording.root, 0o755)
    await put(recording.driver({ directoryMode: 0o700 }), '/file')
    expect(modeOf(join(recording.root, '.stowage'))).toBe(0o700)
  })
})

describe('the time of a file', () => {
  it.each([
    ['putContent', (s, path, modTime) => s.putContent(path, 'x', { modTime })],
    [
      'writer',
      async (s, path, modTime) => {
        const writer = await s.writer(path, { modTime })
        await writer.write(Buffer.from('x'))
        await writer.commit()
      },
    ],
    [
      'writer that is continued',
      async (s, path, modTime) => {
        const first = await s.writer(path, { modTime })
        await first.write(Buffer.from('x'))
        await first.close()
        await (await s.writer(path, { append: true, modTime })).commit()
      },
    ],
  ] as [string, (s: StorageDriver, path: string, modTime: Date) => Promise<void>][])(
    'is the one that was given, to the millisecond: %s',
    async (_name, store) => {
      const storage = new Recording().driver({ durability: 'none' })
      const times = Array.from({ length: 100 }, (_, i) => 1_700_000_000_000 + i * 7_654_321)
      for (const time of [0, 1, 999, -1500, 4_102_444_800_001, ...times]) {
        await store(storage, '/file', new Date(time))
        expect((await storage.stat('/file')).modTime.getTime()).toBe(time)
        for await (const { modTime } of storage.walk('/')) expect(modTime.getTime()).toBe(time)
      }
    },
  )

  it('is now where none is given, also over a file with an old one', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/file', 'x', { modTime: new Date(0) })
    const earliest = Date.now() - 2000
    await storage.putContent('/file', 'y')
    expect((await storage.stat('/file')).modTime.getTime()).toBeGreaterThan(earliest)
  })
})
