import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { collect, failure, failures, Recording, temporaryFolder } from './recording.ts'

/** What the Go registry leaves after one push, one upload under way, and one deleted repository. */
function registryTree(root: string): Record<string, string> {
  const digest = createHash('sha256').update('layer').digest('hex')
  const top = '/docker/registry/v2'
  const repository = `${top}/repositories/library/alpine`
  const upload = `${repository}/_uploads/0b5c3d2e-6f1a-4c8b-9d7e-1a2b3c4d5e6f`
  const files = {
    [`${top}/blobs/sha256/${digest.slice(0, 2)}/${digest}/data`]: 'layer',
    [`${repository}/_layers/sha256/${digest}/link`]: `sha256:${digest}`,
    [`${repository}/_manifests/revisions/sha256/${digest}/link`]: `sha256:${digest}`,
    [`${repository}/_manifests/tags/latest/current/link`]: `sha256:${digest}`,
    [`${repository}/_manifests/tags/latest/index/sha256/${digest}/link`]: `sha256:${digest}`,
    [`${upload}/data`]: 'half of a la',
    [`${upload}/hashstates/sha256/12`]: 'sha\u0003',
    [`${upload}/startedat`]: '2026-11-24T08:00:00Z',
    [`${upload}/startedat.6a1f0c5e-1b2c-4d3e-8f90-a1b2c3d4e5f6.tmp`]: '2026-',
  }
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(root + path), { recursive: true })
    writeFileSync(root + path, content)
  }
  mkdirSync(`${root}${top}/repositories/gone/_layers/sha256`, { recursive: true })
  mkdirSync(`${root}${repository}/_uploads/empty`, { recursive: true })
  return files
}

describe('a directory written by the Go registry', () => {
  it('is read, listed and walked; directories without files are not there', async () => {
    const recording = new Recording()
    const files = registryTree(recording.root)
    const storage = recording.driver()
    const walked = await collect(storage.walk('/'))
    const found = walked.filter(({ isDir }) => !isDir).map(({ path }) => path)
    expect(new Set(found)).toEqual(new Set(Object.keys(files)))
    for (const [path, content] of Object.entries(files)) {
      expect(String(await storage.getContent(path))).toBe(content)
      expect((await storage.stat(path)).size).toBe(Buffer.byteLength(content))
    }
    const repositories = '/docker/registry/v2/repositories'
    expect(await collect(storage.list(repositories))).toEqual([`${repositories}/library`])
    expect(await failure(storage.stat(`${repositories}/gone`))).toMatchObject({
      code: 'PATH_NOT_FOUND',
    })
    expect(await failure(collect(storage.walk(`${repositories}/gone`)))).toMatchObject({
      code: 'PATH_NOT_FOUND',
    })
  })

  it('is extended: files where empty directories were, moves, deletes', async () => {
    const recording = new Recording()
    registryTree(recording.root)
    const storage = recording.driver()
    const repositories = '/docker/registry/v2/repositories'
    await storage.putContent(`${repositories}/gone`, 'a file now')
    expect(String(await storage.getContent(`${repositories}/gone`))).toBe('a file now')
    const upload = `${repositories}/library/alpine/_uploads/0b5c3d2e-6f1a-4c8b-9d7e-1a2b3c4d5e6f`
    await storage.move(`${upload}/data`, '/docker/registry/v2/blobs/sha256/ab/abcd/data')
    await storage.delete(upload)
    await storage.delete(`${repositories}/library`)
    expect(readdirSync(recording.root + repositories)).toEqual(['gone'])
  })

  it('an empty directory at the path of a writer or of a move is no obstacle', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    mkdirSync(`${recording.root}/a/b/c`, { recursive: true })
    mkdirSync(`${recording.root}/d/e/f`, { recursive: true })
    const writer = await storage.writer('/a')
    await writer.write(Buffer.from('content'))
    await writer.commit()
    await storage.move('/a', '/d')
    mkdirSync(`${recording.root}/x/y/z`, { recursive: true })
    await storage.putContent('/from/file', 'content')
    await storage.move('/from', '/x')
    expect(await collect(storage.list('/'))).toEqual(['/d', '/x'])
    expect(await failure(storage.delete('/a'))).toMatchObject({ code: 'PATH_NOT_FOUND' })
  })
})

