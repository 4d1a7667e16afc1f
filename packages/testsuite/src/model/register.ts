import { AssertionError } from 'node:assert'
import { patienceOf } from '../patience.ts'
import { runnerOf } from '../runner.ts'
import type { ModelOptions } from './options.ts'
import { runModel, secondsOf } from './run.ts'

/** What is under way when the time is over, the last comparison and the cleaning take so long. */
const GRACE_SECONDS = 300

/**
 * Registers a test that plays random sequences of operations on the driver and on an oracle, and fails with
 * the shortest sequence in which they differ.
 *
 * @example
 * ```ts
 * registerModelSuite({
 *   name: 'sqlite',
 *   open: (storage) => create('sqlite', { file: join(folder, storage) }),
 *   oracle: (parameters) => create('inmemory', parameters),
 * })
 * ```
 * @throws TypeError where an option is wrong or no runner can be found.
 */
export function registerModelSuite(options: ModelOptions): void {
  const { describe, it } = runnerOf(options.runner)
  const limit = (secondsOf(options) + GRACE_SECONDS * patienceOf(undefined)) * 1000
  describe(`${options.name} agrees with the oracle`, () => {
    it(
      'in random sequences of operations',
      async () => {
        const { failure } = await runModel(options)
        if (failure !== undefined) throw new AssertionError({ message: failure.message })
      },
      limit,
    )
  })
}
