// Sources that are not there as a whole any more: stored, they would replace a good file by less than it.
import { createReadStream } from 'node:fs'
import { PassThrough, Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { toWritable, type UploadSource, upload } from '@stowage/core/transfer'
import { until } from '@stowage-internal/jest-preset/patience'
import { storage } from './helpers/memory.ts'
import { failure, settle } from './helpers/util.ts'

const pieces = ['new ', 'content']
const body = (): ReadableStream<Uint8Array> => {
  const made = new Response(pieces.join('')).body
  if (!made) throw new Error('a response with text has a body')
  return made as ReadableStream<Uint8Array>
}

async function readToEnd(source: Readable): Promise<Readable> {
  for await (const _ of source);
  return source
}

const nodeStreams: Record<string, () => Promise<Readable> | Readable> = {
  'was read to its end': () => readToEnd(Readable.from(pieces)),
  'of bytes was read to its end': () =>
    readToEnd(
      Readable.from(
        pieces.map((piece) => Buffer.from(piece)),
        { objectMode: false },
      ),
    ),
  'has ended and was not closed': async () => {
    const source = new PassThrough({ autoDestroy: false })
    source.end('new content')
    source.resume()
    await new Promise((resolve) => source.once('end', resolve))
    return source
  },
  'of a file was read to its end': () => readToEnd(createReadStream(import.meta.filename)),
  'was broken off': async () => {
    const source = Readable.from(pieces)
    for await (const _ of source) break
    return source
  },
  'was destroyed': () => Readable.from(pieces).destroy(),
  'flows to somebody else': async () => {
    const source = Readable.from(pieces).on('data', () => {})
    await settle()
    return source
  },
  'was a request that a body parser took': async () => {
    const source = Readable.fromWeb(body())
    await source.toArray()
    return source
  },
}

const others: Record<string, () => Promise<UploadSource> | UploadSource> = {
  'web stream that is locked': () => {
    const source = body()
    source.getReader()
    return source
  },
  'web stream that lacks its first chunk': async () => {
    const source = body()
    const reader = source.getReader()
    await reader.read()
    reader.releaseLock()
    return source
  },
  'web stream that was cancelled': async () => {
    const source = body()
    await source.cancel()
    return source
  },
  'web stream that was teed': () => {
    const source = body()
    source.tee()
    return source
  },
  'body of a response that was used': async () => {
    const response = new Response('new content')
    await response.text()
    return response.body as ReadableStream<Uint8Array>
  },
  'response instead of its body': () => new Response('new content') as never,
}

describe('upload', () => {
  const all = [
    ...Object.entries(nodeStreams).map(([name, make]) => [`stream that ${name}`, make] as const),
    ...Object.entries(others),
  ]
  it.each(all)('refuses a %s, and leaves the file as it was', async (name, make) => {
    for (const keep of [false, true]) {
      const { memory, driver } = storage({ '/a': 'old' })
      const error = await failure(upload(driver, '/a', await make(), { keep }))
      // One that was destroyed says so itself.
      const expected = /broken off|destroyed/.test(name) ? /Error$/ : /^TypeError$/
      expect(error.name).toMatch(expected)
      expect(String(memory.files.get('/a'))).toBe('old')
      expect(memory.sessions.filter(({ held }) => held)).toEqual([])
    }
  })

  it('fails with the error that a stream or web stream already has', async () => {
    const { memory, driver } = storage({ '/a': 'old' })
    const node = new PassThrough()
    node.on('error', () => {}).destroy(new RangeError('source'))
    const web = new (body().constructor as typeof ReadableStream<Uint8Array>)({
      start: (controller) => controller.error(new RangeError('source')),
    })
    for (const source of [node, web]) {
      expect((await failure(upload(driver, '/a', source))).message).toBe('source')
    }
    expect([String(memory.files.get('/a')), memory.sessions]).toEqual(['old', []])
  })

  it('fails with the error of a file that is missing, however late the writer opens', async () => {
    const { memory, driver } = storage({ '/a': 'old' })
    const { writer } = memory
    const source = createReadStream('/is/missing')
    memory.writer = async function (path, options) {
      await until(() => source.closed)
      return writer.call(this, path, options)
    }
    expect((await failure(upload(driver, '/a', source))).code).toBe('ENOENT')
    expect(String(memory.files.get('/a'))).toBe('old')
  })

  /** Somebody who takes pieces of a stream that is being stored. */
  const thieves: Record<string, (source: Readable) => void> = {
    'reads the last piece': (source) => void source.read(),
    'iterates over it': (source) => void readToEnd(source).catch(() => {}),
  }
  it.each(Object.entries(thieves))('notices somebody who %s', async (_, steal) => {
    const { memory, driver } = storage({ '/a': 'old' })
    const source = Readable.from(['a', 'b', 'c', 'd'])
    const { writer } = memory
    memory.writer = async function (path, options) {
      const opened = await writer.call(this, path, options)
      const { write } = opened
      opened.write = async (chunk) => {
        if (String(chunk) === 'c') {
          await settle()
          steal(source)
          await settle()
        }
        await write.call(opened, chunk)
      }
      return opened
    }
    expect((await failure(upload(driver, '/a', source))).name).toBe('TypeError')
    expect([String(memory.files.get('/a')), memory.sessions]).toEqual(['old', []])
    expect(source.destroyed).toBe(true)
  })

  it('lets others listen to what it stores', async () => {
    const { memory, driver } = storage({ '/a': 'old' })
    let heard = ''
    const source = Readable.from(['one ', 'two ', 'three'])
    const { writer } = memory
    memory.writer = async function (path, options) {
      const opened = await writer.call(this, path, options)
      const { write } = opened
      opened.write = (chunk) => {
        if (String(chunk) === 'one ') source.on('data', (piece) => (heard += piece))
        return write.call(opened, chunk)
      }
      return opened
    }
    await upload(driver, '/a', source)
    expect([String(memory.files.get('/a')), heard]).toEqual(['one two three', 'two three'])
  })

  it('takes a stream whose first bytes were looked at and put back, and an empty one', async () => {
    const { memory, driver } = storage()
    const source = Readable.from([Buffer.from('head'), Buffer.from('tail')], { objectMode: false })
    await new Promise((resolve) => source.once('readable', resolve))
    source.unshift(source.read(2))
    await upload(driver, '/whole', source)
    const ended = Readable.from([])
    await readToEnd(ended)
    await upload(driver, '/empty', ended)
    await upload(driver, '/none', (async function* () {})())
    expect([...memory.files.values()].map(String)).toEqual(['headtail', '', ''])
  })

  it('refuses an iterator that an earlier upload has begun', async () => {
    const { memory, driver } = storage({ '/a': 'old' })
    const source = (async function* () {
      yield* pieces
    })()
    const { writer } = memory
    memory.writer = () => Promise.reject(new Error('full'))
    expect((await failure(upload(driver, '/a', source))).message).toBe('memory: full')
    memory.writer = writer
    expect((await failure(upload(driver, '/a', source))).name).toBe('TypeError')
    expect(String(memory.files.get('/a'))).toBe('old')
  })
})

describe('toWritable', () => {
  const made = Object.entries(nodeStreams)
  it.each(made)('fails in a pipeline of a stream that %s, and cancels', async (_, make) => {
    for (const end of ['commit', 'close'] as const) {
      const { memory, driver } = storage({ '/a': 'old' })
      const writable = toWritable(await driver.writer('/a'), { end })
      const closed = new Promise((resolve) => writable.once('close', resolve))
      await expect(pipeline(await make(), writable)).rejects.toThrow(Error)
      await closed
      expect([String(memory.files.get('/a')), memory.sessions]).toEqual(['old', []])
    }
  })

  it('takes a stream that comes back, and one after another', async () => {
    const { memory, driver } = storage()
    const writable: Writable = toWritable(await driver.writer('/a'))
    const first = new PassThrough()
    first.pipe(writable, { end: false })
    first.write('one ')
    await settle()
    first.unpipe(writable)
    first.pipe(writable, { end: false })
    first.end('two ')
    await new Promise((resolve) => first.once('end', resolve))
    const finished = new Promise((resolve) => writable.once('finish', resolve))
    Readable.from(['three']).pipe(writable)
    await finished
    expect(String(memory.files.get('/a'))).toBe('one two three')
  })
})