describe('what this driver writes', () => {
  it('lies at its plain path with nothing beside it but staging', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/a/b', 'put')
    const writer = await storage.writer('/c')
    await writer.write(Buffer.from('written'))
    await writer.commit()
    expect(readFileSync(join(recording.root, 'a/b'), 'utf8')).toBe('put')
    expect(readFileSync(join(recording.root, 'c'), 'utf8')).toBe('written')
    expect(readdirSync(recording.root)).toEqual(['.stowage', 'a', 'c'])
    expect(readdirSync(join(recording.root, 'a'))).toEqual(['b'])
  })

  it('has the modes that were asked for, minus the umask', async () => {
    const mode = (path: string): number => statSync(path).mode & 0o777
    const umask = process.umask()
    for (const [parameters, file, directory] of [
      [{}, 0o666, 0o777],
      [{ fileMode: '0640', directoryMode: 0o750 }, 0o640, 0o750],
    ] as const) {
      const recording = new Recording()
      const storage = recording.driver(parameters)
      await storage.putContent('/dir/put', 'x')
      const writer = await storage.writer('/dir/written')
      await writer.commit()
      expect(mode(join(recording.root, 'dir/put'))).toBe(file & ~umask)
      expect(mode(join(recording.root, 'dir/written'))).toBe(file & ~umask)
      expect(mode(join(recording.root, 'dir'))).toBe(directory & ~umask)
      expect(mode(recording.root)).toBe(directory & ~umask)
    }
  })

  it('the root is made with the first write, with its parents; an absent root is an empty store', async () => {
    const root = join(temporaryFolder(), 'not/yet')
    const storage = new Recording(root).driver()
    expect(await collect(storage.list('/'))).toEqual([])
    expect(await collect(storage.walk('/'))).toEqual([])
    expect(await storage.stat('/')).toMatchObject({ isDir: true })
    expect(await storage.purgeUploads('/')).toEqual([])
    for (const error of await failures(
      storage.getContent('/a'),
      storage.delete('/a'),
      storage.move('/a', '/b'),
    )) {
      expect(error).toMatchObject({ code: 'PATH_NOT_FOUND' })
    }
    expect(existsSync(join(root, '..'))).toBe(false)
    await storage.putContent('/a', 'x')
    expect(readFileSync(join(root, 'a'), 'utf8')).toBe('x')
  })

  it('a root that is removed under an open driver is made again', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/a/b', 'x')
    await storage.delete('/a')
    rmSync(recording.root, { recursive: true })
    expect(await collect(storage.list('/'))).toEqual([])
    await storage.putContent('/a/b', 'y')
    expect(String(await storage.getContent('/a/b'))).toBe('y')
  })

  it('a root that is a file, or beneath one, is ConfigError', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    for (const root of [file, join(file, 'beneath')]) {
      const storage = new Recording(root).driver()
      const errors = await failures(storage.getContent('/a'), storage.putContent('/a', 'x'))
      expect(errors.map(({ code }) => code)).toEqual(['CONFIG', 'CONFIG'])
    }
  })

  it('the name of staging is refused everywhere', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/a', 'x')
    for (const path of ['/.stowage', '/.stowage/x', '/a/.stowage', '/a/.stowage/b']) {
      for (const error of await failures(
        storage.stat(path),
        storage.getContent(path),
        storage.putContent(path, 'x'),
        storage.writer(path),
        storage.move('/a', path),
        storage.move(path, '/b'),
        storage.delete(path),
        collect(storage.list(path)),
        collect(storage.walk(path)),
        storage.purgeUploads(path),
      )) {
        expect(error).toMatchObject({ code: 'INVALID_PATH' })
      }
    }
    await storage.putContent('/.stowage-not/.stowaged', 'x')
  })

  it('a directory without permission is PermissionError, whoever asks', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/closed/file', 'x')
    chmodSync(dirname(recording.root), 0o755)
    chmodSync(recording.root, 0o755)
    chmodSync(join(recording.root, 'closed'), 0)
    // Nothing is forbidden to root: it becomes somebody else.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    try {
      const errors = await failures(
        storage.stat('/closed/file'),
        storage.getContent('/closed/file'),
        storage.putContent('/closed/file', 'y'),
        collect(storage.list('/closed')),
        collect(storage.walk('/')),
      )
      const codes = errors.map(({ code }) => code)
      expect(codes).toEqual(Array.from({ length: 5 }, () => 'PERMISSION_DENIED'))
    } finally {
      if (isRoot) process.seteuid?.(0)
      chmodSync(join(recording.root, 'closed'), 0o755)
    }
    expect(String(await storage.getContent('/closed/file'))).toBe('x')
  })
})

