import { patient } from '@stowage-internal/jest-preset/patience'
import { FULL, SEED, sample } from '@stowage-internal/jest-preset/sample'
import { killCases, killed } from './explore/kills.ts'
import { SCENARIOS } from './explore/scenarios.ts'

/** Processes that are killed for each scenario where not all cases run. */
const SAMPLE = 4

const TIMEOUT = patient(FULL ? 3_000_000 : 300_000)

describe(`a process killed at any call of the file system (seed ${SEED})`, () => {
  for (const scenario of SCENARIOS) {
    it(
      `${scenario.name}: what it leaves is whole, continues and can be purged`,
      async () => {
        const cases = sample(await killCases(scenario), SAMPLE)
        const next = cases.values()
        const runAll = async (): Promise<void> => {
          for (const one of next) await killed(scenario, one)
        }
        await Promise.all([runAll(), runAll()])
      },
      TIMEOUT,
    )
  }
})
