// Who continues, removes and purges which upload, on a service in memory.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { until } from '@stowage-internal/jest-preset/patience'
import { FakeService, gate, lost, make, PART, textOf } from './fake-sessions.ts'

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const ALL = { olderThan: new Date(8.64e15), dryRun: false }

describe('to append', () => {
  it('takes the newest upload with bytes, and one without where there is no other', async () => {
    const { service, uploads } = make()
    service.leave('/a', { 1: '12345678' })
    service.leave('/a', { 1: 'abcdefgh', 2: 'ABCDEFGH' })
    for (let i = 0; i < 2; i++) service.leave('/a', {})
    const sizes: number[] = []
    for (let i = 0; i < 4; i++) {
      const writer = await uploads.writer('/a', { append: true })
      sizes.push(writer.size)
      // What is held is passed over, and what was only looked at is not held.
      if (i > 0) continue
      expect(await collect(uploads.purge('/', { ...ALL, dryRun: true }))).toHaveLength(3)
    }
    expect(sizes).toEqual([16, 8, 0, 0])
  })

  it('lists anew where another writer was quicker, a few times', async () => {
    const { service, uploads } = make()
    service.leave('/a', { 1: '12345678' })
    const newest = service.leave('/a', { 1: 'abcdefgh' })
    service.around = (step, when) => {
      if (step === 'claim' && when === 'before') service.uploads.delete(newest)
    }
    expect((await uploads.writer('/a', { append: true })).size).toBe(8)
    expect(service.log.filter((one) => one === 'find /a')).toHaveLength(2)
    service.around = (step, when, path) => {
      if (step === 'claim' && when === 'before') service.uploads.clear()
      if (step === 'find' && when === 'before') service.leave(path, { 1: '12345678' })
    }
    await expect(uploads.writer('/b', { append: true })).rejects.toMatchObject({
      ...{ code: 'UPLOAD_NOT_FOUND', path: '/b' },
    })
    expect(await collect(uploads.purge('/b', { ...ALL, dryRun: true }))).toHaveLength(1)
  })

  it('continues an empty file, and nothing else that is committed', async () => {
    const { service, uploads } = make()
    service.files.set('/empty', Buffer.alloc(0)).set('/full', Buffer.from('x'))
    expect((await uploads.writer('/empty', { append: true })).size).toBe(0)
    await expect(uploads.writer('/full', { append: true })).rejects.toMatchObject({
      code: 'UNSUPPORTED_METHOD',
    })
    await expect(uploads.writer('/none', { append: true })).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
    })
  })

  it('fences the writer before, whose commit fails', async () => {
    const service = new FakeService()
    const [here, there] = [make('parts', service), make('parts', service)]
    const one = await here.uploads.writer('/a', { append: false })
    await one.write(Buffer.from('12345678abc'))
    await until(() => service.log.includes('send /a') && service.underWay === 0)
    const other = await there.uploads.writer('/a', { append: true })
    await expect(one.commit()).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
    await one.cancel()
    await other.commit()
    expect(textOf(service)).toBe('12345678')
  })
})

describe('a purge', () => {
  it('takes what is old and held by nobody, tells of it, and sweeps with the rest', async () => {
    const { service, store, uploads } = make()
    for (const path of ['/a', '/b/c', '/b/d']) service.leave(path, { 1: 'x' })
    const held = await uploads.writer('/b/c', { append: true })
    const olderThan = new Date(service.now - 1)
    const purged = await collect(uploads.purge('/', { olderThan, dryRun: false }))
    expect(purged.map(({ path }) => path)).toEqual(['/a'])
    expect(store.alive).toEqual(['/b/c', '/b/d'])
    await held.close()
    expect(await collect(uploads.purge('/b', ALL))).toHaveLength(2)
    expect(service.uploads.size).toBe(0)
  })

  it('waits for a session that is being begun', async () => {
    const { service, uploads } = make()
    const { closed, open } = gate()
    service.around = (step, when) => (step === 'begin' && when === 'after' ? closed : undefined)
    const writer = await uploads.writer('/a', { append: false })
    const writing = writer.write(Buffer.from('12345678abc'))
    await until(() => service.uploads.size === 1)
    const purging = collect(uploads.purge('/', ALL))
    await new Promise((next) => setTimeout(next, 20))
    open()
    expect(await purging).toEqual([])
    await writing
  })
})

it('what a delete could not remove is told, and the rest is removed', async () => {
  const { service, uploads } = make()
  for (const path of ['/d/a', '/d/b', '/d/c', '/e']) service.leave(path, { 1: 'x' })
  service.around = (step, when, path) => {
    if (step === 'discard' && when === 'before' && path === '/d/b') throw lost(path)
  }
  const { count, errors } = await uploads.removeBeneath('/d', undefined)
  expect([count, errors.length]).toEqual([3, 1])
  expect([...service.uploads.values()].map(({ path }) => path)).toEqual(['/d/b', '/e'])
})

it('a writer that is dropped without an end lets its session go, also with a signal that lives on', async () => {
  const { service, uploads } = make()
  const { signal } = new AbortController()
  const drop = async (): Promise<void> => {
    const writer = await uploads.writer('/a', { append: false, signal })
    await writer.write(Buffer.alloc(2 * PART + 1))
    await until(() => service.log.filter((one) => one === 'send /a').length === 2)
    await until(() => service.underWay === 0)
  }
  await drop()
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  await until(async () => {
    gc()
    return (await collect(uploads.purge('/', { ...ALL, dryRun: true }))).length === 1
  })
  expect((await uploads.writer('/a', { append: true })).size).toBe(2 * PART)
})
