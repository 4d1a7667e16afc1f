import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { StorageDriver } from '@stowage/core'
import { collect, failure, Recording, staged, systemError } from './recording.ts'

const OLD = Buffer.alloc(10_000, 'old')
const NEW = Buffer.alloc(12_345, 'new')

async function upload(storage: StorageDriver, path: string): Promise<void> {
  const writer = await storage.writer(path)
  try {
    await writer.write(NEW)
    await writer.commit()
  } catch (error) {
    await writer.cancel().catch(() => {})
    throw error
  }
}

async function prepared(): Promise<Recording> {
  const recording = new Recording()
  const storage = recording.driver()
  await storage.putContent('/dir/file', OLD)
  await storage.putContent('/dir/other', OLD)
  await storage.putContent('/elsewhere/new', NEW)
  recording.calls.length = 0
  return recording
}

describe('a file system that fails', () => {
  it('an upload that cannot be flushed is not committed by a second try, and continues where it is sure', async () => {
    const recording = await prepared()
    const storage = recording.driver()
    const first = await storage.writer('/dir/file')
    await first.write(NEW.subarray(0, 5000))
    await first.close()
    const writer = await storage.writer('/dir/file', { append: true })
    await writer.write(NEW.subarray(5000))
    let failures = 0
    recording.fault = ({ text }) => {
      if (!text.startsWith('fsync') || failures++ > 0) return undefined
      throw systemError('EIO')
    }
    expect(await failure(writer.commit())).toMatchObject({ code: 'DRIVER' })
    expect(await failure(writer.commit())).toMatchObject({ code: 'DRIVER' })
    expect(await failure(writer.close())).toMatchObject({ code: 'DRIVER' })
    expect(recording.open).toEqual([])
    expect(await storage.getContent('/dir/file')).toEqual(OLD)
    const again = await storage.writer('/dir/file', { append: true })
    expect(again.size).toBe(5000)
    await again.write(NEW.subarray(5000))
    await again.commit()
    expect(await storage.getContent('/dir/file')).toEqual(NEW)
  })

  it('a commit that failed in its rename or in the flush of its directory can be made again', async () => {
    for (const failing of ['rename', 'fsync /dir']) {
      const recording = await prepared()
      const storage = recording.driver()
      const writer = await storage.writer('/dir/file')
      await writer.write(NEW)
      let failures = 0
      recording.fault = ({ text }) => {
        if (!text.startsWith(failing) || failures++ > 0) return undefined
        throw systemError('EIO')
      }
      expect(await failure(writer.commit())).toMatchObject({ code: 'DRIVER' })
      await writer.commit()
      expect(await storage.getContent('/dir/file')).toEqual(NEW)
      expect(staged(recording.root)).toEqual([])
    }
  })

  it('a failed write leaves an upload that continues with the bytes before it', async () => {
    const recording = new Recording()
    const storage = recording.driver({ chunkSize: 4096 })
    const writer = await storage.writer('/file')
    await writer.write(NEW.subarray(0, 8192))
    recording.fault = ({ name }) => {
      if (name === 'write') throw systemError('ENOSPC')
      return undefined
    }
    expect(await failure(writer.write(NEW.subarray(8192)))).toMatchObject({ code: 'NO_SPACE' })
    recording.fault = () => undefined
    await writer.close()
    const again = await storage.writer('/file', { append: true })
    expect(again.size).toBe(8192)
    await again.write(NEW.subarray(8192))
    await again.commit()
    expect(await storage.getContent('/file')).toEqual(NEW)
  })

  it('short writes and short reads are made up for', async () => {
    const recording = new Recording()
    const short = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, Math.min(bytes.length, 1000))
    const { read, write } = recording.system
    recording.system.read = (fd, target, position) => read(fd, short(target), position)
    recording.system.write = (fd, source, position) => write(fd, short(source), position)
    const storage = recording.driver({ chunkSize: 4096 })
    await storage.putContent('/put', NEW)
    await upload(storage, '/written')
    for (const path of ['/put', '/written']) {
      expect(await storage.getContent(path)).toEqual(NEW)
      expect(Buffer.concat(await collect(await storage.reader(path)))).toEqual(NEW)
    }
  })

  it('the errors of the system are told apart', async () => {
    const cases = [
      ['ENOSPC', 'NO_SPACE', false],
      ['EDQUOT', 'NO_SPACE', false],
      ['EACCES', 'PERMISSION_DENIED', false],
      ['EROFS', 'PERMISSION_DENIED', false],
      ['ENAMETOOLONG', 'INVALID_PATH', false],
      ['EBUSY', 'UNAVAILABLE', true],
      ['EIO', 'DRIVER', false],
      ['EWHATEVER', 'DRIVER', false],
    ] as const
    for (const [code, expected, retryable] of cases) {
      const recording = await prepared()
      recording.fault = ({ name }) => {
        if (name === 'write') throw systemError(code)
        return undefined
      }
      const error = await failure(recording.driver().putContent('/dir/file', NEW))
      expect(error).toMatchObject({ code: expected, path: '/dir/file', retryable })
      expect((error.cause as { code: string }).code).toBe(code)
    }
  })

  it('what cannot be told is never "not found"', async () => {
    const recording = await prepared()
    const storage = recording.driver()
    await storage.stat('/dir/file')
    recording.fault = ({ text }) => {
      if (/ \/dir/.test(text)) throw systemError('EACCES')
      return undefined
    }
    const calls = [
      () => storage.stat('/dir/file'),
      () => storage.stat('/dir'),
      () => storage.getContent('/dir/file'),
      () => storage.reader('/dir/file'),
      () => storage.writer('/dir/file', { append: true }),
      () => storage.move('/dir/file', '/there'),
      () => collect(storage.list('/dir')),
      () => collect(storage.walk('/')),
      () => storage.delete('/dir/file'),
    ]
    for (const call of calls) {
      const error = await failure(call())
      expect([String(call), error.code]).toEqual([String(call), 'PERMISSION_DENIED'])
      expect(error.message).toContain('user')
    }
    // It may hold files.
    expect(await collect(storage.list('/'))).toEqual(['/dir', '/elsewhere'])
  })

  it('what a delete could not remove is named, and the rest is gone', async () => {
    const recording = await prepared()
    const storage = recording.driver()
    const { unlink } = recording.system
    recording.system.unlink = async (path) => {
      if (String(path).endsWith('other')) throw systemError('EACCES')
      await unlink(path)
    }
    const error = await failure(recording.driver().delete('/dir'))
    expect(error).toMatchObject({ code: 'MULTIPLE', errors: [{ path: '/dir/other' }] })
    expect(await collect(storage.list('/dir'))).toEqual(['/dir/other'])
  })

  it('a call that finds no free handle is made again', async () => {
    const recording = await prepared()
    let refusals = 3
    recording.fault = ({ name }) => {
      if (name === 'open' && refusals-- > 0) throw systemError('EMFILE')
      return undefined
    }
    expect(await recording.driver().getContent('/dir/file')).toEqual(OLD)
  })

  it('without a free handle for two seconds it is UnavailableError, and says what to do', async () => {
    const recording = await prepared()
    recording.fault = ({ name }) => {
      if (name === 'open') throw systemError('ENFILE')
      return undefined
    }
    const error = await failure(recording.driver().getContent('/dir/file'))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    expect(error.message).toContain('ulimit')
  })

  it('on Windows a rename is made again while somebody has the file open', async () => {
    const recording = await prepared()
    let refusals = 3
    recording.fault = ({ name }) => {
      if (name === 'rename' && refusals-- > 0) throw systemError('EPERM')
      return undefined
    }
    await recording.driver({}, 'win32').putContent('/dir/file', NEW)
    expect(await recording.driver().getContent('/dir/file')).toEqual(NEW)
  })

  it('a file that becomes shorter while it is read is ContentError, never a short stream', async () => {
    const recording = await prepared()
    const storage = recording.driver({ chunkSize: 4096 })
    recording.fault = ({ name }) => (name === 'read' ? 0 : undefined)
    expect(await failure(storage.getContent('/dir/file'))).toMatchObject({ code: 'CONTENT' })
    const stream = await storage.reader('/dir/file')
    expect(await failure(pipeline(stream, collect))).toMatchObject({ code: 'CONTENT' })
    expect(recording.open).toEqual([])
  })

  it('no more calls than maxThreads are under way', async () => {
    const recording = new Recording()
    let running = 0
    let most = 0
    for (const [name, call] of Object.entries(recording.system)) {
      const counted = async (...args: unknown[]): Promise<unknown> => {
        most = Math.max(most, ++running)
        await new Promise(setImmediate)
        try {
          return await (call as (...args: unknown[]) => Promise<unknown>)(...args)
        } finally {
          running--
        }
      }
      Object.assign(recording.system, { [name]: counted })
    }
    const storage = recording.driver({ maxThreads: 1 })
    await Promise.all(Array.from({ length: 60 }, (_, i) => storage.putContent(`/d${i}/f`, NEW)))
    expect(most).toBe(25)
    expect(existsSync(join(recording.root, 'd59/f'))).toBe(true)
  })
})

it('thousands of puts at once hold few staged files at a time', async () => {
  const recording = new Recording()
  let most = 0
  recording.fault = () => {
    most = Math.max(most, recording.open.length)
    return undefined
  }
  const storage = recording.driver({ maxThreads: 25, durability: 'none' })
  await Promise.all(Array.from({ length: 500 }, (_, i) => storage.putContent(`/d/${i}`, 'x')))
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThanOrEqual(25)
  expect(await collect(storage.list('/d'))).toHaveLength(500)
})
