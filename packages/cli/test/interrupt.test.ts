import { once } from 'node:events'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { appears, bytesOf, outcome, start, Workspace } from './helpers/stowage.ts'

const SIZE = 10 * 1024 * 1024
const SLOW_AT = 6 * 1024 * 1024

/**
 * A driver as a third party would publish it: the local one, but a writer that comes to
 * SLOW_AT bytes says so by a file and takes its time from there on.
 */
const SLOW = `
import { create } from '@stowage/core'
import { register } from '@stowage/core/driver'
import '@stowage/driver-fs'
import { writeFileSync } from 'node:fs'
const slowly = () => { writeFileSync(process.env.MARKER, ''); return new Promise((resolve) => setTimeout(resolve, 500)) }
register('slow', async ({ rootDirectory }) => {
  const fs = await create('fs', { rootDirectory })
  const bare = { name: 'slow', capabilities: fs.capabilities }
  for (const method of ['getContent', 'putContent', 'reader', 'stat', 'move', 'delete']) bare[method] = (...a) => fs[method](...a)
  bare.list = async function* (path) { for await (const child of fs.list(path)) yield child }
  bare.purgeUploads = async function* (path, options) { yield* await fs.purgeUploads(path, options) }
  bare.writer = async (path, { append }) => {
    const writer = await fs.writer(path, { append })
    if (process.env.SLOW_OPEN) await slowly()
    return {
      get size() { return writer.size },
      async write(chunk) {
        if (process.env.MARKER && writer.size >= Number(process.env.SLOW_AT)) await slowly()
        await writer.write(chunk)
      },
      close: () => writer.close(), cancel: () => writer.cancel(), commit: () => writer.commit(),
    }
  }
  return bare
}, { fromURL: (url) => ({ rootDirectory: url.pathname }) })
`

let work: Workspace
const big = bytesOf(3, SIZE)

beforeAll(async () => {
  work = await Workspace.create()
  await work.write('big.bin', big)
  await work.write(
    'node_modules/stowage-driver-slow/package.json',
    JSON.stringify({
      name: 'stowage-driver-slow',
      type: 'module',
      exports: { import: './i.js' },
    }),
  )
  await work.write('node_modules/stowage-driver-slow/i.js', SLOW)
  await mkdir(work.path('node_modules/@stowage'))
  for (const name of ['core', 'driver-fs']) {
    const target = fileURLToPath(new URL(`../../${name}`, import.meta.url))
    await symlink(target, work.path('node_modules/@stowage', name), 'junction')
  }
})
afterAll(() => work.remove())

const slow = (path: string): string => work.url('store', path).replace(/^fs:/, 'slow:')

/** Starts an upload, waits until it has got so far, and sends the signal. */
async function interrupt(name: string, signal: NodeJS.Signals) {
  const marker = work.path(`${name}.marker`)
  const env = { MARKER: marker, SLOW_AT: String(SLOW_AT) }
  const args = ['put', '--import', 'stowage-driver-slow', '--json', 'big.bin', slow(`#/${name}`)]
  const child = start(args, { cwd: work.directory, env })
  const ended = outcome(child)
  await appears(marker)
  child.kill(signal)
  return ended
}

describe('an interrupted upload', () => {
  it('that was being opened leaves nothing behind', async () => {
    await work.write('small', 'x')
    const env = { MARKER: work.path('opened.marker'), SLOW_OPEN: 'yes' }
    const args = ['put', '--import', 'stowage-driver-slow', 'small', slow('#/opened')]
    const child = start(args, { cwd: work.directory, env })
    const ended = outcome(child)
    await appears(env.MARKER)
    child.kill('SIGTERM')
    expect((await ended).code).toBe(143)
    const { stdout } = await work.run(['purge', '-n', '--older-than', '0s', work.url('store')])
    expect(stdout).not.toContain('/opened')
  })

  it.each([
    ['SIGINT', 130, 'INTERRUPTED'],
    ['SIGTERM', 143, 'TERMINATED'],
  ] as const)('ends %s with %i, publishes nothing and can go on', async (signal, code, word) => {
    const run = await interrupt(signal, signal)
    expect(run.code).toBe(code)
    expect(run.errors).toEqual([expect.objectContaining({ code: word, exitCode: code })])
    expect((await work.run(['stat', work.url('store', `#/${signal}`)])).code).toBe(3)
    const again = await work.run(['put', '--json', 'big.bin', work.url('store', `#/${signal}`)])
    expect(again.code).toBe(0)
    const [copied] = again.json
    expect(copied).toMatchObject({ bytes: SIZE, verified: true })
    expect(copied?.resumedAt).toBeGreaterThanOrEqual(SLOW_AT)
    expect((await readFile(work.path('store', signal))).equals(big)).toBe(true)
  })

  it('goes on after the process was killed outright', async () => {
    const run = await interrupt('killed', 'SIGKILL')
    expect(run.code).toBeNull()
    const purge = ['purge', '--dry-run', '--older-than', '0', '--json', work.url('store')]
    const { json } = await work.run(purge)
    expect(json[0]).toMatchObject({ type: 'upload', path: '/killed', removed: false })
    const again = await work.run(['put', '--json', 'big.bin', work.url('store', '#/killed')])
    expect(again.json[0]).toMatchObject({ bytes: SIZE, verified: true })
    expect(again.json[0]?.resumedAt).toBeGreaterThan(0)
    expect(again.json.at(-1)).toMatchObject({ type: 'summary', resumed: 1 })
  })

  it('starts over with --no-resume, and is removed by purge', async () => {
    await interrupt('over', 'SIGINT')
    const args = ['put', '--json', '--no-resume', 'big.bin', work.url('store', '#/over')]
    expect((await work.run(args)).json[0]).toMatchObject({ resumedAt: 0 })
    const kept = await work.run(['purge', '--json', work.url('store')])
    expect(kept.json).toEqual([{ type: 'summary', uploads: 0, removed: true }])
    const gone = await work.run(['purge', '--older-than', '0', work.url('store')])
    expect(gone.stdout).toMatch(/removed the upload of fs:.*#\/over \(begun .*\)\nremoved 1 unf/)
    const none = await work.run(['purge', '-n', '--older-than', '0', '--json', work.url('store')])
    expect(none.json).toEqual([{ type: 'summary', uploads: 0, removed: false }])
  })

  it('is not continued with bytes of another file', async () => {
    await interrupt('other', 'SIGINT')
    const other = bytesOf(4, SIZE)
    await writeFile(work.path('other.bin'), other)
    const args = ['put', '--json', 'other.bin', work.url('store', '#/other')]
    expect((await work.run(args)).json[0]).toMatchObject({ verified: true, resumedAt: 0 })
    expect((await readFile(work.path('store/other'))).equals(other)).toBe(true)
  })
})

describe('the end of a pipe', () => {
  it('ends the command quietly when the reader leaves', async () => {
    const child = start(['cat', work.url('.', '#/big.bin')])
    child.stdout?.once('data', () => child.stdout?.destroy())
    const errors: Buffer[] = []
    child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk))
    const [code] = await once(child, 'exit')
    expect([code, Buffer.concat(errors).toString()]).toEqual([0, ''])
  })
})
