import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StorageDriver } from '@stowage/core'
import { thisProcess } from '../src/owner.ts'
import { stagedName } from '../src/staged-name.ts'
import {
  atTheEnd,
  collect,
  failure,
  Recording,
  shell,
  staged,
  systemError,
  temporaryFolder,
} from './recording.ts'

function mount(folder: string, size: string): boolean {
  mkdirSync(folder, { recursive: true })
  try {
    shell(`mount -t tmpfs -o size=${size} tmpfs '${folder}'`)
    // Lazily: handles of directories are kept for some milliseconds.
    atTheEnd(() => shell(`umount -l '${folder}'`))
    return true
  } catch {
    return false
  }
}

const mayMount = mount(join(temporaryFolder(), 'probe'), '64k')
const itMounted = mayMount ? it : it.skip
if (!mayMount) console.warn('no file system can be mounted here: only simulated ones are tested')

const CONTENT = Buffer.alloc(100_000, 'content')

/** A root in which another file system begins at `/mnt`. */
function twoFileSystems(real: boolean): Recording {
  const recording = new Recording()
  mkdirSync(join(recording.root, 'mnt'), { recursive: true })
  if (real) {
    if (!mount(join(recording.root, 'mnt'), '4m')) throw new Error('the mount failed')
    return recording
  }
  const { rename } = recording.system
  const isThere = (path: string): boolean => path.startsWith(join(recording.root, 'mnt/'))
  recording.system.rename = async (from, to) => {
    if (isThere(from) !== isThere(to)) throw systemError('EXDEV')
    await rename(from, to)
  }
  return recording
}

async function isTidy(recording: Recording): Promise<void> {
  expect(recording.open).toEqual([])
  expect(staged(recording.root)).toEqual([])
  const beneath = readdirSync(recording.root, { recursive: true })
  expect(beneath.filter((name) => /mnt.*[.]stowage/.test(String(name)))).toEqual([])
}

async function write(storage: StorageDriver, path: string): Promise<void> {
  const writer = await storage.writer(path)
  await writer.write(CONTENT)
  await writer.commit()
}

