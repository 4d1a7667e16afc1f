import { execFileSync } from 'node:child_process'
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { Workspace } from './helpers/stowage.ts'

/** Of GNU coreutils: not everywhere. */
const SHA256SUM = 'sha256sum'

let work: Workspace
const names = async (storage: string): Promise<string[]> =>
  (await work.run(['ls', '-r', '--json', storage])).json
    .filter(({ type }) => type === 'file')
    .map(({ path }) => String(path))

beforeEach(async () => {
  work = await Workspace.create()
  await work.write('src/a', 'aaa')
  await work.write('src/d/b', 'bbb')
  await work.write('src/d-e', 'eee')
})
afterEach(() => work.remove())

describe('sync', () => {
  it('copies what is missing or changed, and then nothing', async () => {
    const sync = ['sync', '--json', './src', work.url('dst', '#/x')]
    expect((await work.run(sync)).json.at(-1)).toMatchObject({ files: 3, unchanged: 0 })
    expect(await names(work.url('dst'))).toEqual(['/x/a', '/x/d-e', '/x/d/b'])
    expect((await work.run(sync)).json.at(-1)).toMatchObject({ files: 0, unchanged: 3 })
    await work.write('src/a', 'longer')
    const { json } = await work.run(sync)
    expect(json.at(-1)).toMatchObject({ files: 1, unchanged: 2, deleted: 0, failed: 0 })
    expect(await readFile(work.path('dst/x/a'), 'utf8')).toBe('longer')
  })

  it('copies what has another time, and with --checksum what is other', async () => {
    const sync = ['sync', '--json', './src', work.url('dst')]
    await work.run(sync)
    const { mtime } = await stat(work.path('dst/a'))
    await writeFile(work.path('dst/a'), 'AAA')
    await utimes(work.path('dst/a'), mtime, mtime)
    expect((await work.run(sync)).json.at(-1)).toMatchObject({ files: 0 })
    expect((await work.run([...sync, '-c'])).json.at(-1)).toMatchObject({ files: 1, unchanged: 2 })
    for (const time of [new Date(Date.now() + 60_000), new Date('2020-01-01')]) {
      await utimes(work.path('src/d/b'), time, time)
      expect((await work.run(sync)).json.at(-1)).toMatchObject({ files: 1 })
      expect((await stat(work.path('dst/d/b'))).mtime).toEqual(time)
    }
    const back = ['sync', '--json', work.url('dst'), './src']
    expect((await work.run(back)).json.at(-1)).toMatchObject({ files: 0, unchanged: 3 })
  })

  it('keeps every time that a file can have, and copies nothing the second time', async () => {
    const sync = ['sync', '--json', './src', work.url('dst')]
    for (const time of ['1970-01-01', '1950-01-01', '2099-01-01', '1970-01-01T00:00:00.5Z']) {
      await utimes(work.path('src/a'), new Date(time), new Date(time))
      expect((await work.run(sync)).json.at(-1)).toMatchObject({ failed: 0 })
      expect((await work.run(sync)).json.at(-1)).toMatchObject({ files: 0, unchanged: 3 })
    }
  })

  it('shows what it would do with --dry-run', async () => {
    const copied = await work.write('dst/a', 'aaa')
    const { mtime } = await stat(work.path('src/a'))
    await utimes(copied, mtime, mtime)
    await work.write('dst/old', 'o')
    const { code, stdout } = await work.run(['sync', '-n', '--delete', './src', work.url('dst')])
    expect(code).toBe(0)
    expect(stdout.replaceAll(/fs:\S*#/g, '')).toBe(
      'would copy /d-e (3 B)\nwould copy /d/b (3 B)\nwould remove /old\n' +
        'would copy 2 files, 6 B; 1 unchanged; would remove 1\n',
    )
    expect(await names(work.url('dst'))).toEqual(['/a', '/old'])
  })

  it('removes what the source does not have only with --delete', async () => {
    await work.write('dst/old/x', 'o')
    await work.run(['sync', './src', work.url('dst')])
    expect(await names(work.url('dst'))).toContain('/old/x')
    const { json } = await work.run(['sync', '--json', '--delete', './src', work.url('dst')])
    expect(json.at(-1)).toMatchObject({ deleted: 1, unchanged: 3 })
    expect(await names(work.url('dst'))).toEqual(['/a', '/d-e', '/d/b'])
  })

  it('replaces a file by a directory and the reverse with --delete', async () => {
    await work.write('dst/d', 'was a file')
    await work.write('dst/a/x', 'was in a directory')
    const plain = await work.run(['sync', './src', work.url('dst')])
    expect(plain).toMatchObject({ code: 5, stderr: expect.stringMatching(/invalid path/) })
    expect((await work.run(['sync', '--delete', './src', work.url('dst')])).code).toBe(0)
    expect(await names(work.url('dst'))).toEqual(['/a', '/d-e', '/d/b'])
  })

  it('brings a local directory up to date as well', async () => {
    await work.run(['sync', work.url('src'), './out'])
    expect(await readFile(work.path('out/d/b'), 'utf8')).toBe('bbb')
  })
})

describe('verify', () => {
  it('finds nothing between equal trees', async () => {
    await work.run(['sync', './src', work.url('dst')])
    const { code, stdout, stderr } = await work.run(['verify', './src', work.url('dst')])
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(/^compared 3 files, 18 B in .*; 0 differences\n$/)
  })

  it('names every difference and ends with 5', async () => {
    await work.run(['sync', './src', work.url('dst')])
    await writeFile(work.path('dst/a'), 'AAA')
    await writeFile(work.path('dst/d-e'), 'longer')
    await rm(work.path('dst/d/b'))
    await work.write('dst/new', '')
    const { code, json } = await work.run(['verify', '--json', './src', work.url('dst')])
    expect(code).toBe(5)
    const found = json.filter(({ type }) => type === 'difference')
    const plain = found.map(
      ({ difference, path }) => `${difference} ${String(path).replace(/.*#/, '')}`,
    )
    expect(plain.sort()).toEqual(['content /a', 'extra /new', 'missing /d/b', 'size /d-e'])
    expect(json.at(-1)).toMatchObject({ type: 'summary', differences: 4, failed: 0 })
    const sizes = await work.run(['verify', '--sizes', '--json', './src', work.url('dst')])
    expect(sizes.json.at(-1)).toMatchObject({ differences: 3, bytes: 0 })
  })

  it('writes and reads manifests that sha256sum understands', async () => {
    const written = await work.run(['verify', '-w', 'sums', work.url('src')])
    expect([written.code, written.stdout]).toEqual([0, ''])
    if (process.platform === 'linux') {
      execFileSync(SHA256SUM, ['--quiet', '-c', '../sums'], { cwd: work.path('src') })
    }
    expect((await work.run(['verify', '-m', 'sums', './src'])).code).toBe(0)
    await writeFile(work.path('src/a'), 'AAA')
    await rm(work.path('src/d-e'))
    await work.write('src/z', '')
    const { code, stdout } = await work.run(['verify', '-m', 'sums', work.url('src')])
    expect(code).toBe(5)
    const plain = stdout
      .replaceAll(/fs:\S*#/g, '')
      .trim()
      .split('\n')
    expect(plain.sort()).toEqual(['extra: /z', 'missing: /d-e', 'other content: /a'])
  })

  it('refuses a manifest that is none, and wants one thing to do', async () => {
    await work.write('bad', 'not a sum\n')
    const bad = await work.run(['verify', '-m', 'bad', './src'])
    expect(bad).toMatchObject({ code: 2, stderr: expect.stringMatching(/bad, line 1: not a/) })
    expect((await work.run(['verify', './src'])).code).toBe(2)
    expect((await work.run(['verify', './src', './src', '-m', 'bad'])).code).toBe(2)
  })
})
