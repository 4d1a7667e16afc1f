import { patient } from '@stowage-internal/jest-preset/patience'
import { FULL, SEED, sample } from '@stowage-internal/jest-preset/sample'
import { inject, injections } from './explore/injections.ts'
import { SCENARIOS } from './explore/scenarios.ts'

/** Faults for each scenario where not all are injected. */
const SAMPLE = 60

const TIMEOUT = patient(FULL ? 3_000_000 : 300_000)

describe(`a call of the file system that fails (seed ${SEED})`, () => {
  for (const scenario of SCENARIOS) {
    it(
      `${scenario.name}: callers are told, what was there is whole, nothing is left`,
      async () => {
        const wrong: string[] = []
        for (const injection of sample(await injections(scenario), SAMPLE)) {
          await inject(scenario, injection).catch((error: Error) => wrong.push(error.message))
        }
        expect(wrong).toEqual([])
      },
      TIMEOUT,
    )
  }
})
