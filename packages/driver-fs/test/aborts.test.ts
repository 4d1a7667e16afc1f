import { patient } from '@stowage-internal/jest-preset/patience'
import { FULL, SEED, sample } from '@stowage-internal/jest-preset/sample'
import { abortAt, callsOf } from './explore/aborts.ts'
import { SCENARIOS, scenario } from './explore/scenarios.ts'
import { failure } from './recording.ts'

/** Aborts for each scenario where not all are tried. */
const SAMPLE = 25

const TIMEOUT = patient(FULL ? 3_000_000 : 300_000)

describe(`an abort at any call of the file system (seed ${SEED})`, () => {
  for (const one of SCENARIOS) {
    it(
      `${one.name}: the caller is told at once, nothing is published afterwards, nothing is left`,
      async () => {
        const wrong: string[] = []
        for (const at of sample([...(await callsOf(one)).keys()], SAMPLE)) {
          await abortAt(one, at).catch((error: Error) => wrong.push(error.message))
        }
        expect(wrong).toEqual([])
      },
      TIMEOUT,
    )
  }

  it('is seen to fail where the driver is not told of it', async () => {
    const found = abortAt(scenario('a put over a file'), 3, true)
    expect((await failure(found)).message).toContain('nothing while a call takes its time')
  })
})
