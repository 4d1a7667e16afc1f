import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from './explore/kills.ts'
import { temporaryFolder } from './recording.ts'

const FULL_CHILD = new URL('./explore/full-child.ts', import.meta.url)
const LIMITED_CHILD = new URL('./explore/limited-child.ts', import.meta.url)

/** Ways to a namespace in which this user may mount. */
const NAMESPACES = [
  ['unshare', '-m'],
  ['unshare', '-r', '-m'],
] as const

const MOUNT = 'mount -t tmpfs -o size=64k tmpfs'

function namespace(): readonly string[] | undefined {
  const folder = temporaryFolder()
  return NAMESPACES.find(([program, ...flags]) => {
    const found = spawnSync(program, [...flags, 'sh', '-c', `${MOUNT} '${folder}'`])
    return found.status === 0
  })
}

const own = process.platform === 'linux' ? namespace() : undefined
const itMounted = own ? it : it.skip
if (!own) console.warn('skipped: a full file system, because nothing can be mounted here')

function run(command: readonly string[]): Record<string, unknown> {
  const [program = '', ...args] = command
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`it ended with ${status}: ${stderr}`)
  return JSON.parse(stdout) as Record<string, unknown>
}

const node = (program: URL): string[] => [process.execPath, ...NODE_FLAGS, fileURLToPath(program)]
const FULL = ['NO_SPACE', expect.stringContaining('free space')]

describe('a real file system that is full', () => {
  itMounted('of bytes: every call says so, old content stays, the space is free again', () => {
    const root = join(temporaryFolder(), 'root')
    const seen = run([...(own ?? []), ...node(FULL_CHILD), root, 'size=1m'])
    expect(seen).toMatchObject({
      put: FULL,
      newPut: FULL,
      write: FULL,
      afterWrite: ['WRITER_STATE', expect.stringContaining('close it and continue')],
      close: null,
      kept: true,
      commitFull: FULL,
      commitAgain: null,
      closeFull: FULL,
      content: true,
      left: ['dir'],
    })
    expect(seen.after).toEqual(seen.before)
  })

  itMounted('of inodes: every call says so, and what needs none goes on', () => {
    const root = join(temporaryFolder(), 'root')
    const seen = run([...(own ?? []), ...node(FULL_CHILD), root, 'size=4m,nr_inodes=40'])
    expect(seen).toMatchObject({ inodes: FULL, writer: FULL, replace: FULL, move: null })
    expect(seen).toMatchObject({ content: true, left: ['dir'] })
    expect(seen.stored).toBeGreaterThan(20)
    expect(seen.after).toEqual(seen.before)
  })
})

const itLimited = process.platform === 'win32' ? it.skip : it

itLimited('64 writers and 64 readers at once finish with at most 64 open files', () => {
  const root = join(temporaryFolder(), 'root')
  const script = 'ulimit -n 64 && exec "$@"'
  const seen = run(['sh', '-c', script, 'sh', ...node(LIMITED_CHILD), root, '64'])
  expect(seen).toEqual({ wrong: [], handles: 0 })
})
