import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { manifestLine, readManifest } from '../src/manifest.ts'
import { jsonLine, printable } from '../src/text.ts'
import { runHere, trap } from './helpers/in-process.ts'
import { Workspace } from './helpers/stowage.ts'

let work: Workspace
const stowage = (...args: string[]) => runHere(args, { cwd: work.directory })
const HOSTILE = 'x\u001b[2J\u009b31m\u202e\nstowage: forged line'
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|^stowage: forged/m

beforeEach(async () => {
  work = await Workspace.create()
})
afterEach(() => work.remove())

describe('names with escape sequences', () => {
  it('reach no terminal, whatever has them', async () => {
    await work.write(`${HOSTILE}/f`, 'x')
    await mkdir(work.path('src'))
    await symlink('/etc', work.path(`src/l${HOSTILE}`))
    await symlink('nothing', work.path(`src/m${HOSTILE}`))
    await work.write(`src/n${HOSTILE}`, 'x')
    if (process.platform === 'linux') execFileSync('mkfifo', [work.path(`src/p${HOSTILE}`)])
    trap()
    for (const args of [
      ['put', '-r', 'src', 'trap:#/'],
      ['put', '-r', HOSTILE, 'trap:#/q'],
      ['put', HOSTILE, 'trap:#/q'],
      ['put', `${HOSTILE}/f`, 'trap:#/one'],
      ['get', 'trap:#/one', `${HOSTILE}/g`],
      ['get', 'trap:#/one', HOSTILE],
      ['sync', `./${HOSTILE}`, 'trap:#/s'],
      ['sync', '-n', './src', 'trap:#/s'],
      ['verify', './src', `./${HOSTILE}`],
      ['ls', `trap:#/${HOSTILE}`],
      ['ls', `fs:///tmp/${HOSTILE}`],
      ['rm', `${HOSTILE}:/x`],
      ['cat', HOSTILE],
      [HOSTILE],
      ['ls', '--import', `./${HOSTILE}.js`],
      ['ls', '--config', HOSTILE, 'name:'],
    ]) {
      for (const more of [[], ['--json'], ['--debug']]) {
        const { stdout, stderr } = await stowage(...more, ...args)
        expect([args, `${stdout}${stderr}`]).toEqual([args, expect.not.stringMatching(CONTROL)])
      }
    }
  })

  it('are shown so that one can tell what they are', () => {
    expect(printable('a\u001b[2J\n\u009b\u202eé😀')).toBe('a\\u001b[2J\\u000a\\u009b\\u202eé😀')
    expect(JSON.parse(jsonLine({ a: HOSTILE }))).toEqual({ a: HOSTILE })
  })
})

describe('manifests', () => {
  const sum = (digit: string) => digit.repeat(64)
  it('are read in every form that sha256sum -c takes', async () => {
    const text = [
      '\ufeff# a comment',
      `${sum('a')}  plain`,
      `${sum('B')} *binary and upper`,
      `${sum('c')}  ./found/by/find`,
      `${sum('d')}  windows\r`,
      `\\${sum('e')}  back\\\\slash\\nand\\rbreaks`,
      `SHA256 (with (brackets) = x) = ${sum('f')}`,
      `\\SHA256 (es\\\\caped) = ${sum('0')}`,
      '',
    ].join('\n')
    await writeFile(work.path('sums'), text)
    expect(await readManifest(work.path('sums'))).toEqual([
      { name: 'plain', sha256: sum('a') },
      { name: 'binary and upper', sha256: sum('b') },
      { name: 'found/by/find', sha256: sum('c') },
      { name: 'windows', sha256: sum('d') },
      { name: 'back\\slash\nand\rbreaks', sha256: sum('e') },
      { name: 'with (brackets) = x', sha256: sum('f') },
      { name: 'es\\caped', sha256: sum('0') },
    ])
  })

  it('are read as they are written', async () => {
    const entry = { name: 'a\\b  c', sha256: sum('1') }
    await writeFile(work.path('sums'), manifestLine(entry))
    expect(await readManifest(work.path('sums'))).toEqual([entry])
  })

  it.each(['MD5 (a) = 0', `${'a'.repeat(40)}  sha1`, 'words'])('refuse %s', async (line) => {
    await writeFile(work.path('sums'), `${line}\n`)
    const { code, stderr } = await stowage('verify', '-m', 'sums', '.')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/sums, line 1: not a SHA-256/)])
  })
})

