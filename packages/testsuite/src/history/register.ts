import { settings } from '../options.ts'
import { registerCases } from '../register-cases.ts'
import { runnerOf } from '../runner.ts'
import { type HistorySettings, historyCases } from './cases.ts'
import type { HistoryOptions } from './options.ts'

const ROUNDS = { quick: 60, full: 2000 } as const
const PROCESS_ROUNDS = { quick: 6, full: 120 } as const
const SECONDS = { quick: 3, full: 120 } as const

/**
 * Registers tests in which several clients work on few files at the same time, through several instances.
 * What every call came to is recorded with its begin and its end, and has to be explained by one order of all
 * calls. A failure prints the fewest calls that cannot be explained, and the seed.
 *
 * @example
 * ```ts
 * registerHistorySuite({ name: 'mine', open, remove })
 * ```
 * @throws TypeError where an option is wrong or no runner can be found.
 */
export function registerHistorySuite(options: HistoryOptions): void {
  const set = settings(options)
  const runner = runnerOf(options.runner)
  const history: HistorySettings = {
    clients: options.clients ?? 5,
    steps: options.steps ?? 10,
    instances: options.instances ?? 3,
    rounds: options.rounds ?? ROUNDS[set.size],
    seconds: options.seconds ?? SECONDS[set.size],
    processRounds: PROCESS_ROUNDS[set.size],
  }
  runner.describe(`${options.name} keeps the contract for calls at the same time`, () => {
    registerCases(runner, set, historyCases(history))
  })
}