describe('the rules of other platforms', () => {
  it('names that Windows cannot hold are refused there, and only there', async () => {
    const names = ['con', 'NUL.txt', 'com1', 'dot.', 'space ', 'a:b', 'a\\b', 'what?', '"', 'a|b']
    const here = new Recording().driver()
    const windows = new Recording().driver({}, 'win32')
    for (const name of names) {
      expect(await failure(windows.stat(`/dir/${name}`))).toMatchObject({ code: 'INVALID_PATH' })
      await here.putContent(`/dir/${name}`, 'x')
    }
    for (const name of ['console', 'com10', 'a.b', 'ä']) await windows.putContent(`/${name}`, 'x')
    expect(windows.capabilities).toMatchObject({ caseSensitive: false, snapshotReads: false })
  })

  it('macOS takes cases and normal forms for one, and names beyond ASCII are stored there', async () => {
    const storage = new Recording().driver({}, 'darwin')
    const { caseSensitive, normalizationSensitive, unicodePaths } = storage.capabilities
    expect([caseSensitive, normalizationSensitive, unicodePaths]).toEqual([false, false, true])
    await storage.putContent('/ä', 'x')
    expect(String(await storage.getContent('/ä'))).toBe('x')
  })

  it('every name that some volume takes for that of staging is refused on all of them', async () => {
    const storage = new Recording().driver()
    const names = [
      '.STOWAGE',
      '.Stowage',
      '.\u017ftowage',
      '.stow\u200bage',
      '.stowage.',
      '.stowage ',
    ]
    for (const name of [...names, '.\uff53towage', 'STOWAG~1', 'stowag~12']) {
      for (const path of [`/${name}`, `/a/${name}/b`]) {
        expect(await failure(storage.putContent(path, 'x'))).toMatchObject({ code: 'INVALID_PATH' })
      }
    }
    for (const name of ['stowage', '.stowages', '.stowage.d', 'stowag~']) {
      await storage.putContent(`/${name}`, 'x')
    }
  })

  it('files that others removed while they were open are not there', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/a/b', 'x')
    for (const name of ['.fuse_hidden0000000300000001', '.nfs00000000012345670000000a']) {
      writeFileSync(join(recording.root, 'a', name), 'gone')
    }
    expect(await collect(storage.list('/a'))).toEqual(['/a/b'])
    await storage.delete('/a/b')
    expect(await failure(storage.stat('/a'))).toMatchObject({ code: 'PATH_NOT_FOUND' })
  })
})

describe('a directory that moves onto another one', () => {
  it('has its files where the other one had directories, and the other way round', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/from/same', 'new')
    await storage.putContent('/from/was-directory', 'new')
    await storage.putContent('/from/was-file/deep', 'new')
    await storage.putContent('/to/same', 'old')
    await storage.putContent('/to/was-directory/a/b', 'old')
    await storage.putContent('/to/was-file', 'old')
    await storage.putContent('/to/obsolete/a', 'old')
    await storage.move('/from', '/to')
    const files = (await collect(storage.walk('/'))).filter(({ isDir }) => !isDir)
    const expected = ['/to/same', '/to/was-directory', '/to/was-file/deep']
    expect(files.map(({ path }) => path)).toEqual(expected)
    for (const path of expected) expect(String(await storage.getContent(path))).toBe('new')
    expect(readdirSync(recording.root)).toEqual(['.stowage', 'to'])
  })

  it('leaves every file old or new when it fails on the way', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    const names = ['a', 'b', 'c', 'd']
    for (const name of names) {
      await storage.putContent(`/from/${name}`, `new ${name}`)
      await storage.putContent(`/to/${name}`, `old ${name}`)
    }
    recording.fault = ({ text }) => {
      if (text === 'rename /from/c -> /to/c') throw Object.assign(new Error(), { code: 'EIO' })
      return undefined
    }
    expect(await failure(storage.move('/from', '/to'))).toMatchObject({ code: 'DRIVER' })
    const contents = await Promise.all(names.map((name) => storage.getContent(`/to/${name}`)))
    expect(contents.map(String)).toEqual(['new a', 'new b', 'old c', 'old d'])
    expect(await collect(storage.list('/from'))).toEqual(['/from/c', '/from/d'])
    recording.fault = () => undefined
    await storage.move('/from/c', '/to/c')
  })
})
