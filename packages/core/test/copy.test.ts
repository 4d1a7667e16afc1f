import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import type { StorageDriver } from '@stowage/core'
import { type DriverWriter, toStorageDriver } from '@stowage/core/driver'
import {
  copy,
  type TransferOptions,
  type TransferProgress,
  type TransferResult,
  uploadFile,
} from '@stowage/core/transfer'
import { until } from '@stowage-internal/jest-preset/patience'
import { Memory, storage } from './helpers/memory.ts'
import { bytes, failure, settle } from './helpers/util.ts'

const file = bytes(300_000)
const sha256 = createHash('sha256').update(file).digest('hex')
const reason = new Error('enough')

/** Leaves an unfinished upload of these bytes. */
async function unfinished(driver: StorageDriver, path: string, content: Uint8Array): Promise<void> {
  const writer = await driver.writer(path)
  await writer.write(content)
  await writer.close()
}

/** A destination whose writers count, and may fail at a byte or change what they publish. */
class Faulty extends Memory {
  written = 0
  failAt = Number.POSITIVE_INFINITY
  spoil = 0
  override async writer(path: string, options: { append: boolean }): Promise<DriverWriter> {
    const writer = await super.writer(path, options)
    const { write, commit } = writer
    writer.write = async (chunk) => {
      if (this.written + chunk.length > this.failAt) throw new Error('full')
      this.written += chunk.length
      await write.call(writer, chunk)
    }
    writer.commit = async () => {
      await commit.call(writer)
      const [first] = this.files.get(path) ?? []
      if (first !== undefined && this.spoil-- > 0) this.files.get(path)?.set([first + 1], 0)
    }
    return writer
  }
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-core-'))
  await writeFile(join(folder, 'file'), file)
})
afterAll(() => rm(folder, { recursive: true }))

type Run = (to: StorageDriver, options?: TransferOptions) => Promise<TransferResult>
const runs: [string, Run][] = [
  ['copy', (to, options) => copy(storage({ '/from': file }).driver, '/from', to, '/a', options)],
  ['uploadFile', (to, options) => uploadFile(to, '/a', join(folder, 'file'), options)],
]

describe.each(runs)('%s', (_, run) => {
  it('stores the bytes and tells their checksum', async () => {
    const { memory, driver } = storage({ '/a': 'old' })
    const result = await run(driver)
    expect(result).toEqual({ bytes: file.length, sha256, resumedAt: 0, verified: false })
    expect(memory.files.get('/a')?.equals(file)).toBe(true)
  })

  it('verifies when it is asked to', async () => {
    expect((await run(storage().driver, { verify: true })).verified).toBe(true)
    const faulty = new Faulty()
    faulty.spoil = 1
    const error = await failure(run(toStorageDriver(faulty), { verify: true }))
    expect(error).toMatchObject({ code: 'CONTENT', driver: 'memory', path: '/a' })
  })

  it('tells its progress, and fails with an error of the callback', async () => {
    const seen: TransferProgress[] = []
    await run(storage().driver, { onProgress: (progress) => void seen.push(progress) })
    expect(seen.map(({ bytes }) => bytes)).toEqual(
      seen.map(({ bytes }) => bytes).sort((a, b) => a - b),
    )
    expect(seen.at(-1)).toEqual({ bytes: file.length, total: file.length })
    const { memory, driver } = storage()
    const onProgress = (): never => {
      throw reason
    }
    expect(await failure(run(driver, { onProgress }))).toBe(reason)
    expect([memory.files.size, memory.sessions.length]).toEqual([0, 0])
  })

  it('cancels on a failure, or keeps what it has when it is to be resumed', async () => {
    for (const resume of [false, true]) {
      const faulty = new Faulty()
      faulty.failAt = 100_000
      // Half a megabyte at a time would not be interrupted.
      const small: TransferOptions = { resume }
      await storedInPieces(run, faulty, small)
      expect(faulty.files.size).toBe(0)
      expect(faulty.sessions.map(({ held }) => held)).toEqual(resume ? [false] : [])
    }
  })

  it('continues an unfinished upload, sends only what is missing, and verifies', async () => {
    for (const size of [0, 1, 65_536, 123_456, file.length]) {
      const faulty = new Faulty()
      await unfinished(toStorageDriver(faulty), '/a', file.subarray(0, size))
      faulty.written = 0
      const seen: TransferProgress[] = []
      const result = await run(toStorageDriver(faulty), {
        resume: true,
        onProgress: (progress) => void seen.push(progress),
      })
      expect(result).toEqual({ bytes: file.length, sha256, resumedAt: size, verified: size > 0 })
      expect(faulty.written).toBe(file.length - size)
      expect(faulty.files.get('/a')?.equals(file)).toBe(true)
      expect(seen.at(-1)).toEqual({ bytes: file.length, total: file.length })
      expect(faulty.sessions).toEqual([])
    }
  })

  it('does not verify a resumed one against the will of its caller', async () => {
    const { memory, driver } = storage()
    await unfinished(driver, '/a', bytes(10, 9))
    const result = await run(driver, { resume: true, verify: false })
    expect(result).toMatchObject({ resumedAt: 10, verified: false, sha256 })
    expect(memory.files.get('/a')?.equals(file)).toBe(false)
  })

  it('starts over when the upload it continued was of something else', async () => {
    const { memory, driver } = storage()
    // The older one is not continued either, although it is idle then.
    for (const seed of [8, 9]) await unfinished(driver, '/a', bytes(1000, seed))
    const result = await run(driver, { resume: true })
    expect(result).toEqual({ bytes: file.length, sha256, resumedAt: 0, verified: true })
    expect(memory.files.get('/a')?.equals(file)).toBe(true)
    expect(memory.sessions).toHaveLength(1)
  })

  it('gives up when it is wrong again', async () => {
    const faulty = new Faulty()
    await unfinished(toStorageDriver(faulty), '/a', file.subarray(0, 1000))
    faulty.spoil = 2
    expect((await failure(run(toStorageDriver(faulty), { resume: true }))).code).toBe('CONTENT')
    expect(faulty.spoil).toBe(0)
  })

  it('discards an unfinished upload that is longer than the source', async () => {
    const { memory, driver } = storage()
    await unfinished(driver, '/a', bytes(file.length + 1))
    expect(await run(driver, { resume: true })).toMatchObject({ resumedAt: 0, sha256 })
    expect(memory.sessions).toEqual([])
    expect(memory.files.get('/a')?.equals(file)).toBe(true)
  })

  it('replaces committed content although there is nothing to resume', async () => {
    for (const capabilities of [{ append: true }, {}]) {
      for (const old of ['old', '']) {
        const { memory, driver } = storage({ '/a': old }, capabilities)
        expect(await run(driver, { resume: true })).toMatchObject({ resumedAt: 0, verified: false })
        expect(memory.files.get('/a')?.equals(file)).toBe(true)
      }
    }
  })

  it('begins nothing when it is aborted already', async () => {
    for (const resume of [false, true]) {
      const { memory, driver } = storage()
      expect(await failure(run(driver, { resume, signal: AbortSignal.abort(reason) }))).toBe(reason)
      expect(memory.sessions).toEqual([])
    }
  })
})

