import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { bytesOf, Workspace } from './helpers/stowage.ts'

let work: Workspace
const big = bytesOf(1, 300_000)

beforeAll(async () => {
  work = await Workspace.create()
  await work.write('data/docs/a.txt', 'first\n')
  await work.write('data/docs/sub/b c.txt', 'second\n')
  await work.write('data/docs-2/é.txt', 'third\n')
  await work.write('data/big.bin', big)
})
afterAll(() => work.remove())

describe('ls', () => {
  it('lists the root of a storage in key order, directories with a slash', async () => {
    const { code, stdout, stderr } = await work.run(['ls', work.url('data')])
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'big.bin\ndocs-2/\ndocs/\n',
      stderr: '',
    })
  })

  it('lists everything beneath a directory, with sizes and times', async () => {
    const { code, stdout } = await work.run(['ls', '-lr', work.url('data', '#/docs')])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ {11}6 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}a\.txt$/m)
    expect(stdout).toMatch(/^ {11}- {2}- +sub\/$/m)
    expect(stdout).toMatch(/sub\/b c\.txt$/m)
  })

  it('names a file, and takes the storage from an option or the environment', async () => {
    const option = await work.run(['ls', '-s', work.url('data'), '/docs/a.txt'])
    expect(option.stdout).toBe('/docs/a.txt\n')
    const env = { STOWAGE_STORAGE: work.url('data') }
    const environment = await work.run(['ls', '/docs/sub/'], { env })
    expect(environment.stdout).toBe('b c.txt\n')
  })

  it('writes a JSON object a line', async () => {
    const { json } = await work.run(['ls', '--json', work.url('data')])
    expect(json).toEqual([
      {
        type: 'file',
        path: '/big.bin',
        size: 300_000,
        modTime: expect.stringMatching(/^\d{4}-.*Z$/),
      },
      { type: 'directory', path: '/docs-2' },
      { type: 'directory', path: '/docs' },
    ])
  })

  it('tells an empty storage from one that does not exist', async () => {
    await mkdir(work.path('empty'))
    expect(await work.run(['ls', work.url('empty')])).toMatchObject({ code: 0, stdout: '' })
    expect(await work.run(['ls', work.url('nowhere')])).toMatchObject({ code: 3, stdout: '' })
  })
})

describe('stat', () => {
  it('shows a file and a directory', async () => {
    const file = await work.run(['stat', work.url('data', '#/big.bin')])
    expect(file.stdout).toMatch(/kind +file\nsize +300000 \(293 KiB\)\nmodified +\d/)
    const { json } = await work.run(['--json', 'stat', work.url('data', '#/docs')])
    expect(json).toEqual([{ type: 'directory', path: '/docs' }])
  })
})

describe('tree', () => {
  it('draws the tree', async () => {
    const { stdout } = await work.run(['tree', '-l', work.url('data')])
    expect(stdout.split('\n').slice(1)).toEqual([
      '├── big.bin  (293 KiB)',
      '├── docs-2/',
      '│   └── é.txt  (6 B)',
      '└── docs/',
      '    ├── a.txt  (6 B)',
      '    └── sub/',
      '        └── b c.txt  (7 B)',
      '',
      '4 files, 3 directories',
      '',
    ])
  })

  it('goes no deeper than asked', async () => {
    const { json } = await work.run(['tree', '--json', '-d', '1', work.url('data')])
    expect(json.map(({ path, depth }) => [path, depth])).toEqual([
      ['/big.bin', 1],
      ['/docs-2', 1],
      ['/docs', 1],
      [undefined, undefined],
    ])
    expect(json.at(-1)).toEqual({ type: 'summary', files: 1, directories: 2 })
  })
})

describe('du', () => {
  it('sums up by directory, the whole last', async () => {
    const { json } = await work.run(['du', '--json', '-d', '2', work.url('data')])
    expect(json).toEqual([
      { type: 'directory', path: '/docs-2', files: 1, bytes: 6 },
      { type: 'directory', path: '/docs/sub', files: 1, bytes: 7 },
      { type: 'directory', path: '/docs', files: 2, bytes: 13 },
      { type: 'total', path: '/', files: 4, bytes: 300_019 },
    ])
  })

  it('shows exact bytes on demand', async () => {
    const { stdout } = await work.run(['du', '-b', '-d', '0', work.url('data')])
    expect(stdout).toBe('      300019        4  /\n')
  })
})

describe('cat', () => {
  it('writes the bytes and nothing else', async () => {
    const { code, bytes, stderr } = await work.run(['cat', work.url('data', '#/big.bin')])
    expect([code, stderr, bytes.equals(big)]).toEqual([0, '', true])
  })

  it('writes several files in a row, and a part', async () => {
    const { stdout } = await work.run([
      'cat',
      '/docs/a.txt',
      '/docs/sub/b c.txt',
      '-s',
      work.url('data'),
    ])
    expect(stdout).toBe('first\nsecond\n')
    const part = ['cat', '--offset', '1k', '--length', '100000', work.url('data', '#/big.bin')]
    const { bytes } = await work.run(part)
    expect(bytes.equals(big.subarray(1024, 101_024))).toBe(true)
  })

  it('writes base64 with --json, and a checksum at the end', async () => {
    const { json } = await work.run(['cat', '--json', work.url('data', '#/big.bin')])
    const parts = json.slice(0, -1).map(({ data }) => Buffer.from(String(data), 'base64'))
    expect(Buffer.concat(parts).equals(big)).toBe(true)
    const sha256 = createHash('sha256').update(big).digest('hex')
    expect(json.at(-1)).toMatchObject({ type: 'end', offset: 0, bytes: 300_000, sha256 })
  })

  it('reads the storage of a registry as it is, with its environment', async () => {
    const config = await work.write(
      'registry.yml',
      `version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: /nowhere\n  delete: {enabled: true}\n`,
    )
    const env = { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: work.path('data') }
    const options = { env }
    expect((await work.run(['cat', '--config', config, '/docs/a.txt'], options)).stdout).toBe(
      'first\n',
    )
    const named = { env: { ...env, STOWAGE_CONFIG: config } }
    expect((await work.run(['cat', 'registry:/docs/a.txt'], named)).stdout).toBe('first\n')
  })
})