for (const real of [false, true]) {
  const run = real ? itMounted : it
  describe(`a root over ${real ? 'two real' : 'two simulated'} file systems`, () => {
    run('puts and writers store on both', async () => {
      const recording = twoFileSystems(real)
      const storage = recording.driver()
      await storage.putContent('/mnt/put', CONTENT)
      await storage.putContent('/mnt/deep/er/put', CONTENT)
      await write(storage, '/mnt/written')
      await write(storage, '/mnt/put')
      for (const path of ['/mnt/put', '/mnt/deep/er/put', '/mnt/written']) {
        expect(await storage.getContent(path)).toEqual(CONTENT)
      }
      await isTidy(recording)
    })

    run('the copy is flushed before it is renamed next to its target', async () => {
      const recording = twoFileSystems(real)
      const storage = recording.driver()
      await storage.putContent('/mnt/dir/file', 'old')
      recording.calls.length = 0
      await storage.putContent('/mnt/dir/file', CONTENT)
      const near = '/mnt/dir/.stowage/<temp>'
      const order = [
        'fsync /.stowage/temporary/<temp>',
        'fsync /.stowage/marks/<temp>',
        `copyFile /.stowage/temporary/<temp> -> ${near}`,
        `fsync ${near}`,
        `rename ${near} -> /mnt/dir/file`,
        'fsync /mnt/dir',
        'unlink /.stowage/temporary/<temp>',
      ]
      const calls = new Set(recording.texts.filter((text) => order.includes(text)))
      expect([...calls]).toEqual(order)
    })

    run('files move from one to the other', async () => {
      const recording = twoFileSystems(real)
      const storage = recording.driver()
      await storage.putContent('/here/file', CONTENT)
      await storage.putContent('/mnt/there/file', 'old')
      await storage.move('/here/file', '/mnt/there/file')
      expect(await storage.getContent('/mnt/there/file')).toEqual(CONTENT)
      expect(await failure(storage.stat('/here'))).toMatchObject({ code: 'PATH_NOT_FOUND' })
      await storage.move('/mnt/there/file', '/back')
      expect(await storage.getContent('/back')).toEqual(CONTENT)
      expect(await failure(storage.stat('/mnt/there'))).toMatchObject({ code: 'PATH_NOT_FOUND' })
      await isTidy(recording)
    })

    run('directories move from one to the other, and replace what is there', async () => {
      const recording = twoFileSystems(real)
      const storage = recording.driver()
      const names = ['/a', '/sub/b', '/sub/deep/c']
      for (const name of names) await storage.putContent(`/here${name}`, name)
      await storage.putContent('/mnt/to/a', 'old')
      await storage.putContent('/mnt/to/other/old', 'old')
      await storage.move('/here', '/mnt/to')
      const files = async (path: string): Promise<string[]> =>
        (await collect(storage.walk(path))).filter((i) => !i.isDir).map((i) => i.path)
      expect(await files('/mnt/to')).toEqual(names.map((name) => `/mnt/to${name}`))
      expect(String(await storage.getContent('/mnt/to/a'))).toBe('/a')
      expect(await failure(storage.stat('/here'))).toMatchObject({ code: 'PATH_NOT_FOUND' })
      await storage.move('/mnt/to', '/new/place')
      expect(await files('/new')).toEqual(names.map((name) => `/new/place${name}`))
      await isTidy(recording)
    })

    run('a copy that a dead process left beyond the mount is found by its mark', async () => {
      const recording = twoFileSystems(real)
      const storage = recording.driver()
      await storage.putContent('/mnt/dir/file', CONTENT)
      const owner = { ...thisProcess(), start: '1' }
      const common = { started: 1_700_000_000_000_000, id: '0123456789abcdef', durable: 0 }
      const name = stagedName({ ...common, state: 'temp', owner })
      mkdirSync(join(recording.root, '.stowage/marks'), { recursive: true })
      writeFileSync(join(recording.root, '.stowage/marks', name), '/mnt/dir')
      mkdirSync(join(recording.root, 'mnt/dir/.stowage'))
      writeFileSync(join(recording.root, 'mnt/dir/.stowage', name), 'half')
      expect(await collect(storage.list('/mnt/dir'))).toEqual(['/mnt/dir/file'])
      await storage.purgeUploads('/')
      expect(existsSync(join(recording.root, 'mnt/dir/.stowage'))).toBe(false)
      await isTidy(recording)
    })
  })
}

describe('a full disk', () => {
  itMounted(
    'is NoSpaceError; old content stays, nothing is left, and uploads continue',
    async () => {
      const recording = new Recording()
      if (!mount(recording.root, '1m')) throw new Error('the mount failed')
      const storage = recording.driver({ chunkSize: 64 * 1024 })
      await storage.putContent('/file', CONTENT)
      const large = Buffer.alloc(2 * 1024 * 1024, 1)
      expect(await failure(storage.putContent('/file', large))).toMatchObject({ code: 'NO_SPACE' })
      expect(staged(recording.root)).toEqual([])
      const writer = await storage.writer('/file')
      expect(await failure(writer.write(large))).toMatchObject({ code: 'NO_SPACE' })
      await writer.close()
      expect(await storage.getContent('/file')).toEqual(CONTENT)
      const again = await storage.writer('/file', { append: true })
      expect(again.size).toBeGreaterThan(0)
      await again.cancel()
      await storage.putContent('/file', 'there is room again')
      expect(recording.open).toEqual([])
    },
  )
})

describe('a directory that a bind mount shows in two places', () => {
  itMounted('keeps what moves from one place to the same in the other', async () => {
    const recording = new Recording()
    const { root } = recording
    const storage = recording.driver()
    for (const name of ['x', 'y']) mkdirSync(join(root, name), { recursive: true })
    await storage.putContent('/x/file', CONTENT)
    await storage.putContent('/x/target', CONTENT)
    symlinkSync('target', join(root, 'x/link'))
    shell(`mount --bind '${root}/x' '${root}/y'`)
    atTheEnd(() => shell(`umount -l '${root}/y'`))
    for (const name of ['file', 'link']) {
      await storage.move(`/x/${name}`, `/y/${name}`)
      expect(await storage.getContent(`/y/${name}`)).toEqual(CONTENT)
    }
    await storage.move('/x', '/y').catch(() => {})
    for (const name of ['file', 'link', 'target']) {
      expect(await storage.getContent(`/y/${name}`)).toEqual(CONTENT)
    }
  })
})
