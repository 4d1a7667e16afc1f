import type { Case } from './case.ts'
import {
  type CaseResult,
  type RunHooks,
  type SuiteOptions,
  type SuiteReport,
  settings,
} from './options.ts'
import { Schedule } from './schedule.ts'
import { allCases } from './suite-cases.ts'

/**
 * Runs the cases of {@link registerSuite} without a test runner and reports each. A case that fails or
 * hangs is a result, and the next one goes on.
 * @throws TypeError where an option is wrong.
 */
export async function runSuite(options: SuiteOptions, hooks: RunHooks = {}): Promise<SuiteReport> {
  const set = settings(options)
  const cases = allCases.filter((one) => hooks.filter?.(one) ?? true)
  const results = await runAll(cases, new Schedule(set, cases), hooks)
  const count = (status: CaseResult['status']): number =>
    results.filter((result) => result.status === status).length
  return {
    name: set.name,
    seed: set.seed,
    size: set.size,
    results,
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
  }
}

async function runAll(
  cases: readonly Case[],
  schedule: Schedule,
  { onResult, stopAtFirstFailure, signal }: RunHooks,
): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const one of cases) {
    if (signal?.aborted) break
    const result = await schedule.result(one)
    results.push(result)
    onResult?.(result)
    if (stopAtFirstFailure && result.status === 'failed') break
  }
  return results
}
