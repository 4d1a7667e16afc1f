import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import type { StorageDriver } from '@stowage/core'
import { collect, failure, failures, Recording, shell, temporaryFolder } from './recording.ts'

interface Fixture {
  readonly storage: StorageDriver
  readonly root: string
  readonly outside: string
}

/** A root with links to a file and to a directory, inside, outside and to nothing. */
async function links(): Promise<Fixture> {
  const recording = new Recording()
  const { root } = recording
  const outside = temporaryFolder()
  writeFileSync(join(outside, 'secret'), 'secret')
  mkdirSync(join(outside, 'sub'))
  writeFileSync(join(outside, 'sub/secret'), 'secret')
  const storage = recording.driver()
  await storage.putContent('/dir/file', 'inside')
  symlinkSync('dir/file', join(root, 'to-file'))
  symlinkSync('dir', join(root, 'to-dir'))
  symlinkSync(join(outside, 'secret'), join(root, 'out-file'))
  symlinkSync(outside, join(root, 'out-dir'))
  symlinkSync('nothing', join(root, 'to-nothing'))
  symlinkSync('to-itself', join(root, 'to-itself'))
  symlinkSync('.stowage/secret', join(root, 'to-staging'))
  writeFileSync(join(root, '.stowage/secret'), 'staged')
  return { storage, root, outside }
}

/** Links that are nothing for callers. */
const NOTHING = ['/to-dir', '/out-file', '/out-dir', '/to-nothing', '/to-itself', '/to-staging']

