import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, symlink, utimes, writeFile } from 'node:fs/promises'
import { PermissionError } from '@stowage/core'
import { runHere, trap } from './helpers/in-process.ts'
import { Workspace } from './helpers/stowage.ts'

let work: Workspace
const stowage = (...args: string[]) => runHere(args, { cwd: work.directory })
const files = async (name: string): Promise<string[]> =>
  (await readdir(work.path(name), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name: file }) => file)
    .sort()

beforeEach(async () => {
  work = await Workspace.create()
  await work.write('backup/www/a', 'one')
  await work.write('backup/b', 'two')
})
afterEach(() => work.remove())

describe('a root that does not exist', () => {
  const commands: Record<string, string[]> = {
    ls: ['ls', 'GONE'],
    tree: ['tree', 'GONE'],
    du: ['du', 'GONE'],
    stat: ['stat', 'GONE'],
    cat: ['cat', 'GONE#/a'],
    rm: ['rm', '-rf', 'GONE#/a'],
    purge: ['purge', 'GONE'],
    verify: ['verify', 'GONE', 'BACKUP'],
    'verify, second': ['verify', 'BACKUP', 'GONE'],
    'verify -w': ['verify', '-w', '-', 'GONE'],
    cp: ['cp', '-r', 'GONE', 'NEW'],
    mv: ['mv', 'GONE', 'NEW'],
    get: ['get', '-r', 'GONE', './got'],
    sync: ['sync', 'GONE', 'BACKUP'],
    'sync --delete': ['sync', '--delete', '--force', 'GONE', 'BACKUP'],
    'sync --dry-run': ['sync', '-n', '--delete', 'GONE', 'BACKUP'],
  }
  it.each(Object.entries(commands))('is an error of %s', async (_, args) => {
    const urls = { GONE: work.url('gone'), BACKUP: work.url('backup'), NEW: work.url('new') }
    const typed = args.map((text) => text.replace(/GONE|BACKUP|NEW/, (name) => urls[name as 'NEW']))
    const { code, stderr } = await stowage(...typed)
    expect(code).toBe(3)
    expect(stderr).toMatch(
      /the root of the storage does not exist: fs:.*gone#\/; check its spelling/,
    )
    expect(await files('backup')).toEqual(['a', 'b'])
    expect(existsSync(work.path('gone'))).toBe(false)
  })

  it('is made where something is written to it', async () => {
    expect((await stowage('cp', '-r', work.url('backup'), work.url('new'))).code).toBe(0)
    expect(await files('new')).toEqual(['a', 'b'])
  })
})

