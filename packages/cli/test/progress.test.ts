import { PassThrough } from 'node:stream'
import { bytes, duration, parseBytes, parseDuration, rate } from '../src/format.ts'
import { forEach, readAhead } from '../src/pool.ts'
import { startProgress } from '../src/progress.ts'
import { scratch } from '../src/scratch.ts'

async function shown(isTTY: boolean, quiet: boolean): Promise<string> {
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    columns: 80,
    cursorTo: () => true,
    moveCursor: () => true,
    clearLine: () => true,
    clearScreenDown: () => true,
  })
  const progress = startProgress({ stream, quiet })
  progress.found(2, 100)
  progress.advance(60)
  progress.done('copied a')
  progress.note('something failed')
  progress.stop()
  return stream.read()?.toString() ?? ''
}

describe('progress', () => {
  it('is a bar on a terminal, lines elsewhere, and notes only when quiet', async () => {
    expect(await shown(true, false)).toMatch(/█+░+ 59% {2}1\/2 files {2}60 B/)
    expect(await shown(true, false)).toMatch(/something failed/)
    expect(await shown(false, false)).toBe('copied a\nsomething failed\n')
    expect(await shown(true, true)).toBe('something failed\n')
  })
})

describe('numbers', () => {
  it('are shown in units', () => {
    expect([0, 1023, 1536, 5 * 1024 ** 2, 1234 * 1024 ** 3].map(bytes)).toEqual([
      '0 B',
      '1023 B',
      '1.5 KiB',
      '5 MiB',
      '1.2 TiB',
    ])
    expect([5, 840, 12_400, 200_000].map(duration)).toEqual(['5 ms', '0.8 s', '12 s', '3 min 20 s'])
    expect(rate(2048, 500)).toBe('4 KiB/s')
  })

  it('are read with units', () => {
    expect(['0', '4096', '4k', '1.5MiB', '2gb'].map(parseBytes)).toEqual([
      0, 4096, 4096, 1_572_864, 2_147_483_648,
    ])
    expect(['0', '90s', '30m', '7d'].map(parseDuration)).toEqual([
      0, 90_000, 1_800_000, 604_800_000,
    ])
    for (const wrong of ['', '-1', '1x', 'k']) expect(() => parseBytes(wrong)).toThrow(/number/)
    for (const wrong of ['', '7', '1y']) expect(() => parseDuration(wrong)).toThrow(/time/)
  })
})

describe('forEach', () => {
  it('runs at most so many at a time and takes items as there is room', async () => {
    let [running, most, done] = [0, 0, 0]
    await forEach(Array(20).keys(), 3, async () => {
      most = Math.max(most, ++running)
      await new Promise(setImmediate)
      running--
      done++
    })
    expect([most, done]).toEqual([3, 20])
  })

  it('waits for what is under way after a failure, and begins nothing more', async () => {
    const ended: number[] = []
    const run = forEach([1, 2, 3, 4, 5], 2, async (item) => {
      await new Promise(setImmediate)
      if (item === 1) throw new Error('one')
      await new Promise(setImmediate)
      ended.push(item)
    })
    await expect(run).rejects.toThrow('one')
    expect(ended).toEqual([2])
  })

  it('throws the reason of an abort', async () => {
    const abort = new AbortController()
    const run = forEach([1, 2, 3], 1, async () => abort.abort(new Error('stop')), abort.signal)
    await expect(run).rejects.toThrow('stop')
  })
})

describe('readAhead', () => {
  it('reads on while nobody takes anything, but not further than allowed', async () => {
    let read = 0
    const items = readAhead(Array(10).keys(), 4, () => void read++)
    const first = await items.next()
    await new Promise(setImmediate)
    expect([first.value, read]).toEqual([0, 5])
    const rest: number[] = []
    for await (const item of items) rest.push(item)
    expect(rest).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('gives the items before an error, then the error', async () => {
    const failing = async function* () {
      yield 1
      throw new Error('broken')
    }
    const taken: number[] = []
    const all = async (): Promise<void> => {
      for await (const item of readAhead(failing(), 10, () => {})) taken.push(item)
    }
    await expect(all()).rejects.toThrow('broken')
    expect(taken).toEqual([1])
  })
})

describe('a scratch storage', () => {
  it.each([
    ['fs:///tmp/x', 'fs:///tmp/x/s1'],
    ['s3://bucket/prefix/?region=eu', 's3://bucket/prefix/s1?region=eu'],
    ['sqlite:///tmp/{}.db', 'sqlite:///tmp/s1.db'],
    ['inmemory:', 'inmemory:'],
  ])('of %s is %s', (url, expected) => {
    expect(scratch({ name: 'n', spec: url }, 's1').spec).toBe(expected)
  })

  it('of a section is beneath its root directory', () => {
    const spec = { s3: { bucket: 'b', rootdirectory: '/r/' } }
    expect(scratch({ name: 'n', spec }, 's1').spec).toEqual({
      s3: { bucket: 'b', rootdirectory: '/r/s1' },
    })
  })
})
