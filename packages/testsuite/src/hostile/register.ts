import { settings } from '../options.ts'
import { registerCases } from '../register-cases.ts'
import { runnerOf } from '../runner.ts'
import { hostileCases } from './cases.ts'
import type { HostileOptions } from './options.ts'

const COUNT = 10_000
const STORED = 400

/**
 * Registers tests that hand a driver 10,000 hostile paths: each is refused with InvalidPathError before
 * anything happens, or kept under that very name, with everything beside it untouched. With `behind`, also
 * what other tools may have left in the backend.
 *
 * @example
 * ```ts
 * registerHostileSuite({ name: 'mine', open, remove })
 * ```
 * @throws TypeError where an option is wrong or no runner can be found.
 */
export function registerHostileSuite(options: HostileOptions): void {
  const set = settings(options)
  const { count = COUNT, except = () => false, behind } = options
  const stored = options.stored ?? (set.size === 'full' ? count : STORED)
  const runner = runnerOf(options.runner)
  runner.describe(`${options.name} survives hostile names`, () => {
    registerCases(runner, set, hostileCases({ count, stored, behind, except }))
  })
}
