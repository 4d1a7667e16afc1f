import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { StorageDriver } from '@stowage/core'
import { type Owner, thisProcess } from '../src/owner.ts'
import { parseStaged, type StagedName, stagedName } from '../src/staged-name.ts'
import { failure, failures, Recording, staged } from './recording.ts'

const SESSION = '.stowage/uploads/dir/file/.stowage'
const START = 1_700_000_000_000_000

/** This machine, the same pid, begun at another time: nobody any more. */
const dead = (): Owner => ({ ...thisProcess(), start: '1' })
const elsewhere = (): Owner => ({ ...thisProcess(), host: '0123456789ab' })

/** Puts an upload of `/dir/file` into staging as another process would leave it. */
function plant(root: string, content: string, name: Partial<StagedName>): string {
  const full = {
    started: START,
    id: '0123456789abcdef',
    state: 'held',
    durable: 0,
    ...name,
  } as const
  const file = join(root, SESSION, stagedName(full))
  mkdirSync(join(root, SESSION), { recursive: true })
  writeFileSync(file, content)
  return file
}

async function continued(storage: StorageDriver): Promise<string> {
  const writer = await storage.writer('/dir/file', { append: true })
  await writer.write(Buffer.from('+'))
  await writer.commit()
  return String(await storage.getContent('/dir/file'))
}

/** A process that stays alive until it is killed. */
async function living(): Promise<{ child: ChildProcess; owner: Owner }> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'])
  await once(child.stdout, 'data')
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  return { child, owner: { ...thisProcess(), pid: child.pid ?? 0, start } }
}

describe('the names of uploads', () => {
  it('are read as they were written, and nothing else is read', () => {
    const common = { started: START, id: '0123456789abcdef', durable: 7 }
    const names: StagedName[] = [
      { ...common, state: 'idle' },
      { ...common, state: 'held', owner: thisProcess() },
      { ...common, state: 'copy', owner: dead() },
      { ...common, state: 'temp', owner: elsewhere() },
    ]
    for (const name of names) {
      expect(parseStaged(stagedName(name))).toEqual(name)
      for (const other of [`${stagedName(name)}x`, `x${stagedName(name)}`, `${stagedName(name)}.`])
        expect(parseStaged(other)).toBeUndefined()
    }
  })
})

describe('who may continue an upload', () => {
  it('everybody, when its process is gone: with every byte that it had passed on', async () => {
    const recording = new Recording()
    plant(recording.root, 'bytes', { owner: dead() })
    expect(await continued(recording.driver())).toBe('bytes+')
    expect(staged(recording.root)).toEqual([])
  })

  const itWithProc = existsSync('/proc/self/stat') ? it : it.skip
  itWithProc('nobody while its process lives, and everybody once it is killed', async () => {
    const recording = new Recording()
    const { child, owner } = await living()
    plant(recording.root, 'bytes', { owner })
    const storage = recording.driver()
    const error = await failure(storage.writer('/dir/file', { append: true }))
    expect(error).toMatchObject({ code: 'PATH_NOT_FOUND' })
    expect(await storage.purgeUploads('/')).toEqual([])
    // Process ids are used again: this one's is somebody else's now.
    plant(recording.root, 'older', { owner: { ...owner, start: '1' }, id: '1123456789abcdef' })
    expect(await continued(storage)).toBe('older+')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await continued(storage)).toBe('bytes+')
  })

  it('another machine, by a copy: bytes that its writer still writes go nowhere', async () => {
    const recording = new Recording()
    const file = plant(recording.root, 'bytes', { owner: elsewhere() })
    const fd = openSync(file, 'r+')
    const storage = recording.driver()
    const writer = await storage.writer('/dir/file', { append: true })
    writeSync(fd, 'MIXED MIXED')
    closeSync(fd)
    expect(writer.size).toBe(5)
    await writer.commit()
    expect(String(await storage.getContent('/dir/file'))).toBe('bytes')
    // The writer elsewhere finds its upload gone.
    expect(() => renameSync(file, `${file}x`)).toThrow('ENOENT')
    expect(staged(recording.root)).toEqual([])
  })

  it('after a stop of the machine only what was flushed is continued', async () => {
    const recording = new Recording()
    plant(recording.root, 'flushed, perhaps', {
      durable: 7,
      owner: { ...elsewhere(), boot: '0123456789ab' },
    })
    expect(await continued(recording.driver())).toBe('flushed+')
  })

  it('a copy that was broken off is made again', async () => {
    const recording = new Recording()
    plant(recording.root, 'bytes', { state: 'copy', owner: dead() })
    expect(await continued(recording.driver())).toBe('bytes+')
    expect(staged(recording.root)).toEqual([])
  })

  it('one of many that try at once', async () => {
    const recording = new Recording()
    for (const owner of [undefined, dead(), elsewhere()]) {
      plant(recording.root, 'bytes', { owner, state: owner ? 'held' : 'idle' })
      const tries = Array.from({ length: 20 }, () =>
        recording.driver().writer('/dir/file', { append: true }),
      )
      const outcomes = await Promise.allSettled(tries)
      const writers = outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : []))
      const errors = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason.code] : []))
      expect(writers).toHaveLength(1)
      expect(new Set(errors)).toEqual(new Set(['PATH_NOT_FOUND']))
      await writers[0]?.cancel()
    }
    expect(staged(recording.root)).toEqual([])
    expect(recording.open).toEqual([])
  })

  it('the newest is continued first, also of those begun in one millisecond', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    const { now } = Date
    const instant = now()
    Date.now = () => instant
    try {
      for (const text of ['0', '1', '2']) {
        const writer = await storage.writer('/dir/file')
        await writer.write(Buffer.from(text))
        await writer.close()
      }
    } finally {
      Date.now = now
    }
    expect(await continued(storage)).toBe('2+')
    expect(await continued(storage)).toBe('1+')
    expect(await continued(storage)).toBe('0+')
  })
})

