import { PassThrough, Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ReadableStream } from 'node:stream/web'
import { createGunzip, gzipSync } from 'node:zlib'
import { type DriverWriter, toStorageDriver } from '@stowage/core/driver'
import { toWritable, type UploadSource, upload } from '@stowage/core/transfer'
import { until } from '@stowage-internal/jest-preset/patience'
import { Memory, type MemoryWriter, storage } from './helpers/memory.ts'
import { bytes, failure, gate, settle } from './helpers/util.ts'

const file = bytes(200_000)
function* pieces(): Generator<Uint8Array> {
  for (let at = 0; at < file.length; at += 7777) yield file.subarray(at, at + 7777)
}
async function* later(): AsyncGenerator<Uint8Array> {
  for (const piece of pieces()) {
    await settle()
    yield piece
  }
}

describe('upload', () => {
  it.each<[string, () => UploadSource]>([
    ['a Readable', () => Readable.from(pieces())],
    ['a byte Readable', () => Readable.from(pieces(), { objectMode: false })],
    ['a web stream', () => new Response(file).body as ReadableStream<Uint8Array>],
    ['a Blob', () => new Blob([file])],
    ['an iterable', () => pieces()],
    ['an async iterable', () => later()],
    ['an array', () => [...pieces()]],
    ['a Uint8Array', () => new Uint8Array(file)],
    ['a Buffer', () => file],
  ])('stores %s', async (_, source) => {
    const { memory, driver } = storage({ '/a': 'old' })
    expect(await upload(driver, '/a', source())).toBe(file.length)
    expect(memory.files.get('/a')?.equals(file)).toBe(true)
    expect(memory.sessions).toEqual([])
  })

  it.each<[string, () => UploadSource]>([
    ['text', () => 'häx'],
    ['pieces of text', () => ['hä', 'x']],
    ['a Readable of text', () => Readable.from(['hä', 'x'])],
    ['a Readable with an encoding', () => Readable.from([Buffer.from('häx')]).setEncoding('utf8')],
  ])('stores %s as UTF-8', async (_, source) => {
    const { memory, driver } = storage()
    await upload(driver, '/a', source())
    expect(String(memory.files.get('/a'))).toBe('häx')
  })

  it('stores nothing as an empty file', async () => {
    const { memory, driver } = storage()
    for (const [path, source] of [
      ['/a', ''],
      ['/b', []],
      ['/c', Readable.from([])],
    ] as const) {
      expect(await upload(driver, path, source)).toBe(0)
      expect(memory.files.get(path)).toHaveLength(0)
    }
  })

  it('publishes at the end and not before, and holds back a source that is faster', async () => {
    const { memory, driver } = storage({ '/a': 'old' })
    const writing = gate()
    let made = 0
    const { writer } = memory
    memory.writer = async function (path, options) {
      const opened = await writer.call(this, path, options)
      const { write } = opened
      opened.write = async (chunk) => {
        await writing.opened
        await write.call(opened, chunk)
      }
      return opened
    }
    function* source(): Generator<string> {
      for (; made < 100; made++) yield 'x'
    }
    const stored = upload(driver, '/a', source())
    await settle()
    expect(made).toBe(0)
    expect(String(memory.files.get('/a'))).toBe('old')
    writing.open()
    await stored
    expect(memory.files.get('/a')).toHaveLength(100)
  })

  it('cancels when the source fails, or closes to be resumed', async () => {
    async function* failing(): AsyncGenerator<string> {
      yield 'half'
      throw new RangeError('source')
    }
    for (const keep of [false, true]) {
      const { memory, driver } = storage({ '/a': 'old' })
      expect((await failure(upload(driver, '/a', failing(), { keep }))).name).toBe('RangeError')
      expect(String(memory.files.get('/a'))).toBe('old')
      expect(memory.sessions.map(({ held }) => held)).toEqual(keep ? [false] : [])
      if (!keep) continue
      expect(await upload(driver, '/a', ' and half', { append: true })).toBe(13)
      expect(String(memory.files.get('/a'))).toBe('half and half')
    }
  })

  it('frees every kind of source when the driver fails', async () => {
    class Failing extends Memory {
      where: 'writer' | 'write' | 'commit' = 'writer'
      override async writer(path: string): Promise<DriverWriter> {
        if (this.where === 'writer') throw new Error('full')
        const writer = await super.writer(path, { append: false })
        writer[this.where] = () => Promise.reject(new Error('full'))
        return writer
      }
    }
    for (const where of ['writer', 'write', 'commit'] as const) {
      const inner = new Failing()
      inner.where = where
      const freed: string[] = []
      const readable = Readable.from(pieces())
      const web = new ReadableStream({
        pull: (controller) => controller.enqueue(Buffer.from('x')),
        cancel: () => void freed.push('web'),
      })
      const iterator = (async function* () {
        try {
          yield* pieces()
        } finally {
          freed.push('iterator')
        }
      })()
      await iterator.next()
      const finite = where === 'commit'
      for (const source of [readable, iterator, ...(finite ? [] : [web])]) {
        expect((await failure(upload(toStorageDriver(inner), '/a', source))).message).toBe(
          'memory: full',
        )
      }
      await settle()
      expect(readable.destroyed).toBe(true)
      expect(freed).toEqual(finite ? ['iterator'] : ['iterator', 'web'])
      expect(inner.sessions).toEqual([])
    }
  })

  it('is aborted while the source says nothing, and frees it', async () => {
    for (const keep of [false, true]) {
      const { memory, driver } = storage()
      const silent = new PassThrough()
      silent.write('some')
      const abort = new AbortController()
      const stored = upload(driver, '/a', silent, { signal: abort.signal, keep })
      await until(() => memory.sessions[0]?.chunks.length === 1)
      const reason = new Error('enough')
      abort.abort(reason)
      expect(await failure(stored)).toBe(reason)
      expect(silent.destroyed).toBe(true)
      await settle()
      expect(memory.files.size).toBe(0)
      expect(memory.sessions.map(({ held }) => held)).toEqual(keep ? [false] : [])
    }
  })

  it('begins nothing when it is aborted already', async () => {
    for (const keep of [false, true]) {
      const { memory, driver } = storage()
      const source = new PassThrough()
      const reason = new Error('enough')
      const options = { signal: AbortSignal.abort(reason), keep }
      expect(await failure(upload(driver, '/a', source, options))).toBe(reason)
      expect([source.destroyed, memory.sessions.length]).toEqual([true, 0])
    }
  })

  it.each([[7], [null], [{}], [[7]], [[null]]])('refuses %j', async (source) => {
    const { memory, driver } = storage()
    const error = await failure(upload(driver, '/a', source as never))
    expect(error.name).toBe('TypeError')
    expect([memory.files.size, memory.sessions.length]).toEqual([0, 0])
  })
})

