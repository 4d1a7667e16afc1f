import { Recording } from './recording.ts'

const CHANGES = /^(write|fsync|ftruncate|mkdir|rename|unlink|rmdir|copyFile) /

function changes(recording: Recording): string[] {
  const names = recording.texts.filter((text) => CHANGES.test(text))
  recording.calls.length = 0
  return names
}

describe('the order in which things reach the disk', () => {
  it('a put flushes the content, renames it, and flushes the names of all that is new', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/a/b/file', 'content')
    const calls = changes(recording)
    const order = [
      'write /.stowage/temporary/<temp>',
      'fsync /.stowage/temporary/<temp>',
      'mkdir /a',
      'mkdir /a/b',
      'rename /.stowage/temporary/<temp> -> /a/b/file',
    ]
    expect(calls.filter((call) => order.includes(call))).toEqual(order)
    const last = calls.slice(calls.indexOf(order.at(-1) as string) + 1)
    const above = recording.root.slice(0, recording.root.lastIndexOf('/'))
    expect(new Set(last)).toEqual(new Set(['fsync /', 'fsync /a', 'fsync /a/b', `fsync ${above}`]))
    await storage.putContent('/a/b/file', 'other')
    expect(changes(recording)).toEqual([
      'write /.stowage/temporary/<temp>',
      'fsync /.stowage/temporary/<temp>',
      'rename /.stowage/temporary/<temp> -> /a/b/file',
      'fsync /a/b',
    ])
    expect(recording.open).toEqual([])
  })

  it('content is written, flushed and closed before it is renamed, and its directories come last', async () => {
    const recording = new Recording()
    const storage = recording.driver({ chunkSize: 4096 })
    await storage.putContent('/first', 'x')
    const store = {
      temp: () => storage.putContent('/a/put', Buffer.alloc(10_000)),
      held: async () => {
        const writer = await storage.writer('/b/c/written')
        for (let chunk = 0; chunk < 3; chunk++) await writer.write(Buffer.alloc(5000))
        await writer.commit()
      },
    }
    for (const [state, run] of Object.entries(store)) {
      recording.calls.length = 0
      await run()
      const file = new RegExp(`^(write|fsync|close|rename) .*<${state}>`)
      const names = recording.calls.filter(({ text }) => file.test(text)).map(({ name }) => name)
      const order = names.filter((name, i) => name !== names[i - 1])
      expect(order).toEqual(['write', 'fsync', 'close', 'rename'])
      const renamed = recording.texts.findIndex((text) => text.startsWith('rename'))
      const flushed = recording.texts.slice(renamed).filter((text) => /^fsync/.test(text))
      const expected = state === 'temp' ? ['/', '/a'] : ['/', '/b', '/b/c']
      expect(new Set(flushed)).toEqual(new Set(expected.map((path) => `fsync ${path}`)))
    }
  })

  it('a directory whose name could not be flushed is flushed with the next file in it', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/first', 'x')
    recording.fault = ({ text }) => {
      if (text === 'fsync /') throw Object.assign(new Error('EIO'), { code: 'EIO' })
      return undefined
    }
    await expect(storage.putContent('/new/file', 'x')).rejects.toThrow('EIO')
    recording.fault = () => undefined
    changes(recording)
    await storage.putContent('/new/file', 'x')
    expect(changes(recording)).toContain('fsync /')
    await storage.putContent('/new/file', 'x')
    expect(changes(recording)).not.toContain('fsync /')
  })

  it('a commit flushes the upload, renames it and flushes its directory, then tidies up', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/a/file', 'old')
    const writer = await storage.writer('/a/file')
    await writer.write(Buffer.from('new'))
    changes(recording)
    await writer.commit()
    expect(changes(recording)).toEqual([
      'write /.stowage/uploads/a/file/.stowage/<held>',
      'fsync /.stowage/uploads/a/file/.stowage/<held>',
      'rename /.stowage/uploads/a/file/.stowage/<held> -> /a/file',
      'fsync /a',
      'rmdir /.stowage/uploads/a/file/.stowage',
      'rmdir /.stowage/uploads/a/file',
      'rmdir /.stowage/uploads/a',
    ])
  })

  it('close flushes the upload and the name under which it is found', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    const writer = await storage.writer('/file')
    await writer.write(Buffer.from('bytes'))
    changes(recording)
    await writer.close()
    const calls = changes(recording)
    const session = '/.stowage/uploads/file/.stowage'
    expect(calls.slice(0, 3)).toEqual([
      `write ${session}/<held>`,
      `fsync ${session}/<held>`,
      `rename ${session}/<held> -> ${session}/<idle>`,
    ])
    const flushed = [`fsync ${session}`, 'fsync /.stowage/uploads/file', 'fsync /.stowage/uploads']
    expect(calls.slice(3)).toEqual(
      expect.arrayContaining([...flushed, 'fsync /.stowage', 'fsync /']),
    )
  })

  it('with the durability "file" only content is flushed, with "none" nothing', async () => {
    for (const [durability, flushed] of [
      ['file', ['fsync /.stowage/temporary/<temp>', 'fsync /.stowage/uploads/b/.stowage/<held>']],
      ['none', []],
    ] as const) {
      const recording = new Recording()
      const storage = recording.driver({ durability })
      await storage.putContent('/a', 'x')
      const writer = await storage.writer('/b')
      await writer.write(Buffer.from('y'))
      await writer.commit()
      await storage.move('/a', '/c')
      expect(recording.texts.filter((text) => text.startsWith('fsync'))).toEqual(flushed)
    }
  })

  it('a move flushes the directory it goes to, and then the one it comes from', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/a/file', 'x')
    await storage.putContent('/a/other', 'x')
    await storage.putContent('/b/there', 'x')
    changes(recording)
    await storage.move('/a/file', '/b/file')
    expect(changes(recording)).toEqual([
      'rename /a/file -> /b/file',
      'fsync /b',
      'rmdir /a',
      'fsync /a',
    ])
  })

  it('puts into one directory at once share flushes of it, each begun after its rename', async () => {
    const recording = new Recording()
    const storage = recording.driver()
    await storage.putContent('/d/x', 'x')
    recording.calls.length = 0
    await Promise.all(Array.from({ length: 40 }, (_, i) => storage.putContent(`/d/${i}`, 'x')))
    const { texts } = recording
    const flushes = texts.filter((text) => text === 'fsync /d').length
    expect(flushes).toBeGreaterThan(0)
    expect(flushes).toBeLessThan(40)
    const lastRename = texts.findLastIndex((text) => text.startsWith('rename'))
    expect(texts.lastIndexOf('open /d')).toBeGreaterThan(lastRename)
  })
})
