import { eachUntilFailure } from '../src/index.ts'

const turn = (): Promise<void> => new Promise((next) => setImmediate(next))
const ITEMS = Array.from({ length: 50 }, (_, i) => i)

it('runs for every item, so many at a time', async () => {
  let active = 0
  let most = 0
  const seen: number[] = []
  await eachUntilFailure(ITEMS, { concurrency: 4, signal: undefined }, async (item) => {
    most = Math.max(most, ++active)
    await turn()
    active--
    seen.push(item)
  })
  expect([most, seen.length]).toEqual([4, 50])
})

it('the first failure aborts the others, and is thrown once they have ended', async () => {
  const ended = new Set<number>()
  const call = eachUntilFailure(
    ITEMS,
    { concurrency: 4, signal: undefined },
    async (item, signal) => {
      await turn()
      if (item === 1) throw new Error('first')
      try {
        while (!signal.aborted) await turn()
        await turn()
        signal.throwIfAborted()
      } finally {
        ended.add(item)
      }
    },
  )
  await expect(call).rejects.toThrow('first')
  expect(ended).toEqual(new Set([0, 2, 3]))
})

it.each(['before', 'meanwhile'])('an abort %s is thrown with its reason', async (when) => {
  const stop = new AbortController()
  if (when === 'before') stop.abort(new Error('enough'))
  let begun = 0
  const call = eachUntilFailure(
    ITEMS,
    { concurrency: 2, signal: stop.signal },
    async (_, signal) => {
      begun++
      stop.abort(new Error('enough'))
      await turn()
      if (signal.aborted) throw new Error('what a request says of it')
    },
  )
  await expect(call).rejects.toThrow('enough')
  expect(begun).toBeLessThan(3)
})

it('what the source of items throws is thrown', async () => {
  const items = async function* () {
    yield 1
    throw new Error('no more pages')
  }
  const call = eachUntilFailure(items(), { concurrency: 2, signal: undefined }, turn)
  await expect(call).rejects.toThrow('no more pages')
})