describe('symbolic links', () => {
  it('a link to a file inside the root is read, listed and walked as that file', async () => {
    const { storage } = await links()
    expect(String(await storage.getContent('/to-file'))).toBe('inside')
    expect(Buffer.concat(await collect(await storage.reader('/to-file'))).toString()).toBe('inside')
    expect(await storage.stat('/to-file')).toMatchObject({ size: 6, isDir: false })
    expect(await collect(storage.list('/'))).toEqual(['/dir', '/to-file'])
    const walked = await collect(storage.walk('/'))
    expect(walked.map(({ path }) => path)).toEqual(['/dir', '/dir/file', '/to-file'])
    expect(walked.at(-1)).toMatchObject({ size: 6 })
  })

  it('every other link is nothing, and nothing is behind it', async () => {
    const { storage } = await links()
    const paths = [
      ...NOTHING,
      '/out-dir/secret',
      '/out-dir/sub',
      '/out-dir/sub/secret',
      '/to-dir/file',
      '/to-nothing/x',
    ]
    for (const path of paths) {
      for (const error of await failures(
        storage.stat(path),
        storage.getContent(path),
        storage.reader(path),
        storage.move(path, '/moved'),
        storage.writer(path, { append: true }),
        collect(storage.list(path)),
        collect(storage.walk(path)),
      )) {
        expect([path, error.code]).toEqual([path, 'PATH_NOT_FOUND'])
      }
    }
  })

  it('nothing is written, moved or made behind a link', async () => {
    const { storage, root, outside } = await links()
    for (const link of ['/out-dir', '/to-dir', '/to-nothing']) {
      for (const path of [`${link}/new`, `${link}/deep/new`, `${link}/sub/secret`]) {
        for (const error of await failures(
          storage.putContent(path, 'x'),
          storage.writer(path),
          storage.move('/dir/file', path),
        )) {
          expect(error).toMatchObject({ code: 'INVALID_PATH', path })
        }
      }
    }
    expect(readdirSync(outside)).toEqual(['secret', 'sub'])
    expect(readFileSync(join(outside, 'sub/secret'), 'utf8')).toBe('secret')
    expect(existsSync(join(root, 'nothing'))).toBe(false)
    expect(readdirSync(join(root, 'dir'))).toEqual(['file'])
  })

  it('a file that is written where a link is replaces the link, never what it leads to', async () => {
    const { storage, root, outside } = await links()
    for (const path of ['/out-file', '/out-dir', '/to-file']) {
      await storage.putContent(path, 'new')
      expect(lstatSync(root + path).isFile()).toBe(true)
      expect(String(await storage.getContent(path))).toBe('new')
    }
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret')
    expect(String(await storage.getContent('/dir/file'))).toBe('inside')
  })

  it('delete removes the link, never what it leads to', async () => {
    const { storage, root, outside } = await links()
    for (const path of ['/to-file', ...NOTHING]) {
      await storage.delete(path)
      expect(lstatSync(root + path, { throwIfNoEntry: false })).toBeUndefined()
    }
    mkdirSync(join(root, 'tree'))
    symlinkSync(outside, join(root, 'tree/out'))
    await storage.delete('/tree')
    expect(await failure(storage.delete('/out-dir/secret'))).toMatchObject({
      code: 'PATH_NOT_FOUND',
    })
    expect(readdirSync(outside)).toEqual(['secret', 'sub'])
    expect(String(await storage.getContent('/dir/file'))).toBe('inside')
  })

  it('a moved link to a file takes the content along, also when it was relative', async () => {
    const { storage, root } = await links()
    await storage.move('/to-file', '/other/place')
    expect(String(await storage.getContent('/other/place'))).toBe('inside')
    expect(String(await storage.getContent('/dir/file'))).toBe('inside')
    expect(existsSync(join(root, 'to-file'))).toBe(false)
  })

  it('a directory that becomes a link while the driver is open is no way out', async () => {
    const { storage, root, outside } = await links()
    rmSync(join(root, 'dir'), { recursive: true })
    symlinkSync(outside, join(root, 'dir'))
    expect(await failure(storage.putContent('/dir/new', 'x'))).toMatchObject({
      code: 'INVALID_PATH',
    })
    expect(await failure(storage.getContent('/dir/secret'))).toMatchObject({
      code: 'PATH_NOT_FOUND',
    })
    expect(readdirSync(outside)).toEqual(['secret', 'sub'])
  })

  it('so is one above it', async () => {
    const { storage, root, outside } = await links()
    await storage.putContent('/above/sub/file', 'x')
    renameSync(join(root, 'above'), join(root, 'aside'))
    symlinkSync(outside, join(root, 'above'))
    const write = await failure(storage.putContent('/above/sub/secret', 'x'))
    expect(write).toMatchObject({ code: 'INVALID_PATH' })
    const read = await failure(storage.getContent('/above/sub/secret'))
    expect(read).toMatchObject({ code: 'PATH_NOT_FOUND' })
    expect(readFileSync(join(outside, 'sub/secret'), 'utf8')).toBe('secret')
  })

  it('staging that leads elsewhere is refused, and nothing is removed there', async () => {
    const outside = temporaryFolder()
    const names = ['temporary', 'uploads/file/.stowage', 'uploads/dir/file']
    for (const name of names) mkdirSync(join(outside, name), { recursive: true })
    writeFileSync(join(outside, 'uploads/dir/file/kept'), 'kept')
    const before = readdirSync(outside, { recursive: true })
    for (const link of ['.stowage', '.stowage/temporary', '.stowage/uploads']) {
      const recording = new Recording()
      const target = join(outside, link.slice('.stowage'.length))
      mkdirSync(dirname(join(recording.root, link)), { recursive: true })
      symlinkSync(target, join(recording.root, link))
      const storage = recording.driver()
      const put = storage.putContent('/file', 'x')
      if (link.endsWith('uploads')) await put
      else expect(await failure(put)).toMatchObject({ code: 'INVALID_PATH' })
      const writer = storage.writer('/file')
      if (link.endsWith('temporary')) await (await writer).close()
      else expect(await failure(writer)).toMatchObject({ code: 'INVALID_PATH' })
      expect(await failure(storage.delete('/dir'))).toMatchObject({ code: 'PATH_NOT_FOUND' })
      await storage.purgeUploads('/', { olderThan: new Date(Date.now() + 60_000) })
    }
    expect(readdirSync(outside, { recursive: true })).toEqual(before)
  })

  it('the root itself may be a link', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'real'))
    symlinkSync('real', join(folder, 'link'))
    const storage = new Recording(join(folder, 'link')).driver()
    await storage.putContent('/a/b', 'x')
    expect(readFileSync(join(folder, 'real/a/b'), 'utf8')).toBe('x')
    expect(await collect(storage.list('/a'))).toEqual(['/a/b'])
  })
})

