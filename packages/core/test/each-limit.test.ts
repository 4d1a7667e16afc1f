import { eachLimit } from '@stowage/core/driver'
import { failure, gate, settle } from './helpers/util.ts'

it('runs for every item, at most so many at once', async () => {
  let [running, most] = [0, 0]
  const seen: number[] = []
  await eachLimit(Array.from({ length: 50 }, (_, n) => n).values(), 7, async (n) => {
    most = Math.max(most, ++running)
    await settle()
    seen.push(n)
    running--
  })
  expect(most).toBe(7)
  expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n))
})

it('begins nothing after a failure, and throws the first when all that was begun has ended', async () => {
  const [first, second] = [gate(), gate()]
  const begun: number[] = []
  let ended = false
  const all = eachLimit([1, 2, 3, 4], 2, async (n) => {
    begun.push(n)
    await (n === 1 ? first : second).opened
    if (n === 2) ended = true
    throw new Error(`item ${n}`)
  })
  const caught = failure(all)
  await settle()
  first.open()
  await settle()
  expect([begun, ended]).toEqual([[1, 2], false])
  second.open()
  expect(await caught).toMatchObject({ message: 'item 1' })
  expect([begun, ended]).toEqual([[1, 2], true])
})

it('waits for what was begun where the items end with an error', async () => {
  const blocked = gate()
  let ended = false
  async function* items(): AsyncGenerator<number> {
    yield 1
    throw new Error('no more')
  }
  const caught = failure(
    eachLimit(items(), 4, async () => {
      await blocked.opened
      ended = true
    }),
  )
  await settle()
  expect(ended).toBe(false)
  blocked.open()
  expect(await caught).toMatchObject({ message: 'no more' })
  expect(ended).toBe(true)
})