const onPosix = process.platform === 'win32' ? describe.skip : describe
onPosix('pipes, devices and links of this machine', () => {
  beforeEach(async () => {
    const { storage } = trap()
    await storage.putContent('/f', 'hello')
    execFileSync('mkfifo', [work.path('pipe')])
  })

  it('get writes through a pipe, and refuses one that nobody reads', async () => {
    const alone = await stowage('get', 'trap:#/f', 'pipe')
    expect([alone.code, alone.stderr]).toEqual([1, expect.stringMatching(/nobody reads the pipe/)])
    const read = readFile(work.path('pipe'), 'utf8')
    // The reader opens in another thread: until then, nobody reads.
    let code = 1
    while (code === 1) code = (await stowage('get', 'trap:#/f', 'pipe')).code
    expect([code, await read]).toEqual([0, 'hello'])
    expect(execFileSync('stat', ['-c', '%F', work.path('pipe')]).toString()).toBe('fifo\n')
  })

  it('no tree is written over a pipe', async () => {
    await mkdir(work.path('dir'))
    execFileSync('mkfifo', [work.path('dir/f')])
    for (const args of [['get', '-r'], ['cp', '-r'], ['sync'], ['mv']]) {
      const { code, stderr } = await stowage(...args, 'trap:', './dir')
      expect([code, stderr]).toEqual([
        5,
        expect.stringMatching(/\/f \(a device, a pipe or a socket/),
      ])
    }
  })

  it('no file is written over a pipe of a storage', async () => {
    await work.write('file', 'x')
    const pipe = work.url('.', '#/pipe')
    for (const args of [
      ['put', 'file', pipe],
      ['cp', 'trap:#/f', pipe],
      ['mv', work.url('.', '#/file'), pipe],
      ['mv', 'trap:#/f', pipe],
    ]) {
      const { code, stderr } = await stowage(...args)
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/pipe.*a device, a pipe or a socket/),
      ])
    }
    expect(await readFile(work.path('file'), 'utf8')).toBe('x')
  })

  it('put of a socket says that it cannot be opened', async () => {
    const server = createServer().listen(work.path('socket'))
    await once(server, 'listening')
    const { code, stderr } = await stowage('put', 'socket', 'trap:#/s')
    server.close()
    expect([code, stderr]).toEqual([1, expect.stringMatching(/socket: no such device or address/)])
  })

  it('get keeps a link and replaces what it leads to', async () => {
    await work.write('real', 'old')
    await symlink('real', work.path('link'))
    expect((await stowage('get', 'trap:#/f', 'link')).code).toBe(0)
    expect(await readFile(work.path('real'), 'utf8')).toBe('hello')
  })

  it('put reads a pipe to its end', async () => {
    const written = writeFile(work.path('pipe'), 'from the pipe')
    expect((await stowage('put', 'pipe', 'trap:#/p')).code).toBe(0)
    await written
    expect((await stowage('cat', 'trap:#/p')).stdout).toBe('from the pipe')
    expect((await stowage('put', 'pipe', 'trap:#/dir/')).code).toBe(2)
  })
})

describe('small things', () => {
  it('fs:relative is a storage where a location stands as well', async () => {
    await work.write('st/k', 'k')
    // A relative root is relative to the process, not to a test's directory.
    const { code, stderr } = await stowage('ls', 'fs:no-such-directory')
    expect([code, stderr]).toEqual([3, expect.stringMatching(/root of the storage does not exist/)])
  })

  it('options without a command are an error', async () => {
    for (const option of ['-q', '--json', '--debug']) {
      const { code, stderr } = await stowage(option)
      expect([code, stderr]).toEqual([2, expect.stringMatching(/no command is given/)])
    }
  })

  it('a root directory is given once in a URL', async () => {
    const { code, stderr } = await stowage('ls', `${work.url('.')}?rootDirectory=/etc`)
    expect([code, stderr]).toEqual([4, expect.stringMatching(/rootDirectory is given twice/)])
  })

  it('what a copy leaves out is told with its reason, by verify and a dry run as well', async () => {
    await work.write('src/real/f', '1')
    await work.write('src/sub/.stowage/notes', 'mine')
    await symlink('real', work.path('src/dirlink'))
    trap()
    for (const args of [
      ['put', '-r', 'src', 'trap:#/'],
      ['sync', './src', 'trap:#/src'],
      ['sync', '-n', './src', 'trap:#/src'],
      ['verify', './src', 'trap:#/src'],
    ]) {
      const { code, stderr } = await stowage(...args)
      expect([args, code]).toEqual([args, 5])
      expect(stderr).toMatch(/left out .*dirlink \(a link to a directory/)
      expect(stderr).toMatch(/sub\/\.stowage .*name \.stowage is kept/)
    }
  })
})
