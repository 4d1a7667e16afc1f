// The proof of the odd-answers suite: it passes a healthy driver, and each of its cases finds a broken one.
import { toStorageDriver } from '@stowage/core/driver'
import { type OddAnswersOptions, type Runner, registerOddAnswersSuite } from '@stowage/testsuite'
import { ObjectStore } from '../src/faults/store.ts'
import { dialect } from '../src/odd/dialect.ts'
import { OddClient, OddDriver, TOKEN } from '../src/odd/driver.ts'
import { type OddSaboteur, oddSaboteurs } from '../src/odd/saboteurs.ts'

const store = await ObjectStore.start()
afterAll(() => store.stop())

function options(saboteur?: OddSaboteur): OddAnswersOptions {
  const { Client = OddClient, Driver = OddDriver } = saboteur ?? {}
  return {
    name: saboteur?.id ?? 'healthy',
    dialect,
    upstream: store.endpoint,
    secrets: { 'the token': TOKEN },
    // Whoever looks at the store itself is healthy: what it sees is to be the truth.
    create: (storage, endpoint, limits) =>
      toStorageDriver(
        endpoint === store.endpoint
          ? new OddDriver(new OddClient(endpoint, limits), storage)
          : new Driver(new Client(endpoint, limits), storage),
      ),
    // A driver that hangs is to be given up soon.
    ...(saboteur && { patience: 0.05 }),
  }
}

/** The cases by their ids, and what ends them all. */
function casesOf(saboteur: OddSaboteur) {
  const cases = new Map<string, () => Promise<void>>()
  let end = async (): Promise<void> => {}
  const it = (name: string, body: () => Promise<void>): void => {
    cases.set(/\[(.+)\]$/.exec(name)?.[1] ?? name, body)
  }
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: Object.assign(it, { skip: () => {} }),
    afterAll: (body: () => Promise<void>) => {
      end = body
    },
  }
  registerOddAnswersSuite({ ...options(saboteur), runner: runner as Runner })
  return { cases, end: () => end() }
}

registerOddAnswersSuite(options())

describe('the odd-answers suite', () => {
  it.each(oddSaboteurs)('finds the driver that $id', async (saboteur) => {
    const { cases, end } = casesOf(saboteur)
    const survived: string[] = []
    for (const id of saboteur.found) {
      const found = await cases
        .get(id)?.()
        .then(
          () => false,
          () => true,
        )
      if (!found) survived.push(id)
    }
    await end()
    expect(survived).toEqual([])
  })

  it('has no case that finds nothing', () => {
    const [any] = oddSaboteurs
    const all = [...casesOf(any as OddSaboteur).cases.keys()]
    const finding = new Set(oddSaboteurs.flatMap(({ found }) => found))
    expect(all.filter((id) => !finding.has(id))).toEqual([])
  })
})