describe('hard links', () => {
  it('a file that moves to its own other name leaves the old one', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    for (const [source, destination] of [
      ['/dir/file', '/dir/other'],
      ['/dir/File', '/dir/file'],
      ['/dir/file', '/elsewhere'],
    ] as const) {
      await storage.putContent(source, source)
      linkSync(recording.root + source, recording.root + destination)
      await storage.move(source, destination)
      expect(await failure(storage.stat(source))).toMatchObject({ code: 'PATH_NOT_FOUND' })
      expect(String(await storage.getContent(destination))).toBe(source)
      await storage.delete(destination)
    }
  })

  it('so do the files of a directory that moves into another one', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    for (const path of ['/from/file', '/from/new', '/to/old']) await storage.putContent(path, path)
    linkSync(join(recording.root, 'from/file'), join(recording.root, 'to/file'))
    await storage.move('/from', '/to')
    expect(await collect(storage.walk('/'))).toMatchObject([
      { path: '/to' },
      { path: '/to/file', size: 10 },
      { path: '/to/new' },
    ])
    expect(existsSync(join(recording.root, 'from'))).toBe(false)
  })
})

describe('what is no file', () => {
  it('pipes and sockets are nothing, and nobody waits for them', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/dir/file', 'x')
    shell(`mkfifo '${recording.root}/pipe'`)
    mkdirSync(join(recording.root, 'only'))
    const server = createServer()
    await new Promise<void>((done) => server.listen(join(recording.root, 'only/socket'), done))
    try {
      for (const path of ['/pipe', '/only/socket', '/only']) {
        for (const error of await failures(
          storage.getContent(path),
          storage.reader(path),
          storage.stat(path),
        )) {
          expect(error).toMatchObject({ code: 'PATH_NOT_FOUND' })
        }
      }
      expect(await collect(storage.list('/'))).toEqual(['/dir'])
      expect((await collect(storage.walk('/'))).map(({ path }) => path)).toEqual([
        '/dir',
        '/dir/file',
      ])
      expect(recording.open).toEqual([])
    } finally {
      server.close()
    }
  })

  it('names that are no paths are left out and break nothing, and a delete removes them', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/dir/file', 'x')
    await storage.putContent('/dir/\ufffd', 'x')
    writeFileSync(join(recording.root, 'dir/line\nbreak'), '')
    const bytes = Buffer.concat([Buffer.from(`${recording.root}/dir/`), Buffer.from([0xff, 0x61])])
    writeFileSync(bytes, '')
    const files = ['/dir/file', '/dir/\ufffd']
    expect(await collect(storage.list('/dir'))).toEqual(files)
    const walked = await collect(storage.walk('/dir'))
    expect(walked.map(({ path }) => path)).toEqual(files)
    await storage.delete('/dir')
    expect(existsSync(join(recording.root, 'dir'))).toBe(false)
  })
})

const onPosix = process.platform === 'win32' ? it.skip : it
onPosix('nothing replaces a pipe, a socket or a device', async () => {
  const recording = new Recording()
  const storage = recording.driver()
  await storage.putContent('/file', 'content')
  shell(`mkfifo '${recording.root}/pipe'`)
  const detail = expect.stringContaining('/pipe (a device, a pipe or a socket is there)')
  const refused = { code: 'INVALID_PATH', message: detail }
  expect(await failure(storage.putContent('/pipe', 'x'))).toMatchObject(refused)
  expect(await failure(storage.writer('/pipe'))).toMatchObject(refused)
  expect(await failure(storage.move('/file', '/pipe'))).toMatchObject(refused)
  expect(lstatSync(join(recording.root, 'pipe')).isFIFO()).toBe(true)
  expect(String(await storage.getContent('/file'))).toBe('content')
})
