import { PermissionError } from '@stowage/core'
import { Entries } from '../src/entries.ts'
import { runHere, trap } from './helpers/in-process.ts'
import { Workspace } from './helpers/stowage.ts'

let work: Workspace
const stowage = (...args: string[]) => runHere(args, { cwd: work.directory })
const NAMES = [
  '/a/f',
  '/lost+found/x',
  '/lost+found0',
  '/lost+found.txt',
  '/lost+found-x',
  '/z/q/y',
  '/z/r',
]

beforeEach(async () => {
  work = await Workspace.create()
})
afterEach(() => work.remove())

async function filled() {
  const made = trap()
  for (const name of NAMES) await made.storage.putContent(name, 'x')
  made.driver.unlistable.add('/lost+found').add('/z/q')
  return made
}

describe('a directory that cannot be listed', () => {
  it('is passed over, and everything else comes once and in order', async () => {
    const { storage } = await filled()
    const [seen, failed]: string[][] = [[], []]
    const report = (error: unknown) => failed?.push(String((error as { path?: string }).path))
    const entries = new Entries({ storage, path: '/' }, new AbortController().signal, report)
    for await (const { path } of entries) seen?.push(path)
    expect(seen).toEqual([
      '/a',
      '/a/f',
      '/lost+found-x',
      '/lost+found.txt',
      '/lost+found',
      '/lost+found0',
      '/z',
      '/z/q',
      '/z/r',
    ])
    expect(failed).toEqual(['/lost+found', '/z/q'])
  })

  it('ends the walk where it is the one that was asked for', async () => {
    const { storage } = await filled()
    const report = () => {}
    const entries = new Entries({ storage, path: '/z/q' }, new AbortController().signal, report)
    const read = async () => {
      for await (const _ of entries);
    }
    await expect(read()).rejects.toBeInstanceOf(PermissionError)
  })

  it('is shown by ls, and does not trouble it', async () => {
    await filled()
    const { code, stdout, stderr } = await stowage('ls', 'trap:')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toBe('a/\nlost+found-x\nlost+found.txt\nlost+found/\nlost+found0\nz/\n')
  })

  const commands: Record<string, string[]> = {
    'ls -r': ['ls', '-r', 'trap:'],
    tree: ['tree', 'trap:'],
    du: ['du', 'trap:'],
    'rm -r --dry-run': ['rm', '-r', '--dry-run', 'trap:#/z'],
    'cp -r': ['cp', '-r', 'trap:', './out'],
    'get -r': ['get', '-r', 'trap:', 'out'],
    mv: ['mv', 'trap:', './out'],
    sync: ['sync', 'trap:', './out'],
    'sync --dry-run': ['sync', '-n', 'trap:', './out'],
    verify: ['verify', 'trap:', 'trap:'],
    'verify -w': ['verify', '-w', 'sums', 'trap:'],
  }
  it.each(Object.entries(commands))(
    'is named by %s, which goes on and ends with 5',
    async (_, args) => {
      await filled()
      const { code, stdout, stderr } = await stowage(...args)
      expect([code, stderr]).toEqual([5, expect.stringMatching(/trap:#\/z\/q: .*EACCES/)])
      expect(stderr.match(/trap:#\/z\/q: /g)).toHaveLength(
        args[0] === 'verify' && args[1] !== '-w' ? 2 : 1,
      )
      expect(`${stdout}${stderr}`).not.toMatch(/undefined/)
    },
  )
})

it('names each file that cannot be read, and copies the others', async () => {
  const { driver } = await filled()
  driver.unlistable.clear()
  driver.unreadable.add('/a/f')
  const { code, stderr } = await stowage('get', '-r', 'trap:', 'out')
  expect([code, stderr]).toEqual([5, expect.stringMatching(/^stowage: trap:#\/a\/f: .*EACCES/m)])
  expect(stderr).toMatch(/copied 6 files.*; 1 FAILED/)
})
