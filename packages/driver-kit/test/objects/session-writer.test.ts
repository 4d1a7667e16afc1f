// What a writer sends when, on a service in memory, and what lost answers leave.
import { UploadNotFoundError } from '@stowage/core'
import { until } from '@stowage-internal/jest-preset/patience'
import { SEED } from '@stowage-internal/jest-preset/sample'
import { SessionUploads } from '../../src/index.ts'
import { makeRandom, type Random } from '../random.ts'
import {
  FakeService,
  FakeSessions,
  gate,
  type Kind,
  lost,
  make,
  PART,
  textOf,
} from './fake-sessions.ts'

function bytesOf(length: number, random: Random): Buffer {
  return Buffer.from(Array.from({ length }, () => 97 + random.below(26)))
}

describe.each<Kind>(['parts', 'stream'])('uploads of a service of %s', (kind) => {
  it('end whole, however they are cut and closed, and whatever answers are lost', async () => {
    for (let round = 0; round < 150; round++) {
      const seed = `${SEED} ${kind} ${round}`
      const random = makeRandom(seed)
      const { service, uploads } = make(kind)
      service.around = () => {
        if (random.below(8) === 0) throw lost('a step')
      }
      const persist = async <T>(run: () => Promise<T>): Promise<T> => {
        for (;;) {
          try {
            return await run()
          } catch (error) {
            if ((error as { code?: string }).code !== 'UNAVAILABLE') throw error
          }
        }
      }
      const content = bytesOf(random.below(12 * PART), random)
      let writer = await uploads.writer('/a', { append: false })
      let isEmpty = true
      while (writer.size < content.length) {
        const end = writer.size + 1 + random.below(2 * PART)
        try {
          await writer.write(content.subarray(writer.size, end))
          isEmpty = false
          if (random.below(3) > 0) continue
        } catch {
          // A failed write may have taken a part of its bytes: `size` says how many.
        }
        if (writer.size === 0) continue
        await persist(() => writer.close())
        writer = await persist(() => uploads.writer('/a', { append: true }))
      }
      await persist(() => writer.commit())
      expect([seed, textOf(service)]).toEqual([seed, String(content)])
      expect(isEmpty).toBe(content.length === 0)
    }
  })

  it('go on where a process died: up to the first gap', async () => {
    const { service, uploads } = make(kind)
    service.leave('/a', { 1: '12345678', 2: 'abcdefgh', 4: 'lost' })
    const writer = await uploads.writer('/a', { append: true })
    expect(writer.size).toBe(16)
    await writer.write(Buffer.from('ABCDEFGHI'))
    await writer.commit()
    expect(textOf(service)).toBe('12345678abcdefghABCDEFGHI')
  })

  it('are published with their tail by a commit without a write', async () => {
    const { service, uploads } = make(kind)
    const first = await uploads.writer('/a', { append: false })
    await first.write(Buffer.from('12345678abc'))
    await first.close()
    await (await uploads.writer('/a', { append: true })).commit()
    expect(textOf(service)).toBe('12345678abc')
  })

  it('that are closed twice, as the first time failed, are continued', async () => {
    const { service, uploads } = make(kind)
    const writer = await uploads.writer('/a', { append: false })
    await writer.write(Buffer.from('12345678abc'))
    service.around = (step) => {
      if (step === 'suspend') throw lost(step)
    }
    await expect(writer.close()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(uploads.writer('/a', { append: true })).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
    })
    service.around = () => {}
    await writer.close()
    expect((await uploads.writer('/a', { append: true })).size).toBe(11)
  })

  it.each(['close', 'commit', 'cancel'] as const)('have their size after a %s too', async (end) => {
    const { uploads } = make(kind)
    for (const content of ['12345', '12345678abcdefgh1']) {
      const writer = await uploads.writer('/a', { append: false })
      await writer.write(Buffer.from(content))
      await writer[end]()
      expect(writer.size).toBe(content.length)
    }
  })

  it('that are closed empty are there, and are committed empty', async () => {
    const { service, uploads } = make(kind)
    await (await uploads.writer('/a', { append: false })).close()
    const next = await uploads.writer('/a', { append: true })
    expect(next.size).toBe(0)
    await next.commit()
    expect(textOf(service)).toBe('')
  })

  it('do not begin, and nothing is published, after an abort', async () => {
    const { service, uploads } = make(kind)
    for (const content of ['short', '12345678abcdefghABC']) {
      const control = new AbortController()
      const writer = await uploads.writer('/a', { append: false, signal: control.signal })
      await writer.write(Buffer.from(content))
      control.abort(new Error('mine'))
      await expect(writer.commit()).rejects.toThrow('mine')
      await writer.cancel()
    }
    expect([service.files.size, service.uploads.size]).toEqual([0, 0])
  })

  it('are looked at for an abort right before the publication', async () => {
    const { service, uploads } = make(kind)
    const control = new AbortController()
    const writer = await uploads.writer('/a', { append: false, signal: control.signal })
    await writer.write(Buffer.from('12345678abcdefgh'))
    service.around = (step, when) => {
      if (step === 'send' && when === 'after') control.abort(new Error('mine'))
    }
    await writer.write(Buffer.from('ABC'))
    await expect(writer.commit()).rejects.toThrow('mine')
    expect(service.log.filter((one) => one.startsWith('publish'))).toEqual([])
  })

  it('of a held session end with a delete, which waits for what is under way', async () => {
    const { service, uploads } = make(kind)
    const { closed, open } = gate()
    service.around = (step, when) => (step === 'send' && when === 'before' ? closed : undefined)
    const writer = await uploads.writer('/a/b', { append: false })
    await writer.write(Buffer.from('12345678abc'))
    let ended = false
    const ending = uploads.endHeld('/a').then((count) => {
      ended = true
      return count
    })
    await new Promise((next) => setImmediate(next))
    expect(ended).toBe(false)
    open()
    expect(await ending).toBe(1)
    expect(await uploads.removeBeneath('/a', undefined)).toEqual({ count: 1, errors: [] })
    for (const step of ['commit', 'close'] as const) {
      await expect(writer[step]()).rejects.toBeInstanceOf(UploadNotFoundError)
    }
    await writer.cancel()
    expect([service.files.size, service.uploads.size]).toEqual([0, 0])
  })

  it('of a long putContent end with a delete', async () => {
    const { service, uploads } = make(kind)
    const { closed, open } = gate()
    service.around = (step, when) => (step === 'send' && when === 'before' ? closed : undefined)
    const putting = uploads.putContent('/a', Buffer.alloc(5 * PART), {})
    await until(() => service.log.includes('send /a'))
    const ending = uploads.endHeld('/a')
    open()
    expect(await ending).toBe(1)
    await expect(putting).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
    expect([service.files.size, service.uploads.size]).toEqual([0, 0])
  })
})

