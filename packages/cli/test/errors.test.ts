import { type Outcome, Workspace } from './helpers/stowage.ts'

let work: Workspace
beforeAll(async () => {
  work = await Workspace.create()
  await work.write('data/a.txt', 'a')
  await work.write('data/dir/b', 'b')
})
afterAll(() => work.remove())

/** One line on stderr that says what is wrong and what to do next; nothing on stdout. */
function oneLine({ stdout, stderr }: Outcome): string {
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^stowage: [^\n]+; [^\n]+\n$/)
  expect(stderr).not.toMatch(/\bat .*:\d+:\d+/)
  return stderr
}

describe('an error', () => {
  it.each([
    [['nonsense'], 2, /unknown command 'nonsense'; see stowage --help/],
    [['lss'], 2, /unknown command 'lss'; did you mean ls\?/],
    [['ls', '--recursiv', 'inmemory:'], 2, /unknown option '--recursiv'; did you mean --recursive/],
    [['ls', 'a', 'b', 'c'], 2, /too many arguments/],
    [['stat'], 2, /missing required argument 'location'; see stowage stat --help/],
    [['ls', 'inmemory:', '--concurrency', '0'], 2, /integer from 1/],
    [['cat', '--offset', '1x', 'inmemory:#/a'], 2, /a number of bytes such as 4096/],
    [['purge', '--older-than', 'soon', 'inmemory:'], 2, /a time such as 90s/],
    [['ls', 'data'], 2, /'data' is no location; write \/data for a path in the storage, \.\/data/],
    [['ls', './data'], 2, /'\.\/data' is not in a storage; fs:\/\/\/.*data is that directory as a/],
    [['cat', 'fs:.#/data'], 2, /fs:\.#\/data is a directory; list it with/],
    [['get', 'fs:.#/', '-'], 2, /fs:\.#\/ is a directory; list it with/],
    [['ls', '-'], 2, /'-' is not in a storage; write \/path/],
    [['ls', '/a'], 2, /no storage is named; give a URL/],
    [['help', 'nonsense'], 2, /no help on 'nonsense'; see stowage help/],
    [['cat', 'inmemory:#/a/../b'], 2, /invalid path: \/a\/\.\.\/b/],
    [['put', 'missing.txt', 'inmemory:#/x'], 3, /missing\.txt: no such file or directory; check/],
    [['cat', 'inmemory:#/dir/nope'], 3, /Path not found: \/dir\/nope; see what is in \/dir with/],
    [['ls', 'backup:/a'], 4, /no storage is named 'backup': there is no configuration file/],
    [['ls', '--config', 'nope.yml', 'inmemory:'], 4, /nope\.yml does not exist; check --config/],
    [
      ['ls', '--import', 'nope-module', 'inmemory:'],
      4,
      /no such package; install it, or name a file/,
    ],
    [['ls', 's4://bucket'], 4, /not registered: s4; load its package or file with --import/],
    [['ls', 'gs://bucket'], 4, /not registered: gs; did you mean gcs\?/],
    [['ls', '--storage', 'file:///tmp'], 4, /not registered: file; did you mean fs\?/],
  ] as const)('of %j ends with %i and says what to do', async (args, code, message) => {
    const run = await work.run(args)
    expect(oneLine(run)).toMatch(message)
    expect(run.code).toBe(code)
  })

  it('names every wrong parameter at once', async () => {
    const url = `${work.url('data')}?durabilty=none&chunkSize=huge&other=1`
    const run = await work.run(['ls', url])
    expect(run.code).toBe(4)
    expect(oneLine(run)).toMatch(/durabilty: did you mean durability.*other.*chunkSize is 'huge'/)
  })

  it('is an object on stderr with --json', async () => {
    const { code, stdout, errors } = await work.run(['cat', '--json', work.url('data', '#/nope')])
    expect([code, stdout]).toEqual([3, ''])
    expect(errors).toEqual([
      expect.objectContaining({
        type: 'error',
        code: 'PATH_NOT_FOUND',
        path: '/nope',
        retryable: false,
        exitCode: 3,
        hint: expect.stringMatching(/stowage ls/),
      }),
    ])
    const usage = await work.run(['--json', 'nonsense'])
    expect(usage.errors).toEqual([expect.objectContaining({ code: 'USAGE', exitCode: 2 })])
  })

  it('comes with a stack trace only with --debug', async () => {
    const { stderr } = await work.run(['--debug', 'cat', work.url('data', '#/nope')])
    expect(stderr).toMatch(/^stowage: .*\nPathNotFoundError: .*\n {4}at /)
  })

  it('never shows a secret, whichever way it was given', async () => {
    const url = 'nosuch://user:pass-word@host/x?secretKey=hush-hush&region=eu'
    const config = await work.write(
      'secret.yml',
      'storages:\n  main:\n    fs: {rootDirectory: /x, secretKey: hush-hush, password: pass-word}\n',
    )
    for (const args of [
      ['ls', url],
      ['ls', '--debug', url],
      ['ls', '--json', '-s', url],
      ['cp', `${url}#/a`, './x'],
      ['ls', `--storage=${url}`, '--config', 'nope.yml'],
      ['ls', '--debug', '--config', config, 'main:/'],
    ]) {
      const { code, stdout, stderr } = await work.run(args)
      expect(code).toBe(4)
      expect(stdout + stderr).not.toMatch(/hush|pass-word/)
    }
  })

  it('shows a URL that it names without its secrets', async () => {
    const url = 'nosuch://user:pass-word@host/x?secretKey=hush-hush&region=eu'
    const { code, stderr } = await work.run(['put', url, 'inmemory:#/x'])
    expect(code).toBe(2)
    expect(stderr).toMatch("'nosuch://user:***@host/x?secretKey=***&region=eu' is a storage")
    const wrong = await work.run(['ls', '--debug', `a ${url}`])
    expect(wrong.stderr).not.toMatch(/hush|pass-word/)
  })

  it('of one file among many is reported, and the others are copied', async () => {
    await work.write('clash/dir/x', 'a directory is where a file goes')
    await work.write('from/dir', 'file')
    await work.write('from/other', 'file')
    const run = await work.run(['cp', '-r', '--json', './from/.', work.url('clash', '#/')])
    expect(run.code).toBe(5)
    expect(run.json.at(-1)).toMatchObject({ files: 1, failed: 1 })
    expect(run.errors).toEqual([expect.objectContaining({ code: 'INVALID_PATH', path: '/dir' })])
  })
})

describe('help', () => {
  it('is what the command shows without arguments, with the exit codes', async () => {
    const { code, stdout, stderr } = await work.run([])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/Commands:\n {2}ls/)
    expect(stdout).toMatch(/Exit codes:\n {4}0 {2}done.*\n {4}1 {2}failed/)
  })

  it('has topics and examples', async () => {
    expect((await work.run(['help', 'locations'])).stdout).toMatch(/fs:\/\/\/var\/data#\/docker\/a/)
    expect((await work.run(['help', 'sync'])).stdout).toMatch(/Examples:\n {2}stowage sync/)
    expect((await work.run(['ls', '--help'])).stdout).toMatch(/Examples:\n {2}stowage ls/)
  })

  it('tells the version', async () => {
    expect((await work.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
