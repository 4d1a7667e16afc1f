import { PassThrough, Readable } from 'node:stream'
import { PermissionError, type StorageDriver, toStorageDriver } from '@stowage/core/driver'
import { until } from '@stowage-internal/jest-preset/patience'
import { Memory, storage } from './helpers/memory.ts'
import { bytes, content, countListeners, failure, settle } from './helpers/util.ts'

/** A driver whose reader is this stream. */
function reading(source: Readable): StorageDriver {
  class Fixed extends Memory {
    override async reader(): Promise<Readable> {
      return source
    }
  }
  return toStorageDriver(new Fixed())
}

it('delivers every byte, from the offset on and to the length', async () => {
  const file = bytes(300_000)
  const { memory, driver } = storage({ '/a': file })
  for (const readChunk of [1000, 65_536, 400_000]) {
    memory.readChunk = readChunk
    expect((await content(await driver.reader('/a'))).equals(file)).toBe(true)
    const part = await content(await driver.reader('/a', { offset: 1234, length: 77_777 }))
    expect(part.equals(file.subarray(1234, 1234 + 77_777))).toBe(true)
  }
  expect(await content(await driver.reader('/a', { offset: file.length }))).toHaveLength(0)
})

it('holds one chunk while nobody reads', async () => {
  let made = 0
  function* endless(): Generator<Uint8Array> {
    for (;;) {
      made++
      yield Buffer.alloc(1000)
    }
  }
  const source = Readable.from(endless(), { objectMode: false, highWaterMark: 1 })
  const reader = await reading(source).reader('/a')
  await settle()
  expect(reader.readableLength).toBeLessThanOrEqual(1000)
  expect(made).toBeLessThanOrEqual(3)
  reader.destroy()
  await until(() => source.destroyed)
})

it('is a ContentError when the source is cut off', async () => {
  const source = new PassThrough()
  const reader = await reading(source).reader('/a')
  source.write('half')
  const read = content(reader)
  await settle()
  source.destroy()
  expect(await failure(read)).toMatchObject({ code: 'CONTENT', driver: 'memory', path: '/a' })
})

it('is an error when the source was over before it was handed out', async () => {
  const destroyed = new PassThrough()
  destroyed.destroy()
  expect((await failure(content(await reading(destroyed).reader('/a')))).code).toBe('CONTENT')

  const failed = new PassThrough().on('error', () => {})
  failed.destroy(new Error('early'))
  await settle()
  const error = await failure(content(await reading(failed).reader('/a')))
  expect(error).toMatchObject({ code: 'DRIVER', message: 'memory: early' })
})

it('names the driver in the errors of the source', async () => {
  for (const [thrown, code] of [
    [new Error('socket'), 'DRIVER'],
    [new PermissionError('no'), 'PERMISSION_DENIED'],
  ] as const) {
    const source = new PassThrough()
    const reader = await reading(source).reader('/a')
    source.destroy(thrown)
    expect(await failure(content(reader))).toMatchObject({ code, driver: 'memory' })
  }
})

it('destroys the source when it is destroyed, before and after the first byte', async () => {
  for (const first of [false, true]) {
    const source = new PassThrough()
    const reader = await reading(source).reader('/a')
    if (first) {
      source.write('x')
      await new Promise((resolve) => reader.once('readable', resolve))
    }
    reader.destroy()
    expect(source.destroyed).toBe(true)
  }
})

it('destroys the source when an iteration is left', async () => {
  const source = new PassThrough()
  source.write('x')
  for await (const chunk of await reading(source).reader('/a')) {
    expect(String(chunk)).toBe('x')
    break
  }
  expect(source.destroyed).toBe(true)
})

describe('an abort', () => {
  it('ends the stream with the reason and frees the source', async () => {
    const source = new PassThrough()
    const abort = new AbortController()
    const listeners = countListeners(abort.signal)
    const reader = await reading(source).reader('/a', { signal: abort.signal })
    expect(listeners()).toBe(1)
    const read = content(reader)
    await settle()
    const reason = new Error('enough')
    abort.abort(reason)
    expect(await failure(read)).toBe(reason)
    expect(source.destroyed).toBe(true)
  })

  it.each([null, undefined, 0, 'enough'])(
    'with the reason %p is an error all the same',
    async (reason) => {
      const abort = new AbortController()
      const reader = await reading(new PassThrough()).reader('/a', { signal: abort.signal })
      const read = content(reader)
      await settle()
      abort.abort(reason)
      expect((await failure(read)).name).toBe('AbortError')
    },
  )

  it('leaves no listener once the stream is destroyed or at its end', async () => {
    const { driver } = storage({ '/a': 'x' })
    const { signal } = new AbortController()
    const listeners = countListeners(signal)
    const reader = await driver.reader('/a', { signal })
    reader.destroy()
    await content(await driver.reader('/a', { signal }))
    await settle()
    expect(listeners()).toBe(0)
  })
})
