import { existsSync, mkdirSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { thisProcess } from '../src/owner.ts'
import { stagedName } from '../src/staged-name.ts'
import { type Call, failure, Recording, staged, systemError } from './recording.ts'

const later = (): Date => new Date(Date.now() + 60_000)

/** Fails the calls whose text begins so, or fits. */
function failing(pattern: RegExp, code = 'EIO') {
  return ({ text }: Call): undefined => {
    if (pattern.test(text)) throw systemError(code)
  }
}

async function idle(recording: Recording, content: string): Promise<void> {
  const writer = await recording.driver().writer('/dir/file')
  await writer.write(Buffer.from(content))
  await writer.close()
}

const SESSION = '.stowage/uploads/dir/file/.stowage'

/** What the explorers of crashes and failing calls have found, each by itself. */
describe('what was wrong once', () => {
  it('an upload that a dead process was about to trim is trimmed', async () => {
    const recording = new Recording()
    const owner = { ...thisProcess(), start: '1' }
    const common = { started: 1_700_000_000_000_000, id: '0123456789abcdef', owner }
    mkdirSync(join(recording.root, SESSION), { recursive: true })
    const name = stagedName({ ...common, state: 'trim', durable: 7 })
    writeFileSync(join(recording.root, SESSION, name), 'flushed, perhaps')
    const writer = await recording.driver().writer('/dir/file', { append: true })
    expect(writer.size).toBe(7)
    await writer.commit()
    expect(String(await recording.driver().getContent('/dir/file'))).toBe('flushed')
    expect(staged(recording.root)).toEqual([])
  })

  it('a copy that was complete when its process died is the upload, its original is none', async () => {
    const recording = new Recording()
    const owner = { ...thisProcess(), start: '1' }
    const common = { started: 1_700_000_000_000_000, id: '0123456789abcdef', owner }
    mkdirSync(join(recording.root, SESSION), { recursive: true })
    for (const state of ['held', 'copy'] as const) {
      const name = stagedName({ ...common, state, durable: 0 })
      writeFileSync(join(recording.root, SESSION, name), 'bytes')
    }
    await (await recording.driver().writer('/dir/file', { append: true })).commit()
    expect(staged(recording.root)).toEqual([])
  })

  it('an upload that could not be opened for an error can be continued afterwards', async () => {
    for (const call of [/^open .*<held>/, /^fstat .*<held>/]) {
      const recording = new Recording()
      await idle(recording, 'bytes')
      const storage = recording.driver()
      recording.fault = failing(call)
      expect(await failure(storage.writer('/dir/file', { append: true }))).toMatchObject({
        code: 'DRIVER',
      })
      recording.fault = () => undefined
      expect((await storage.writer('/dir/file', { append: true })).size).toBe(5)
    }
  })

  it('what this process could not remove is removed by its purge', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    recording.fault = failing(/^(rename|unlink) /)
    expect(await failure(storage.putContent('/dir/file', 'x'))).toMatchObject({ code: 'DRIVER' })
    const writer = await storage.writer('/dir/file')
    expect(await failure(writer.cancel())).toMatchObject({ code: 'DRIVER' })
    recording.fault = () => undefined
    expect(staged(recording.root)).toHaveLength(2)
    await storage.purgeUploads('/', { olderThan: later() })
    expect(staged(recording.root)).toEqual([])
  })

  it('a purge passes by an upload that vanishes before it', async () => {
    const recording = new Recording()
    await idle(recording, 'bytes')
    recording.fault = ({ text }) => {
      if (!/^lstat .*<idle>/.test(text)) return undefined
      for (const name of readdirSync(join(recording.root, SESSION))) {
        unlinkSync(join(recording.root, SESSION, name))
      }
    }
    const unhandled: unknown[] = []
    const note = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', note)
    expect(await recording.driver().purgeUploads('/', { olderThan: later() })).toEqual([])
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  it('an abort while content is copied to another file system publishes nothing', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/mnt/file', 'old')
    const controller = new AbortController()
    recording.fault = ({ text }) => {
      if (/^rename .*temporary.* -> \/mnt/.test(text)) throw systemError('EXDEV')
      if (text.startsWith('copyFile')) controller.abort()
    }
    const { signal } = controller
    await failure(storage.putContent('/mnt/file', 'new', { signal }))
    // The call goes on to its end, whoever waits for it.
    while (staged(recording.root).length > 0) await new Promise(setImmediate)
    expect(String(await storage.getContent('/mnt/file'))).toBe('old')
  })

  it('a move onto a directory flushes that files without a successor are gone', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    for (const path of ['/from/a', '/to/a', '/to/old/gone']) await storage.putContent(path, 'x')
    recording.calls.length = 0
    await storage.move('/from', '/to')
    const { texts } = recording
    expect(texts.lastIndexOf('fsync /to')).toBeGreaterThan(texts.indexOf('rmdir /to/old'))
    expect(texts).toContain('rmdir /to/old')
  })

  it('an empty staging directory that a crash left beyond a mount keeps no file from its place', async () => {
    const recording = new Recording()
    mkdirSync(join(recording.root, 'mnt/place/.stowage'), { recursive: true })
    await recording.driver().putContent('/mnt/place', 'x')
    expect(String(await recording.driver().getContent('/mnt/place'))).toBe('x')
  })

  it('a call that a signal breaks off is made again, but for a close: that has been done', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/file', 'content')
    const seen = new Map<string, number>()
    recording.fault = ({ name }) => {
      seen.set(name, (seen.get(name) ?? 0) + 1)
      if (seen.get(name) === 1) throw systemError('EINTR')
    }
    expect(String(await storage.getContent('/file'))).toBe('content')
    expect([seen.get('open'), seen.get('read'), seen.get('close')]).toEqual([2, 2, 1])
  })

  it('directories that somebody else has made are flushed once, where they can be read', async () => {
    const recording = new Recording()
    mkdirSync(join(recording.root, 'there/before'), { recursive: true })
    const storage = recording.driver()
    const flushes = (): Set<string> => {
      const texts = recording.texts.filter((text) => text.startsWith('fsync /'))
      recording.calls.length = 0
      return new Set(texts.filter((text) => !text.includes('<temp>')))
    }
    const system = Object.assign(systemError('EACCES'), { syscall: 'open' })
    recording.fault = ({ text }) => {
      if (text === 'open /there') throw system
    }
    await storage.putContent('/there/before/a', 'x')
    expect(flushes().has('fsync /there')).toBe(false)
    recording.fault = () => undefined
    await storage.putContent('/there/before/b', 'x')
    expect(flushes()).toEqual(new Set(['fsync /there', 'fsync /there/before']))
    await storage.putContent('/there/before/c', 'x')
    expect(flushes()).toEqual(new Set(['fsync /there/before']))
    expect(existsSync(join(recording.root, 'there/before/c'))).toBe(true)
  })

  it('without flushes, an upload whose close tells of a loss is not committed by a second try', async () => {
    const recording = new Recording()
    const storage = recording.driver({ durability: 'none' })
    await storage.putContent('/file', 'old')
    const writer = await storage.writer('/file')
    await writer.write(Buffer.from('new'))
    recording.fault = failing(/^close .*<held>/)
    expect(await failure(writer.commit())).toMatchObject({ code: 'DRIVER' })
    recording.fault = () => undefined
    expect(await failure(writer.commit())).toMatchObject({ code: 'DRIVER' })
    expect(String(await storage.getContent('/file'))).toBe('old')
    await writer.cancel()
  })
})