describe('what becomes of an upload', () => {
  it('a delete removes it under its writer, which says so and keeps no handle', async () => {
    for (const end of ['commit', 'close'] as const) {
      for (const path of ['/dir/file', '/dir']) {
        const recording = new Recording()
        const storage = recording.driver()
        const writer = await storage.writer('/dir/file')
        await writer.write(Buffer.from('bytes'))
        await storage.delete(path)
        expect(await failure(writer[end]())).toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
        await writer.cancel()
        expect(recording.open).toEqual([])
        expect(staged(recording.root)).toEqual([])
        expect(await failure(storage.stat('/dir'))).toMatchObject({ code: 'PATH_NOT_FOUND' })
      }
    }
  })

  it('purgeUploads removes old ones that nobody writes to, and what dead processes left', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    const held = await storage.writer('/dir/file')
    plant(recording.root, 'a', { owner: dead() })
    plant(recording.root, 'bb', { owner: elsewhere(), id: '1123456789abcdef' })
    plant(recording.root, 'ccc', { state: 'idle', id: '2123456789abcdef' })
    plant(recording.root, 'new', { state: 'idle', started: Date.now() * 1000 })
    mkdirSync(join(recording.root, '.stowage/uploads/empty/tree'), { recursive: true })
    mkdirSync(join(recording.root, '.stowage/temporary'))
    const temporary = (owner: Owner, started = START): void => {
      const name = stagedName({ started, id: '0123456789abcdef', state: 'temp', durable: 0, owner })
      writeFileSync(join(recording.root, '.stowage/temporary', name), '')
    }
    temporary(dead())
    temporary(dead(), Date.now() * 1000)
    temporary(elsewhere())
    temporary(elsewhere(), Date.now() * 1000)
    const before = staged(recording.root).length
    const found = await storage.purgeUploads('/', { dryRun: true })
    expect(staged(recording.root)).toHaveLength(before)
    const purged = await storage.purgeUploads('/')
    expect(purged).toEqual(found)
    expect(purged.map(({ size }) => size).sort()).toEqual([1, 2, 3])
    expect(purged[0]).toMatchObject({ path: '/dir/file', startedAt: new Date(START / 1000) })
    // The one that is held, the new one, and the new temporary file of another machine.
    expect(staged(recording.root)).toHaveLength(3)
    expect(existsSync(join(recording.root, '.stowage/uploads/empty'))).toBe(false)
    await held.commit()
  })

  it('purgeUploads of a path leaves the uploads of others', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    for (const path of ['/a', '/a/b', '/ab']) await (await storage.writer(path)).close()
    const olderThan = new Date(Date.now() + 60_000)
    const purged = await storage.purgeUploads('/a', { olderThan })
    expect(new Set(purged.map(({ path }) => path))).toEqual(new Set(['/a', '/a/b']))
    await (await storage.writer('/ab', { append: true })).commit()
  })

  it('files of others in staging break nothing', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await (await storage.writer('/dir/file')).close()
    writeFileSync(join(recording.root, SESSION, 'README'), 'x')
    writeFileSync(join(recording.root, '.stowage/uploads/README'), 'x')
    await storage.purgeUploads('/', { olderThan: new Date(Date.now() + 60_000) })
    expect(await failures(storage.writer('/dir/file', { append: true }))).toMatchObject([
      { code: 'PATH_NOT_FOUND' },
    ])
    await storage.putContent('/dir/file', 'x')
    await storage.delete('/dir')
  })
})
