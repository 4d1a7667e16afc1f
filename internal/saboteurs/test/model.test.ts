import { setTimeout as wait } from 'node:timers/promises'
import { type StorageDriver, toStorageDriver } from '@stowage/core/driver'
import { InMemoryDriver } from '@stowage/driver-inmemory'
import { type ModelOptions, registerModelSuite, runModel } from '@stowage/testsuite'
import { PART_SIZE } from '../src/delegate.ts'
import { Storages } from '../src/healthy.ts'
import { saboteurs } from '../src/index.ts'
import type { Baseline, Saboteur } from '../src/saboteur.ts'

function options(saboteur?: Saboteur, baseline?: Baseline): ModelOptions {
  const storages = new Storages(saboteur, baseline)
  return {
    name: saboteur?.id ?? `the healthy driver (${baseline})`,
    open: (storage) => storages.open(storage),
    remove: (storage) => storages.remove(storage),
    oracle: (parameters) => toStorageDriver(new InMemoryDriver(parameters)),
    partSize: PART_SIZE,
    seed: 7,
  }
}

for (const baseline of ['full', 'keys', 'bare'] as const) {
  registerModelSuite(options(undefined, baseline))
}

/** Some of each kind: what the model cannot find is told in its documentation. */
const FOUND = [
  'content-keeps-the-callers-buffer',
  'content-leaves-the-end-of-longer-content',
  'reader-starts-one-byte-late',
  'reader-takes-length-0-for-all',
  'writer-loses-the-tail-at-close',
  'writer-swaps-parts',
  'uncommitted-is-visible-in-walk',
  'uncommitted-takes-the-old-with-it',
  'resume-picks-the-oldest',
  'resume-counts-from-zero',
  'list-sorts-names-without-the-slash',
  'walk-includes-where-it-starts-after',
  'walk-skips-siblings-too',
  'stat-takes-a-sibling-for-a-directory',
  'move-merges-directories',
  'move-loses-the-source-when-it-fails',
  'delete-takes-siblings-along',
  'delete-leaves-uploads',
  'purge-removes-in-a-dry-run',
  'error-not-found-names-another-path',
  'abort-is-ignored-by-putContent',
  'abort-leaves-the-session',
  'storage-caches-in-the-instance',
]

describe('the model finds', () => {
  it.each(FOUND)('%s', async (id) => {
    const saboteur = saboteurs.find((one) => one.id === id)
    if (saboteur === undefined) throw new Error(`no saboteur is called ${id}`)
    // Time enough to shorten what it finds on a busy machine; it ends as soon as that is done.
    const { failure } = await runModel({ ...options(saboteur), runs: 500, seconds: 200 })
    expect(failure?.message).toMatch(/departs from the oracle/)
    expect(failure?.operations.length).toBeLessThanOrEqual(8)
  })
})

/** The driver with a pause before content goes in or out, of which none comes whole once it is broken. */
function slowAndBroken(
  driver: StorageDriver,
  begins: () => void,
  isBroken: () => boolean,
): StorageDriver {
  return new Proxy(driver, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (!/^(put|get)Content$/.test(String(name))) return value.bind(target)
      return async (...given: unknown[]) => {
        if (name === 'putContent') begins()
        await wait(100)
        const result = await value.apply(target, given)
        return name === 'getContent' && isBroken() ? result.subarray(1) : result
      }
    },
  })
}

describe('a failure of the model', () => {
  const broken = saboteurs.find(({ id }) => id === 'delete-takes-siblings-along') as Saboteur

  it('says what was done, what differed and how to see it again', async () => {
    const { failure, seed } = await runModel({ ...options(broken), runs: 500 })
    expect(failure?.message).toContain(failure?.operations.at(-1))
    expect(failure?.message).toContain(`replay: { seed: ${seed}, path: '${failure?.path}' }`)
    const again = await runModel({ ...options(broken), seed, path: failure?.path })
    expect(again.failure?.operations).toEqual(failure?.operations)
    expect(again.failure?.difference).toBe(failure?.difference)
  })

  it('is told when the time is over, however long it would take to shorten it', async () => {
    const { open, remove, ...others } = options()
    const left = new Set<string>()
    const seconds = 6
    let end = Number.POSITIVE_INFINITY
    let late = 0
    let puts = 0
    const begins = (): void => {
      puts++
      if (Date.now() > end) late++
    }
    const { failure } = await runModel({
      ...others,
      open: async (storage) => {
        // A storage is broken from its third content on, so that many calls are left to try without.
        if (!left.has(storage)) puts = 0
        left.add(storage)
        return slowAndBroken(await open(storage), begins, () => puts >= 3)
      },
      remove: async (storage) => {
        // The time begins when the first instance, which is only asked for its capabilities, has gone.
        end = Math.min(end, Date.now() + seconds * 1000)
        left.delete(storage)
        await remove?.(storage)
      },
      seconds,
    })
    expect(failure?.message).toMatch(/departs from the oracle/)
    expect([...left]).toEqual([])
    // What was under way ends, with the content that the oracle gets; nothing else is begun.
    expect(late).toBeLessThanOrEqual(1)
  })

  it('is the same for the same seed', async () => {
    const runs = [1, 2].map(() => runModel({ ...options(broken), runs: 500, seconds: 2_000 }))
    const [first, second] = await Promise.all(runs)
    expect(first?.failure?.message).toBe(second?.failure?.message)
  })
})