it('a file of one part is one request, also where the part is full', async () => {
  const { service, uploads } = make()
  const writer = await uploads.writer('/a', { append: false })
  await writer.write(Buffer.alloc(PART, 'x'))
  await writer.commit()
  expect(service.log).toEqual(['put /a'])
  await uploads.putContent('/b', Buffer.alloc(3 * PART), {})
  await uploads.putContent('/c', Buffer.alloc(3 * PART + 1), {})
  expect(service.log).toContain('put /b')
  expect(service.log).not.toContain('put /c')
  expect(service.files.get('/c')).toHaveLength(3 * PART + 1)
})

it.each<[Kind, number]>([
  ['parts', 3],
  ['stream', 1],
])('a write waits while %s are under way as many as may be', async (kind, allowed) => {
  const { service, uploads } = make(kind)
  const { closed, open } = gate()
  service.around = (step, when) => (step === 'send' && when === 'before' ? closed : undefined)
  const writer = await uploads.writer('/a', { append: false })
  let written = false
  const writing = writer.write(Buffer.alloc(20 * PART, 'x')).then(() => {
    written = true
  })
  await until(() => service.underWay === allowed)
  await new Promise((next) => setTimeout(next, 20))
  expect([written, service.underWay]).toEqual([false, allowed])
  open()
  await writing
  await writer.commit()
  expect(service.most).toBe(allowed)
  expect(textOf(service)).toBe('x'.repeat(20 * PART))
})

it('a part that failed is told of by a later write, and sent again by close', async () => {
  const { service, uploads } = make()
  let failures = 1
  service.around = (step, when) => {
    if (step === 'send' && when === 'before' && failures-- > 0) throw lost(step)
  }
  const writer = await uploads.writer('/a', { append: false })
  await writer.write(Buffer.from('12345678abcdefgh'))
  await until(() => failures === 0)
  await expect(
    (async () => {
      for (let i = 0; i < 9; i++) await writer.write(Buffer.alloc(PART, 'x'))
    })(),
  ).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  const { size } = writer
  await writer.close()
  const next = await uploads.writer('/a', { append: true })
  expect(next.size).toBe(size)
  await next.commit()
  expect(textOf(service).startsWith('12345678abcdefgh')).toBe(true)
  expect(service.files.get('/a')).toHaveLength(size)
})

it('a cancel cuts parts off where that is safe, and says that they may still arrive', async () => {
  const { service, store, uploads } = make()
  const { closed, open } = gate()
  service.around = (step, when) => (step === 'send' && when === 'before' ? closed : undefined)
  const writer = await uploads.writer('/a', { append: false })
  await writer.write(Buffer.from('12345678abc'))
  const cancelled = writer.cancel()
  open()
  await cancelled
  expect([store.late, service.uploads.size]).toEqual([[true], 0])
})

it('a cancel waits for parts that cannot be cut off', async () => {
  const service = new FakeService()
  class Patient extends FakeSessions {
    override readonly isAbortable = false
  }
  const store = new Patient(service, 'parts')
  const writer = await new SessionUploads(store).writer('/a', { append: false })
  const { closed, open } = gate()
  let stored = 0
  service.around = (step, when) => {
    if (step === 'send' && when === 'after') stored++
    return step === 'send' && when === 'before' ? closed : undefined
  }
  await writer.write(Buffer.from('12345678abc'))
  const cancelled = writer.cancel()
  open()
  await cancelled
  expect([stored, service.uploads.size]).toEqual([1, 0])
})

it('memory of a part is used again, unless the store keeps it', async () => {
  const kept = new Set<ArrayBufferLike>()
  const seen: ArrayBufferLike[] = []
  class Keeping extends FakeSessions {
    override send(...[session, part, context]: Parameters<FakeSessions['send']>) {
      expect(kept.has(part.bytes.buffer)).toBe(false)
      if (seen.push(part.bytes.buffer) % 2 === 0) {
        part.keep()
        kept.add(part.bytes.buffer)
      }
      return super.send(session, part, context)
    }
  }
  const service = new FakeService()
  const writer = await new SessionUploads(new Keeping(service, 'parts')).writer('/a', {
    append: false,
  })
  for (let i = 0; i < 40; i++) await writer.write(Buffer.alloc(PART, 'x'))
  await writer.commit()
  expect(new Set(seen).size).toBeLessThan(30)
  expect(textOf(service)).toBe('x'.repeat(40 * PART))
})
