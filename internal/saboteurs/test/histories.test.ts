import { type Runner, registerHistorySuite } from '@stowage/testsuite'
import { collected, failures } from '../src/collected.ts'
import { Storages } from '../src/healthy.ts'
import { racing } from '../src/racing.ts'
import type { Saboteur } from '../src/saboteur.ts'

function tests(saboteur: Partial<Saboteur>, seed: number): (() => Promise<void>)[] {
  const storages = new Storages(saboteur)
  return collected((runner: Runner) =>
    registerHistorySuite({
      name: saboteur.id ?? 'healthy',
      open: (storage) => storages.open(storage),
      remove: (storage) => storages.remove(storage),
      partSize: 1024,
      ...{ seed, runner, rounds: 40 },
    }),
  )
}

it.each(['full', 'keys'] as const)('the healthy driver (%s) passes', async (on) => {
  expect(await failures(tests({ on }, 11))).toEqual([])
})

it.each(racing.map(({ id }) => id))('histories find %s', async (id) => {
  const saboteur = racing.find((one) => one.id === id) as Saboteur
  const found = await failures(tests(saboteur, 11))
  expect(found.length).toBeGreaterThan(0)
  // Few enough calls that a reader sees what is wrong.
  for (const message of found) {
    expect(message).toMatch(/client \d/)
    expect(message).toContain('STOWAGE_SUITE_SEED=11')
  }
})
