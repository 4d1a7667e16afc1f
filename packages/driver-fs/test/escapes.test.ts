// A directory that becomes a link to somewhere else in the middle of a call, before each of its system calls, one after
// the other: no content from outside is ever read. (Lists and changes look first and go then, see the README.) And what else
// may lie in a directory: links in circles, hard links, devices.
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { StorageDriver } from '@stowage/core'
import { collect, Recording, shell, temporaryFolder } from './recording.ts'

const SECRET = 'not of this storage'

interface Attempt {
  readonly storage: StorageDriver
  readonly recording: Recording
  readonly outside: string
}

async function prepare(): Promise<Attempt> {
  const recording = new Recording()
  const storage = recording.driver({ durability: 'none' })
  await storage.putContent('/dir/file', 'inside')
  await storage.putContent('/dir/sub/file', 'inside')
  await storage.putContent('/other', 'other')
  const outside = temporaryFolder()
  for (const name of ['file', 'secret', 'sub/file', 'sub/secret']) {
    mkdirSync(join(outside, 'sub'), { recursive: true })
    writeFileSync(join(outside, name), SECRET)
  }
  return { storage, recording, outside }
}

const text = async (storage: StorageDriver, path: string): Promise<string> =>
  String(await storage.getContent(path))

/** What is done; what it gives is looked at for the secret. */
const OPERATIONS: Readonly<Record<string, (storage: StorageDriver) => Promise<unknown>>> = {
  getContent: (storage) => text(storage, '/dir/secret'),
  'getContent of a file of the same name': (storage) => text(storage, '/dir/file'),
  'reader, deep': async (storage) =>
    Buffer.concat(await collect(await storage.reader('/dir/sub/secret'))).toString(),
  'reader of a part': async (storage) =>
    Buffer.concat(await collect(await storage.reader('/dir/file', { offset: 1 }))).toString(),
  stat: async (storage) => (await storage.stat('/dir/secret')).path,
  'putContent, deep': (storage) => storage.putContent('/dir/made/new', 'new'),
  'move of it': (storage) => storage.move('/dir', '/moved'),
}

/** Everything outside, with its content. */
function seen(outside: string): string[] {
  return (readdirSync(outside, { recursive: true, encoding: 'utf8' }) as string[])
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) =>
      name === 'sub' ? name : `${name}: ${readFileSync(join(outside, name), 'utf8')}`,
    )
}

/** Carries it out with a swap before its n-th system call; false where it has fewer. */
async function swapped(name: string, at: number): Promise<string[] | undefined> {
  const { storage, recording, outside } = await prepare()
  const before = seen(outside)
  let calls = 0
  let during = ''
  recording.fault = ({ text: call }) => {
    if (calls++ !== at) return undefined
    during = call
    renameSync(join(recording.root, 'dir'), join(recording.root, 'aside'))
    symlinkSync(outside, join(recording.root, 'dir'))
    return undefined
  }
  const result = await OPERATIONS[name]?.(storage).catch(() => undefined)
  if (calls <= at) return undefined
  const after = seen(outside)
  const escapes: string[] = []
  if (after.join() !== before.join())
    escapes.push(`${name}, swapped before ${during}: changed outside`)
  if (/not of this storage|secret/.test(String(result)))
    escapes.push(`${name}, swapped before ${during}: read outside`)
  return escapes
}

it.each(Object.keys(OPERATIONS))('a swap in the middle of a call: %s', async (name) => {
  const escapes: string[] = []
  for (let at = 0; ; at++) {
    const found = await swapped(name, at)
    if (found === undefined) break
    escapes.push(...found)
  }
  expect(escapes).toEqual([])
})

it('links in a circle, through several directories, are nothing and end every walk', async () => {
  const { storage, recording } = await prepare()
  const { root } = recording
  symlinkSync('../dir', join(root, 'dir/self'))
  symlinkSync('sub/to-loop', join(root, 'dir/loop'))
  symlinkSync('../loop', join(root, 'dir/sub/to-loop'))
  symlinkSync('.', join(root, 'here'))
  symlinkSync('/', join(root, 'root'))
  expect((await collect(storage.walk('/'))).map(({ path }) => path)).toEqual([
    ...['/dir', '/dir/file', '/dir/sub', '/dir/sub/file', '/other'],
  ])
  for (const path of ['/dir/self/file', '/dir/loop', '/here/other', '/root/etc/passwd']) {
    await expect(storage.getContent(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    const wrong = path === '/dir/loop' ? '/dir/loop/x' : path
    await expect(storage.putContent(wrong, 'x')).rejects.toMatchObject({ code: 'INVALID_PATH' })
  }
  await storage.delete('/dir')
  expect(await collect(storage.list('/'))).toEqual(['/other'])
})

it('a hard link is a file of its own: what is written at one name leaves the other as it was', async () => {
  const { storage, recording, outside } = await prepare()
  linkSync(join(outside, 'secret'), join(recording.root, 'dir/linked'))
  expect(await text(storage, '/dir/linked')).toBe(SECRET)
  await storage.putContent('/dir/linked', 'new')
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe(SECRET)
  linkSync(join(outside, 'secret'), join(recording.root, 'dir/again'))
  const writer = await storage.writer('/dir/again')
  await writer.write(Buffer.from('more'))
  await writer.commit()
  await storage.delete('/dir')
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe(SECRET)
})

it('devices are nothing, and nobody reads, writes or replaces them', async () => {
  const { storage, recording } = await prepare()
  try {
    // Endless zeros, and what takes anything.
    shell(`mknod '${recording.root}/zero' c 1 5 && mknod '${recording.root}/null' c 1 3`)
  } catch {
    process.stderr.write('devices are not tried: it takes root to make them\n')
    return
  }
  for (const path of ['/zero', '/null']) {
    await expect(storage.getContent(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(storage.reader(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(storage.stat(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  }
  expect(await collect(storage.list('/'))).toEqual(['/dir', '/other'])
  const put = storage.putContent('/null', 'never a file')
  await expect(put).rejects.toMatchObject({ code: 'INVALID_PATH' })
  expect(lstatSync(`${recording.root}/null`).isCharacterDevice()).toBe(true)
})

/** What each of several calls does when others come between two of its system calls. */
describe('somebody else', () => {
  it('who removes the emptied source first makes no moved directory a missing one', async () => {
    const { storage, recording } = await prepare()
    await storage.putContent('/target/file', 'old')
    recording.fault = ({ text: call }) => {
      // Its parents are empty by now: another call may remove them as well.
      if (call === 'rmdir /dir') rmdirSync(join(recording.root, 'dir'))
      return undefined
    }
    await storage.move('/dir', '/target')
    expect(await text(storage, '/target/file')).toBe('inside')
    expect(await collect(storage.list('/'))).toEqual(['/other', '/target'])
  })

  it('who adds to a source while it moves finds that in the destination', async () => {
    const { storage, recording } = await prepare()
    await storage.putContent('/target/late', 'old')
    let added = false
    recording.fault = ({ text: call }) => {
      if (added || !call.startsWith('readdir /dir')) return undefined
      added = true
      writeFileSync(join(recording.root, 'dir/late'), 'late')
      return undefined
    }
    await storage.move('/dir', '/target')
    expect(added).toBe(true)
    expect(await text(storage, '/target/late')).toBe('late')
  })
})
