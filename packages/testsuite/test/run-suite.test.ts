import { describe, expect, it } from '@jest/globals'
import { type Driver, toStorageDriver } from '@stowage/core/driver'
import { type CaseInfo, type CaseResult, runSuite, suiteCases } from '@stowage/testsuite'
import { InMemoryDriver } from '../../driver-inmemory/src/index.ts'

const only =
  (...ids: string[]) =>
  ({ id }: CaseInfo): boolean =>
    ids.includes(id)

function open(change: Partial<Driver> = {}): () => ReturnType<typeof toStorageDriver> {
  return () => toStorageDriver(Object.assign(new InMemoryDriver(), change))
}

describe('the list of cases', () => {
  it('has ids and sentences that are unique', () => {
    expect(suiteCases.length).toBeGreaterThanOrEqual(140)
    expect(new Set(suiteCases.map(({ id }) => id)).size).toBe(suiteCases.length)
    expect(new Set(suiteCases.map(({ title }) => title)).size).toBe(suiteCases.length)
    for (const { id, area } of suiteCases) expect(id).toMatch(new RegExp(`^${area}-[a-z0-9-]+$`))
  })

  it("stands for every test of the Go registry's suite", () => {
    const covered = new Set(suiteCases.flatMap(({ original }) => original ?? []))
    const all = Array.from({ length: 36 }, (_, i) => `T${i + 1}`)
    expect(all.filter((test) => !covered.has(test))).toEqual([])
  })
})

describe('runSuite', () => {
  it('reports each case with its result', async () => {
    const told: CaseResult[] = []
    const report = await runSuite(
      { name: 'memory', open: open(), seed: 5, skip: { 'content-text': 'for a reason' } },
      {
        filter: only('content-text', 'content-small', 'redirect-get', 'scale-five-gibibytes'),
        onResult: (result) => told.push(result),
      },
    )
    expect(report.results).toEqual(told)
    expect(report).toMatchObject({ name: 'memory', seed: 5, size: 'quick' })
    expect(report).toMatchObject({ passed: 1, failed: 0, skipped: 3 })
    expect(Object.fromEntries(told.map(({ id, reason }) => [id, reason]))).toEqual({
      'content-text': 'for a reason',
      'content-small': undefined,
      'redirect-get': 'the driver does not declare "redirectURL"',
      'scale-five-gibibytes': 'only in full size',
    })
  })

  it('reports a failure with its cause, the seed and how to replay it', async () => {
    const getContent = async (): Promise<Uint8Array> => Buffer.from('wrong')
    const { results } = await runSuite(
      { name: 'memory', open: open({ getContent }), seed: 1234 },
      { filter: only('content-small') },
    )
    expect(results[0]).toMatchObject({ id: 'content-small', status: 'failed' })
    expect(results[0]?.error?.message).toMatch(/wrong byte at 0/)
    expect(results[0]?.error?.message).toMatch(/content-small of memory/)
    expect(results[0]?.error?.message).toMatch(/STOWAGE_SUITE_SEED=1234/)
    expect(results[0]?.error?.stack).toMatch(/context\.ts/)
  })

  it('ends a case that hangs, and goes on', async () => {
    const getContent = (): Promise<never> => new Promise(() => {})
    const { results } = await runSuite(
      { name: 'memory', open: open({ getContent }), timeoutMs: 100 },
      { filter: only('content-small', 'stat-file') },
    )
    expect(results.map(({ status }) => status)).toEqual(['failed', 'passed'])
    expect(results[0]?.error?.message).toMatch(/did not end within 100 ms/)
  })

  it('reports a storage that cannot be opened', async () => {
    const { results } = await runSuite(
      { name: 'memory', open: () => Promise.reject(new Error('no such bucket')) },
      { filter: only('content-small') },
    )
    expect(results[0]?.error?.message).toMatch(/no such bucket/)
  })

  it('stops at the first failure where it is asked to', async () => {
    const getContent = async (): Promise<Uint8Array> => Buffer.from('wrong')
    const { results } = await runSuite(
      { name: 'memory', open: open({ getContent }) },
      { filter: ({ area }) => area === 'content', stopAtFirstFailure: true },
    )
    expect(results.map(({ status }) => status)).toEqual(['failed'])
  })

  it('begins no further case once its signal is aborted', async () => {
    const control = new AbortController()
    const { results } = await runSuite(
      { name: 'memory', open: open() },
      {
        filter: ({ area }) => area === 'content',
        signal: control.signal,
        onResult: () => control.abort(),
      },
    )
    expect(results.length).toBe(1)
  })

  it('reports uploads that a case leaves behind', async () => {
    class Leaky extends InMemoryDriver {
      override async writer(...args: Parameters<InMemoryDriver['writer']>) {
        const left = await super.writer(...args)
        await left.close()
        return super.writer(args[0], { append: false })
      }
    }
    const { results } = await runSuite(
      { name: 'memory', open: () => toStorageDriver(new Leaky()) },
      { filter: only('writer-small') },
    )
    expect(results[0]?.error?.message).toMatch(/uploads left behind at \/a\/file/)
  })

  it('closes what it opened and removes each storage', async () => {
    const opened: string[] = []
    const removed: string[] = []
    let closed = 0
    const close = async (): Promise<void> => void closed++
    await runSuite(
      {
        name: 'memory',
        open: (storage) => {
          opened.push(storage)
          return open({ close })()
        },
        remove: (storage) => void removed.push(storage),
      },
      { filter: only('isolation-storages', 'content-small') },
    )
    expect(opened.length).toBe(4)
    expect(closed).toBe(4)
    expect(new Set(removed)).toEqual(new Set(opened))
    for (const storage of opened) expect(storage).toMatch(/^[a-z0-9-]+$/)
  })

  it('runs cases side by side where it may, and gives the same report', async () => {
    let now = 0
    let most = 0
    const report = await runSuite(
      {
        name: 'memory',
        concurrency: 4,
        open: () => {
          most = Math.max(most, ++now)
          return open({ close: async () => void now-- })()
        },
      },
      { filter: ({ area }) => area === 'content' || area === 'leaks' },
    )
    expect(report.failed).toBe(0)
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(4)
  })

  it.each([
    [{ partSize: 0 }, /partSize/],
    [{ seed: 1.5 }, /seed/],
    [{ timeoutMs: -1 }, /timeoutMs/],
    [{ size: 'huge' as 'full' }, /quick or full/],
  ])('refuses %j', async (options, message) => {
    await expect(runSuite({ name: 'memory', open: open(), ...options })).rejects.toThrow(message)
  })
})