describe('toWritable', () => {
  it('takes a pipeline, and has published when it has finished', async () => {
    const { memory, driver } = storage()
    const writer = await driver.writer('/a')
    await pipeline(Readable.from([gzipSync(file)]), createGunzip(), toWritable(writer))
    expect(memory.files.get('/a')?.equals(file)).toBe(true)
  })

  it('takes a web stream', async () => {
    const { memory, driver } = storage()
    const { body } = new Response(file)
    await body?.pipeTo(Writable.toWeb(toWritable(await driver.writer('/a'))) as never)
    expect(memory.files.get('/a')?.equals(file)).toBe(true)
  })

  it('closes instead where it is told to', async () => {
    const { memory, driver } = storage()
    await pipeline(['ha', 'lf'], toWritable(await driver.writer('/a'), { end: 'close' }))
    expect(memory.files.size).toBe(0)
    await pipeline([' more'], toWritable(await driver.writer('/a', { append: true })))
    expect(String(memory.files.get('/a'))).toBe('half more')
  })

  it.each([
    ['cancel', 0],
    ['close', 1],
  ] as const)('does %s when the pipeline fails', async (onFailure, sessions) => {
    const { memory, driver } = storage()
    const source = new PassThrough()
    const writer = await driver.writer('/a')
    const piped = pipeline(source, toWritable(writer, { onFailure }))
    source.write('half')
    await until(() => writer.size === 4)
    source.destroy(new RangeError('source'))
    expect((await failure(piped)).name).toBe('RangeError')
    await until(() => memory.sessions.every(({ held }) => !held))
    expect([memory.files.size, memory.sessions.length]).toEqual([0, sessions])
  })

  it('has cleaned up when it emits close', async () => {
    const { memory, driver } = storage()
    const writable = toWritable(await driver.writer('/a'))
    writable.destroy()
    await new Promise((resolve) => writable.once('close', resolve))
    expect(memory.sessions).toEqual([])
  })

  it('fails with the error of the commit, and cancels', async () => {
    class Full extends Memory {
      override async writer(path: string): Promise<DriverWriter> {
        const writer = (await super.writer(path, { append: false })) as MemoryWriter
        writer.commit = () => Promise.reject(new Error('full'))
        return writer
      }
    }
    const inner = new Full()
    const piped = pipeline(['x'], toWritable(await toStorageDriver(inner).writer('/a')))
    expect((await failure(piped)).message).toBe('memory: full')
    await until(() => inner.sessions.length === 0)
  })

  it('holds back a source that is faster', async () => {
    const { memory, driver } = storage()
    const writing = gate()
    const writer = await driver.writer('/a')
    const write = writer.write.bind(writer)
    writer.write = async (chunk) => {
      await writing.opened
      return write(chunk)
    }
    const writable = toWritable(writer)
    expect(writable.write('x'.repeat(10))).toBe(false)
    writing.open()
    await new Promise((resolve) => writable.once('drain', resolve))
    writable.end()
    await new Promise((resolve) => writable.once('finish', resolve))
    expect(memory.files.get('/a')).toHaveLength(10)
  })
})
