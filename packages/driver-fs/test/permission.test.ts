import { spawnSync } from 'node:child_process'
import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from './explore/kills.ts'
import { temporaryFolder } from './recording.ts'

const CHILD = fileURLToPath(new URL('./explore/permission-child.ts', import.meta.url))
const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url))
const PROC = ['--allow-fs-read=/proc/self/fd/*', '--allow-fs-write=/proc/self/fd/*']

function run(...flags: string[]): { root: string; seen: Record<string, unknown> } {
  const root = join(realpathSync(temporaryFolder()), 'root')
  mkdirSync(root)
  const read = [`--allow-fs-read=${REPOSITORY}*`, `--allow-fs-read=${root}*`]
  const allowed = flags.map((flag) => flag.replace('ROOT', `${root}*`))
  const args = [...NODE_FLAGS, '--permission', ...read, ...allowed, CHILD, root]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return { root, seen: JSON.parse(stdout) as Record<string, unknown> }
}

const WORKS = {
  get: 'content',
  upload: 'onetwo',
  replace: 'other',
  move: ['/dir', '/dir/upload', '/moved'],
  purge: [],
}

describe("Node's permission model", () => {
  it('lets everything through in a root that may be read and written', () => {
    expect(run('--allow-fs-write=ROOT').seen).toEqual({ ...WORKS, confines: false })
  })

  const itLinux = process.platform === 'linux' ? it : it.skip
  itLinux('lets calls go through handles where /proc/self/fd may be used too', () => {
    const { seen } = run('--allow-fs-write=ROOT', ...PROC)
    expect(seen).toEqual({ ...WORKS, confines: true })
  })

  it('is PermissionError for what it refuses', () => {
    const { seen } = run()
    for (const name of ['put', 'upload', 'replace']) {
      expect([name, seen[name]]).toEqual([name, 'PERMISSION_DENIED'])
    }
    expect(seen).toMatchObject({ get: 'PATH_NOT_FOUND' })
  })
})