/** Lets a run fail after its first pieces: the source of a local file comes in one piece. */
async function storedInPieces(run: Run, faulty: Faulty, options: TransferOptions): Promise<void> {
  const inner = toStorageDriver(faulty)
  const to: StorageDriver = Object.create(inner, {
    capabilities: { value: inner.capabilities },
    reader: { value: inner.reader.bind(inner) },
    writer: {
      async value(path: string, given: object) {
        const writer = await inner.writer(path, given)
        const write = writer.write.bind(writer)
        writer.write = async (chunk) => {
          for (let at = 0; at < chunk.length; at += 50_000)
            await write(chunk.subarray(at, at + 50_000))
          return chunk.length
        }
        return writer
      },
    },
  })
  expect((await failure(run(to, options))).message).toBe('memory: full')
}

describe('copy', () => {
  it('is an error onto the same file, and fine onto the same path elsewhere', async () => {
    const { memory, driver } = storage({ '/a': 'x' })
    const error = await failure(copy(driver, '/a', driver, '/a'))
    expect(error).toMatchObject({ code: 'INVALID_PATH', path: '/a', driver: 'memory' })
    expect(error.message).toContain('the same file')
    expect(String(memory.files.get('/a'))).toBe('x')
    await copy(driver, '/a', storage().driver, '/a')
    await copy(driver, '/a', driver, '/b')
    expect(String(memory.files.get('/b'))).toBe('x')
  })

  it.each([
    [{ caseSensitive: false, normalizationSensitive: true }, '/A'],
    [{ caseSensitive: true, normalizationSensitive: false }, '/e\u0301'],
  ])(
    'is an error onto another spelling of the same file: %j',
    async (capabilities, destination) => {
      const source = destination === '/A' ? '/a' : '/\u00e9'
      const memory = new Memory({ append: true, ...capabilities })
      memory.files.set(source, Buffer.from('x'))
      const driver = toStorageDriver(memory)
      const error = await failure(copy(driver, source, driver, destination))
      expect(error).toMatchObject({ code: 'INVALID_PATH', path: destination, driver: 'memory' })
      expect([...memory.files.keys()]).toEqual([source])
    },
  )

  it('copies to another spelling where that is another file', async () => {
    const memory = new Memory({ caseSensitive: true, normalizationSensitive: true })
    memory.files.set('/a', Buffer.from('x'))
    const driver = toStorageDriver(memory)
    await copy(driver, '/a', driver, '/A')
    expect([...memory.files.keys()]).toEqual(['/a', '/A'])
  })

  it('checks both paths first, and that the source is a file', async () => {
    const { memory, driver } = storage({ '/d/x': 'x' })
    for (const [from, to, code, path] of [
      ['/d/x', 'bad', 'INVALID_PATH', 'bad'],
      ['bad', '/a', 'INVALID_PATH', 'bad'],
      ['/none', '/a', 'PATH_NOT_FOUND', '/none'],
      ['/d', '/a', 'PATH_NOT_FOUND', '/d'],
    ] as const) {
      const error = await failure(copy(driver, from, driver, to))
      expect(error).toMatchObject({ code, path, driver: 'memory' })
    }
    expect(memory.sessions).toEqual([])
  })

  it('copies an empty file', async () => {
    const { memory, driver } = storage({ '/a': '' })
    const seen: TransferProgress[] = []
    const onProgress = (progress: TransferProgress) => void seen.push(progress)
    const result = await copy(driver, '/a', driver, '/b', { verify: true, onProgress })
    expect(result).toMatchObject({ bytes: 0, verified: true })
    expect(memory.files.get('/b')).toHaveLength(0)
    expect(seen).toEqual([{ bytes: 0, total: 0 }])
  })

  it('refuses a source that gives fewer or more bytes than it said', async () => {
    for (const size of [2, 4]) {
      const { memory, driver } = storage({ '/a': 'abc' })
      const { stat } = memory
      memory.stat = async (path) => ({ ...(await stat.call(memory, path)), size })
      const error = await failure(copy(driver, '/a', driver, '/b'))
      expect(error).toMatchObject({ code: 'CONTENT', path: '/b' })
      expect(error.message).toContain(`gave 3 bytes instead of ${size}`)
      expect([memory.files.size, memory.sessions.length]).toEqual([1, 0])
    }
  })

  it('destroys the stream of the source when the destination fails', async () => {
    const source = new Memory()
    source.files.set('/a', file)
    const opened: Readable[] = []
    const { reader } = source
    source.reader = async (path, options) => {
      const stream = await reader.call(source, path, options)
      opened.push(stream)
      return stream
    }
    const faulty = new Faulty()
    faulty.failAt = 0
    expect(
      (await failure(copy(toStorageDriver(source), '/a', toStorageDriver(faulty), '/a'))).message,
    ).toContain('full')
    expect(opened).toHaveLength(1)
    expect(opened[0]?.destroyed).toBe(true)
  })

  it.each([
    [false, 0],
    [true, 1],
  ])('that is aborted half way: resume %s keeps %i sessions', async (resume, sessions) => {
    const { memory: source, driver: from } = storage({ '/a': file })
    const { memory, driver: to } = storage({ '/a': 'old' })
    const { reader } = source
    // The second half never comes.
    source.reader = async (path, options) => {
      const whole = await reader.call(source, path, options)
      const half = (async function* () {
        for await (const chunk of whole) {
          yield chunk
          await new Promise(() => {})
        }
      })()
      return Readable.from(half, { objectMode: false })
    }
    const abort = new AbortController()
    const copied = copy(from, '/a', to, '/a', { resume, signal: abort.signal })
    await until(() => memory.sessions[0]?.chunks.length === 1)
    abort.abort(reason)
    expect(await failure(copied)).toBe(reason)
    await settle()
    expect(memory.sessions.map(({ held }) => held)).toEqual(Array(sessions).fill(false))
    expect(String(memory.files.get('/a'))).toBe('old')

    source.reader = reader
    const again = await copy(from, '/a', to, '/a', { resume: true })
    expect(again).toMatchObject({ sha256, resumedAt: resume ? 65_536 : 0, verified: resume })
    expect(memory.files.get('/a')?.equals(file)).toBe(true)
  })
})

describe('uploadFile', () => {
  it('takes a file URL', async () => {
    const result = await uploadFile(storage().driver, '/a', pathToFileURL(join(folder, 'file')))
    expect(result.sha256).toBe(sha256)
  })

  it('fails on a missing file and on a directory before it opens anything', async () => {
    const { memory, driver } = storage()
    expect((await failure(uploadFile(driver, '/a', join(folder, 'none')))).code).toBe('ENOENT')
    expect((await failure(uploadFile(driver, '/a', folder))).name).toBe('TypeError')
    expect(memory.sessions).toEqual([])
  })
})
