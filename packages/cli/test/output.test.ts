import { readdir } from 'node:fs/promises'
import { Writable } from 'node:stream'
import { runHere, trap } from './helpers/in-process.ts'
import { Workspace } from './helpers/stowage.ts'

let work: Workspace
beforeAll(async () => {
  work = await Workspace.create()
  for (let i = 0; i < 20; i++) await work.write(`src/f${i}`, 'x'.repeat(i))
})
afterAll(() => work.remove())

/** Fails with the code from the second write on. */
function failing(code: string): Writable {
  let writes = 0
  return new Writable({
    write: (_chunk, _encoding, done) => {
      const error: NodeJS.ErrnoException | null = writes++ > 0 ? new Error(`write ${code}`) : null
      if (error) error.code = code
      done(error)
    },
  })
}

const changing: Record<string, string[]> = {
  sync: ['--json', 'sync', './src', 'DST'],
  cp: ['--json', 'cp', '-r', './src', 'DST'],
  put: ['--json', 'put', '-r', 'src', 'DST#/'],
  mv: ['--json', 'mv', 'trap:', 'DST'],
  get: ['--json', 'get', '-r', 'trap:', 'DIR'],
}

describe.each(Object.entries(changing))('%s whose standard output fails', (name, args) => {
  it.each([
    ['EPIPE', 0, /^$/],
    ['ENOSPC', 1, /standard output cannot be written: write ENOSPC/],
  ])('by %s goes on to its end and says %i', async (code, expected, message) => {
    const { storage } = trap()
    for (let i = 0; i < 20; i++) await storage.putContent(`/f${i}`, 'x')
    const target = `${name}-${code}`
    const typed = args.map((text) => text.replace('DST', work.url(target)).replace('DIR', target))
    const result = await runHere(typed, { cwd: work.directory, stdout: failing(code) })
    expect([result.code, result.stderr]).toEqual([expected, expect.stringMatching(message)])
    const stored = await readdir(work.path(target), { recursive: true, withFileTypes: true })
    expect(stored.filter((entry) => entry.isFile())).toHaveLength(20)
  })
})

it('verify tells of differences although its reader has left', async () => {
  const args = ['verify', './src', work.url('.', '#/')]
  const { code } = await runHere(args, { cwd: work.directory, stdout: failing('EPIPE') })
  expect(code).toBe(5)
})

it.each([['ls'], ['du'], ['tree']])(
  '%s ends when its reader leaves, and fails on a full disk',
  async (name) => {
    const args = [name, '--json', '-s', work.url('src')]
    const left = await runHere(args, { cwd: work.directory, stdout: failing('EPIPE') })
    expect([left.code, left.stderr]).toEqual([0, ''])
    const full = await runHere(args, { cwd: work.directory, stdout: failing('ENOSPC') })
    expect([full.code, full.stderr]).toEqual([
      1,
      expect.stringMatching(/standard output cannot be written/),
    ])
  },
)

it('ends at once when it is interrupted while nobody reads', async () => {
  const { storage } = trap()
  await storage.putContent('/f', Buffer.alloc(1_000_000))
  const controller = new AbortController()
  const stalled = new Writable({
    highWaterMark: 1,
    write: () => controller.abort(new Error('stop')),
  })
  const { code } = await runHere(['cat', 'trap:#/f'], {
    cwd: work.directory,
    stdout: stalled,
    signal: controller.signal,
  })
  expect(code).toBe(1)
})