describe('sync --delete', () => {
  it('empties the destination of an empty source only with --force', async () => {
    await mkdir(work.path('empty'))
    for (const source of ['./empty', work.url('empty')]) {
      const refused = await stowage('sync', '--delete', source, work.url('backup'))
      expect([refused.code, refused.stderr]).toEqual([
        2,
        expect.stringMatching(/is empty.*--force/),
      ])
      const shown = await stowage('sync', '--delete', '-n', source, work.url('backup'))
      expect([shown.code, shown.stdout]).toEqual([5, expect.stringMatching(/would remove 0/)])
    }
    expect(await files('backup')).toEqual(['a', 'b'])
    expect((await stowage('sync', '--delete', '-f', './empty', work.url('backup'))).code).toBe(0)
    expect(await files('backup')).toEqual([])
  })

  it('removes nothing where more than --max-delete would go', async () => {
    await work.write('src/new', 'new')
    const sync = ['sync', '--delete', './src', work.url('backup')]
    const refused = await stowage(...sync, '--max-delete', '1')
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringMatching(/2 files would be/)])
    expect(await files('backup')).toEqual(['a', 'b', 'new'])
    expect((await stowage(...sync, '--max-delete', '2')).code).toBe(0)
    expect(await files('backup')).toEqual(['new'])
  })

  it('removes nothing after a copy has failed', async () => {
    const { driver, storage } = trap()
    await storage.putContent('/renamed', 'two')
    await storage.putContent('/fine', 'fine')
    driver.unreadable.add('/renamed')
    const { code, stderr } = await stowage('sync', '--delete', 'trap:', work.url('backup'))
    expect(code).toBe(5)
    expect(stderr).toMatch(/trap:#\/renamed: /)
    expect(stderr).toMatch(/2 files not removed, because other files of this run failed/)
    expect(await files('backup')).toEqual(['a', 'b', 'fine'])
  })

  it('removes nothing where a directory of the source cannot be listed, and copies the rest', async () => {
    const { driver, storage } = trap()
    await storage.putContent('/lost+found/b', 'two')
    await storage.putContent('/z', 'z')
    driver.unlistable.add('/lost+found')
    const { code, stderr } = await stowage('sync', '--delete', 'trap:', work.url('backup'))
    expect([code, stderr]).toEqual([5, expect.stringMatching(/trap:#\/lost\+found: /)])
    expect(await files('backup')).toEqual(['a', 'b', 'z'])
    const shown = await stowage('sync', '-n', '--delete', 'trap:', work.url('backup'))
    expect([shown.code, shown.stdout]).toEqual([5, expect.stringMatching(/remove 0; 1 WOULD FAIL/)])
  })

  it('removes nothing where the source was replaced meanwhile, as by an unmounted disk', async () => {
    const { driver, storage } = trap()
    await work.write('src/a', 'a')
    await stowage('sync', './src', 'trap:')
    await storage.putContent('/z', 'z')
    driver.onListed = async () => {
      await rename(work.path('src'), work.path('elsewhere'))
      await mkdir(work.path('src'))
    }
    const { code, stderr } = await stowage('sync', '--delete', './src', 'trap:')
    expect([code, stderr]).toEqual([3, expect.stringMatching(/removed or replaced meanwhile/)])
    expect((await storage.stat('/z')).size).toBe(1)
  })

  it('keeps what stands in the way of a file that cannot be copied', async () => {
    const { driver, storage } = trap()
    await storage.putContent('/www', 'a file now')
    driver.unreadable.add('/www')
    expect((await stowage('sync', '--delete', 'trap:', work.url('backup'))).code).toBe(5)
    expect(await files('backup')).toEqual(['a', 'b'])
    driver.unreadable.clear()
    expect((await stowage('sync', '--delete', 'trap:', work.url('backup'))).code).toBe(0)
    expect(await readFile(work.path('backup/www'), 'utf8')).toBe('a file now')
    expect(await files('backup')).toEqual(['www'])
  })
})

describe('sync --delete of a file in whose way another stands', () => {
  it('keeps the old one where the destination cannot hold the name of the new one', async () => {
    const { storage } = trap()
    await storage.putContent(`/b/${'n'.repeat(300)}`, 'new')
    const { code, stderr } = await stowage('sync', '--delete', 'trap:', work.url('backup'))
    expect([code, stderr]).toEqual([5, expect.stringMatching(/invalid path/)])
    expect(await files('backup')).toEqual(['a', 'b'])
  })
})

describe('source and destination that overlap', () => {
  beforeEach(async () => {
    await work.write('tree/f1', '1')
    await work.write('tree/sub/f2', '2')
    await symlink('tree', work.path('link'))
  })
  const pairs: [string, string, string][] = [
    ['a tree and a storage in it', './tree', 'tree/backup'],
    ['a part and its whole', 'tree/sub', 'tree'],
    ['a whole and its part', 'tree', 'tree#/sub'],
    ['a tree and itself by a link', './link', 'tree'],
    ['a tree and a part of it by a link', 'tree', 'link/sub'],
    ['a path and a root', '.#/tree/sub', 'tree'],
    ['a tree and what is not there yet', 'link', 'tree#/new/deep'],
  ]
  const place = (text: string) =>
    text.startsWith('./')
      ? text
      : work.url(text.split('#')[0] ?? '') + (text.includes('#') ? `#${text.split('#')[1]}` : '')

  it.each(pairs)('are refused: %s', async (_, from, to) => {
    for (const command of [
      ['sync'],
      ['sync', '--delete', '--force'],
      ['sync', '-n'],
      ['cp', '-r'],
    ]) {
      const { code, stderr } = await stowage(...command, place(from), place(to))
      expect([code, stderr]).toEqual([2, expect.stringMatching(/beneath the other|are the same/)])
    }
    expect(await files('tree')).toEqual(['f1', 'f2'])
  })

  it('are refused by mv, put and get as well, and for single files', async () => {
    const f1 = work.url('tree', '#/f1')
    for (const args of [
      ['mv', './tree', work.url('link', '#/sub/x')],
      ['mv', work.url('link', '#/f1'), f1],
      ['put', '-r', 'tree', work.url('link', '#/x')],
      ['put', 'link/f1', f1],
      ['get', f1, 'link/f1'],
      ['get', '-r', work.url('tree'), 'link/sub'],
      ['cp', f1, './link/f1'],
    ]) {
      const { code, stderr } = await stowage(...args)
      expect([args, code, stderr]).toEqual([args, 2, expect.stringMatching(/other:|same:/)])
    }
    expect(await files('tree')).toEqual(['f1', 'f2'])
  })

  it('are not what only looks alike', async () => {
    expect((await stowage('sync', work.url('tree'), work.url('tree-2'))).code).toBe(0)
    expect((await stowage('cp', work.url('tree', '#/f1'), work.url('tree', '#/f11'))).code).toBe(0)
  })
})

describe('sync --dry-run', () => {
  it('counts a file that cannot be compared, and goes on', async () => {
    const { driver, storage } = trap()
    for (const name of ['/b', '/www/a']) await storage.putContent(name, 'abc')
    driver.unreadable.add('/b')
    const args = ['sync', '-n', '-c', '--delete', 'trap:', work.url('backup')]
    const { code, stdout, stderr } = await stowage(...args)
    expect([code, stderr]).toEqual([5, expect.stringMatching(/trap:#\/b: .*EACCES/)])
    expect(stdout).toMatch(/would copy .*www\/a[\s\S]*would remove 0; 1 WOULD FAIL/)
  })

  it('asks for the times of files ahead of their turn', async () => {
    const { driver, storage } = trap()
    for (const name of ['/b', '/www/a']) {
      await storage.putContent(name, 'abc', { modTime: new Date('2001-01-01') })
    }
    const second = Promise.withResolvers<void>()
    const { stat } = driver
    driver.stat = async (path, ...more) => {
      if (path === '/www/a') second.resolve()
      // Waits for ever where one is asked for after the other.
      if (path === '/b') await second.promise
      return stat.call(driver, path, ...more)
    }
    const { code, stdout } = await stowage('sync', '-n', 'trap:', work.url('backup'))
    expect([code, stdout]).toEqual([0, expect.stringMatching(/would copy 2 files/)])
  })
})

describe('mv to another storage', () => {
  it('counts as moved only what has gone', async () => {
    const { driver, storage } = trap()
    for (const name of ['/a', '/b']) await storage.putContent(name, 'old')
    const remove = driver.delete
    driver.delete = async (path, ...more) => {
      if (path === '/a') throw new PermissionError('EACCES', { path })
      return remove.call(driver, path, ...more)
    }
    const { code, json } = await stowage('mv', '--json', 'trap:', work.url('moved'))
    expect(code).toBe(5)
    expect(json.at(-1)).toMatchObject({ files: 1, bytes: 3, failed: 1 })
    expect((await storage.stat('/a')).size).toBe(3)
  })

  it('removes only what was copied, and keeps what changed after it was copied', async () => {
    const { driver, storage } = trap()
    for (const name of ['/a', '/b', '/c']) await storage.putContent(name, 'old')
    driver.unreadable.add('/a')
    let reads = 0
    driver.onRead = async (path) => {
      if (path === '/b' && reads++ < 5) await storage.putContent('/b', `new${reads}`)
    }
    const { code, stderr } = await stowage('mv', 'trap:', work.url('moved'))
    expect([code, stderr]).toEqual([5, expect.stringMatching(/trap:#\/a: [\s\S]*b was changed/)])
    const left: string[] = []
    for await (const path of storage.list('/')) left.push(path)
    expect(left).toEqual(['/a', '/b'])
    // What was stored of it is whole.
    expect(await files('moved')).toEqual(['b', 'c'])
  })
})

describe('times', () => {
  it('are kept, so that a sync there and back copies nothing', async () => {
    const { storage } = trap()
    await work.write('src/f', 'f')
    await utimes(work.path('src/f'), 1_000_000, 1_000_000.5)
    const sync = async (from: string, to: string) =>
      (await stowage('sync', '--json', from, to)).json.at(-1)
    expect(await sync('./src', 'trap:')).toMatchObject({ files: 1 })
    expect((await storage.stat('/f')).modTime).toEqual(new Date(1_000_000_500))
    expect(await sync('./src', 'trap:')).toMatchObject({ files: 0, unchanged: 1 })
    expect(await sync('trap:', './src')).toMatchObject({ files: 0, unchanged: 1 })
  })

  it('that are older are copied as well, where the size is the same', async () => {
    const { storage } = trap()
    await work.write('src/f', '1111')
    await stowage('sync', './src', 'trap:')
    await writeFile(work.path('src/f'), '2222')
    await utimes(work.path('src/f'), 1_000_000, 1_000_000)
    expect((await stowage('sync', '-n', './src', 'trap:')).stdout).toMatch(/would copy 1 file/)
    await stowage('sync', './src', 'trap:')
    expect(Buffer.from(await storage.getContent('/f')).toString()).toBe('2222')
  })
})

it('prints which uploads it removed before purge failed', async () => {
  const { driver } = trap()
  driver.purgeUploads = async function* (path) {
    yield { path: `${path}a`, startedAt: new Date(0) }
    throw new PermissionError('EACCES', { path })
  }
  const { code, stdout, stderr } = await runHere(['purge', 'trap:'], { cwd: '/' })
  expect(code).not.toBe(0)
  expect(stdout).toContain('removed the upload of trap:#/a')
  expect(stdout).toContain('removed 1 unfinished upload')
  expect(stderr).toContain('EACCES')
})
