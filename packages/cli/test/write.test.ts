import { existsSync } from 'node:fs'
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { bytesOf, Workspace } from './helpers/stowage.ts'

let work: Workspace
const big = bytesOf(2, 200_000)

beforeAll(async () => {
  work = await Workspace.create()
  await work.write('src/a.txt', 'a\n')
  await work.write('src/sub/b.bin', big)
  await work.write('src/sub/empty', '')
})
afterAll(() => work.remove())

const text = (name: string): Promise<string> => readFile(work.path(name), 'utf8')

describe('put', () => {
  it('stores a file under the name given, or keeps its own beneath a final slash', async () => {
    const named = await work.run(['put', 'src/a.txt', work.url('put', '#/x/renamed')])
    expect(named).toMatchObject({ code: 0, stdout: '' })
    expect(named.stderr).toMatch(/^copied .*a\.txt to fs:.*#\/x\/renamed \(2 B\)\ncopied 1 file/)
    await work.run(['put', './src/a.txt', work.url('put', '#/x/')])
    expect([await text('put/x/renamed'), await text('put/x/a.txt')]).toEqual(['a\n', 'a\n'])
  })

  it('stores a directory with -r, and says so in JSON', async () => {
    const { code, json } = await work.run(['put', '-r', '--json', 'src', work.url('put', '#/tree')])
    expect(code).toBe(0)
    const copied = json.filter(({ type }) => type === 'copied')
    expect(copied.map(({ bytes }) => bytes).sort((a, b) => Number(a) - Number(b))).toEqual([
      0, 2, 200_000,
    ])
    expect(json.at(-1)).toMatchObject({ type: 'summary', files: 3, bytes: 200_002, failed: 0 })
    expect((await readFile(work.path('put/tree/sub/b.bin'))).equals(big)).toBe(true)
  })

  it('stores standard input', async () => {
    const target = work.url('put', '#/stdin')
    const { code, json } = await work.run(['put', '-', target, '--json'], { input: big })
    expect(code).toBe(0)
    expect(json).toEqual([{ type: 'copied', source: '-', destination: target, bytes: 200_000 }])
    expect((await readFile(work.path('put/stdin'))).equals(big)).toBe(true)
  })

  it('follows a symbolic link that is named', async () => {
    await symlink(work.path('src/a.txt'), work.path('link'))
    expect((await work.run(['put', 'link', work.url('put', '#/')])).code).toBe(0)
    expect(await text('put/link')).toBe('a\n')
  })
})

describe('put of a directory', () => {
  it('tells of links that it leaves out', async () => {
    await work.write('links/a', 'a')
    await symlink(work.path('src/a.txt'), work.path('links/out'))
    const { code, stderr } = await work.run(['put', '-r', './links', work.url('put', '#/links')])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^left out .*out \(a link out of the directory/m)
    expect((await work.run(['ls', work.url('put', '#/links')])).stdout).toBe('a\n')
  })

  const onLinux = process.platform === 'linux' ? it : it.skip
  onLinux('reports files whose names no storage can hold, and stores the others', async () => {
    await work.write('names/good', 'good')
    await work.write('names/d/line\nbreak', 'bad')
    await writeFile(Buffer.from(`${work.path('names')}/\xff`, 'latin1'), 'bad')
    const { code, errors } = await work.run([
      'put',
      '-r',
      '-q',
      '--json',
      './names',
      work.url('put', '#/n'),
    ])
    expect(code).toBe(5)
    const told = errors.map(({ message, hint }) => [message, hint])
    expect(told).toHaveLength(2)
    const control = /line\\u000abreak \(a path has no control characters\)$/
    expect(told).toContainEqual([expect.stringMatching(control), 'rename it'])
    expect(told).toContainEqual([expect.stringMatching(/well-formed Unicode/), 'rename it'])
    expect((await work.run(['ls', work.url('put', '#/n')])).stdout).toBe('good\n')
  })
})

describe('get', () => {
  it('fetches a file under its name, another one, or to standard output', async () => {
    const file = work.url('src', '#/sub/b.bin')
    await work.run(['get', file])
    await work.run(['get', file, 'got/other'])
    for (const name of ['b.bin', 'got/other']) {
      expect((await readFile(work.path(name))).equals(big)).toBe(true)
    }
    const { bytes, stderr } = await work.run(['get', file, '-'])
    expect([bytes.equals(big), stderr]).toEqual([true, ''])
  })

  it('fetches a directory, and leaves nothing else there', async () => {
    expect((await work.run(['get', '-r', '-q', work.url('src'), 'all'])).stderr).toBe('')
    const names = await readdir(work.path('all'), { recursive: true })
    expect(names.map((name) => name.replaceAll('\\', '/')).sort()).toEqual([
      'a.txt',
      'sub',
      'sub/b.bin',
      'sub/empty',
    ])
    expect(await readdir(work.directory)).not.toContain('.stowage')
  })
})

describe('cp', () => {
  it('copies within a storage, to another one and to local files', async () => {
    await work.run(['cp', work.url('src', '#/a.txt'), work.url('cp', '#/one/')])
    await work.run(['cp', '-s', work.url('cp'), '/one/a.txt', '/two'])
    await work.run(['cp', '-r', work.url('cp', '#/'), './cp-local'])
    expect(await text('cp-local/one/a.txt')).toBe('a\n')
    expect(await text('cp-local/two')).toBe('a\n')
  })

  it('copies between storages that stowage.yml names', async () => {
    await work.write(
      'named/stowage.yml',
      `storages:\n  from: {fs: {rootDirectory: ${JSON.stringify(work.path('src'))}}}\n  to: ${work.url('named-to')}\ndefault: from\n`,
    )
    const options = { cwd: work.path('named') }
    await work.run(['trust'], options)
    const { code, json } = await work.run(['cp', '-r', '/sub', 'to:/x/', '--json'], options)
    expect(code).toBe(0)
    expect(json[0]).toMatchObject({ destination: expect.stringMatching(/^to:\/x\/sub\//) })
    expect((await work.run(['ls', 'to:/x/sub'], options)).stdout).toBe('b.bin\nempty\n')
    expect((await work.run(['ls'], options)).stdout).toBe('a.txt\nsub/\n')
  })

  it('refuses a directory without -r, and a tree into itself', async () => {
    const plain = await work.run(['cp', work.url('src', '#/sub'), work.url('cp', '#/sub')])
    expect(plain).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is a directory; add -r/),
    })
    const nested = await work.run(['cp', '-r', '-s', work.url('src'), '/', '/inside'])
    expect(nested).toMatchObject({ code: 2, stderr: expect.stringMatching(/beneath the other/) })
  })
})

describe('mv', () => {
  it('moves within a storage', async () => {
    await work.write('mv/dir/f', 'f')
    const run = await work.run(['mv', '--json', '-s', work.url('mv'), '/dir', '/new/dir'])
    expect(run.json).toEqual([{ type: 'moved', source: '/dir', destination: '/new/dir' }])
    expect(await text('mv/new/dir/f')).toBe('f')
  })

  it('moves a tree to another storage, comparing every copy', async () => {
    await work.write('mv/away/f', 'f')
    await work.write('mv/away/g/h', 'h')
    const run = await work.run(['mv', '--json', work.url('mv', '#/away'), work.url('mv2', '#/')])
    expect(run.json.filter(({ type }) => type === 'copied')).toEqual([
      expect.objectContaining({ verified: true }),
      expect.objectContaining({ verified: true }),
    ])
    expect([existsSync(work.path('mv/away')), await text('mv2/away/g/h')]).toEqual([false, 'h'])
  })

  it('keeps a file whose destination is the same file by another name', async () => {
    await work.write('mv/same', 'precious')
    const run = await work.run(['mv', work.url('mv', '#/same'), work.url('.', '#/mv/same')])
    expect(run).toMatchObject({ code: 2, stderr: expect.stringMatching(/are the same/) })
    expect(await text('mv/same')).toBe('precious')
  })
})

describe('rm', () => {
  it('removes files, and directories with -r', async () => {
    await work.write('rm/a', 'a')
    await work.write('rm/d/b', 'b')
    const refused = await work.run(['rm', '-s', work.url('rm'), '/a', '/d'])
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/\/d is a directory/) })
    expect(existsSync(work.path('rm/a'))).toBe(true)
    const done = await work.run(['rm', '-r', '--json', '-s', work.url('rm'), '/a', '/d'])
    expect(done.json).toEqual([
      { type: 'removed', path: '/a' },
      { type: 'removed', path: '/d' },
    ])
    expect((await work.run(['ls', work.url('rm')])).stdout).toBe('')
  })

  it('only shows what it would remove with --dry-run', async () => {
    await work.write('rm/d/b', 'bb')
    const { stdout } = await work.run(['rm', '-rn', '-s', work.url('rm'), '/d'])
    expect(stdout).toBe('would remove /d/b\nwould remove 1 file, 2 B\n')
    expect(await text('rm/d/b')).toBe('bb')
  })

  it('refuses the root, and with -f accepts what is not there', async () => {
    const root = await work.run(['rm', '-rf', work.url('rm')])
    expect(root).toMatchObject({ code: 2, stderr: expect.stringMatching(/root .* not removed/) })
    expect((await work.run(['rm', work.url('rm', '#/nope')])).code).toBe(3)
    expect((await work.run(['rm', '-f', work.url('rm', '#/nope')])).code).toBe(0)
  })
})
