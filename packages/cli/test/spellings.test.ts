import { readFile } from 'node:fs/promises'
import type { StorageDriver } from '@stowage/core'
import { foldingStorage, runHere, trap } from './helpers/in-process.ts'
import { Workspace } from './helpers/stowage.ts'

let work: Workspace
let folding: StorageDriver
const stowage = (...args: string[]) => runHere(args, { cwd: work.directory })
const content = async (path: string) => String(Buffer.from(await folding.getContent(path)))
const listed = async (storage: StorageDriver = folding): Promise<string[]> => {
  const paths: string[] = []
  for await (const { path, isDir } of storage.walk('/')) if (!isDir) paths.push(path)
  return paths
}

beforeEach(async () => {
  work = await Workspace.create()
  folding = foldingStorage()
})
afterEach(() => work.remove())

const OTHERS: [name: string, there: string, here: string][] = [
  ['case', '/dir/file', 'DIR/FILE'],
  ['case beyond ASCII', '/straße/Ωmega', 'STRAßE/ωMEGA'],
  ['normal form', '/caf\u00e9', 'cafe\u0301'],
]

describe('a destination that has a file under another spelling', () => {
  it.each(OTHERS)('of %s keeps it at sync --delete', async (_, there, here) => {
    await folding.putContent(there, 'old')
    await folding.putContent('/zzz', 'to go')
    await work.write(`src/${here}`, 'newer')
    const sync = ['sync', '--delete', './src', 'folding:']
    const shown = await stowage(...sync, '-n', '--json')
    expect(shown.json.at(-1)).toMatchObject({ files: 1, deleted: 1, failed: 0 })
    expect((await stowage(...sync)).code).toBe(0)
    expect([await listed(), await content(there)]).toEqual([[there], 'newer'])
    // And then it is up to date, by its time and by its content.
    for (const more of [[], ['--checksum'], ['-n']]) {
      const { json } = await stowage(...sync, '--json', ...more)
      expect(json.at(-1)).toMatchObject({ files: 0, unchanged: 1, deleted: 0, failed: 0 })
    }
  })

  it.each(OTHERS)('of %s is compared by verify', async (_, there, here) => {
    await folding.putContent(there, 'one')
    await work.write(`src/${here}`, 'one')
    expect((await stowage('verify', './src', 'folding:')).code).toBe(0)
    await stowage('verify', '-w', './sums', './src')
    expect((await stowage('verify', '-m', './sums', 'folding:')).code).toBe(0)
    await folding.putContent(there, 'two')
    const { code, stdout } = await stowage('verify', './src', 'folding:')
    expect([code, stdout.split(':')[0]]).toEqual([5, 'other content'])
  })

  it('lets a directory take the place of a file of another spelling', async () => {
    await folding.putContent('/WWW', 'was a file')
    await work.write('src/www/a', 'a')
    expect((await stowage('sync', '--delete', './src', 'folding:')).code).toBe(0)
    expect(await listed()).toEqual(['/www/a'])
  })
})

describe('two sources that are one file for the destination', () => {
  let storage: StorageDriver
  beforeEach(async () => {
    storage = trap().storage
    for (const [path, text] of Object.entries({ '/A': 'upper', '/a': 'lower', '/b': 'b' })) {
      await storage.putContent(path, text)
      await work.write(`src${path}`, text)
    }
  })

  const commands: string[][] = [
    ['sync', 'trap:', 'folding:'],
    ['sync', '--delete', 'trap:', 'folding:'],
    ['cp', '-r', 'trap:', 'folding:'],
    ['put', '-r', './src/', 'folding:'],
    ['mv', 'trap:', 'folding:'],
  ]
  it.each(commands)('are a failure of %s %s, and the first stays', async (...args) => {
    await folding.putContent('/old', 'old')
    const { code, stderr } = await stowage(...args)
    expect([code, stderr]).toEqual([
      5,
      expect.stringMatching(/folding:#\/a is the same file as folding:#\/A.*rename one/),
    ])
    expect(await listed()).toEqual(['/A', '/b', '/old'])
    expect(await content('/A')).toBe('upper')
    expect(await listed(storage)).toEqual(args[0] === 'mv' ? ['/a'] : ['/A', '/a', '/b'])
  })

  it('are told by sync --dry-run and by verify', async () => {
    const shown = await stowage('sync', '-n', 'trap:', 'folding:')
    expect([shown.code, shown.stdout]).toEqual([5, expect.stringMatching(/2 files.*1 WOULD FAIL/)])
    await stowage('sync', 'trap:', 'folding:')
    const { code, stdout } = await stowage('verify', 'trap:', 'folding:')
    expect([code, stdout]).toEqual([5, 'missing: folding:#/a\n'])
  })

  it('are two where the destination keeps them apart', async () => {
    expect((await stowage('get', '-r', 'trap:', './got')).code).toBe(0)
    expect(await readFile(work.path('got/a'), 'utf8')).toBe('lower')
    expect(await readFile(work.path('got/A'), 'utf8')).toBe('upper')
  })
})

it('refuses to copy a directory beneath another spelling of itself', async () => {
  await folding.putContent('/dir/a', 'a')
  for (const to of ['#/DIR', '#/Dir/sub']) {
    expect((await stowage('cp', '-r', 'folding:#/dir', `folding:${to}`)).code).toBe(2)
  }
})
