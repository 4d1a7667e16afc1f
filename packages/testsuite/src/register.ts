import type { Case } from './case.ts'
import { type CaseResult, type Settings, type SuiteOptions, settings } from './options.ts'
import { longest, skipReason } from './run-case.ts'
import { type Runner, runnerOf } from './runner.ts'
import { Schedule } from './schedule.ts'
import { allCases } from './suite-cases.ts'

/**
 * Registers every case of the contract with the test runner: the whole conformance test of a driver.
 *
 * @example
 * ```ts
 * registerSuite({
 *   name: 'memory',
 *   open: () => create('inmemory'),
 * })
 * ```
 * @throws TypeError where an option is wrong or no runner can be found.
 */
export function registerSuite(options: SuiteOptions): void {
  const set = settings(options)
  const runner = runnerOf(set.runner)
  const schedule = new Schedule(
    set,
    allCases.filter((one) => skipReason(set, one) === undefined),
  )
  const notApplicable: CaseResult[] = []
  runner.describe(`${set.name} keeps the contract`, () => {
    for (const [area, cases] of Map.groupBy(allCases, (one) => one.area)) {
      runner.describe(area, () => {
        for (const one of cases) registerCase(runner, set, one, { schedule, notApplicable })
      })
    }
    const after = runner.afterAll ?? runner.after
    after?.(async () => tell(set, notApplicable))
  })
}

function registerCase(
  { it }: Runner,
  set: Settings,
  one: Case,
  { schedule, notApplicable }: { schedule: Schedule; notApplicable: CaseResult[] },
): void {
  const name = `${one.title} [${one.id}]`
  const reason = skipReason(set, one)
  if (reason !== undefined) {
    it.skip(`${name} (skipped: ${reason})`, async () => {})
    return
  }
  // Runners pass a context in which a test can be skipped; jest does not, and takes a parameter for a
  // callback: hence the rest parameter.
  const body = async (...context: unknown[]): Promise<void> => {
    const result = await schedule.result(one)
    if (result.error !== undefined) throw result.error
    if (result.status !== 'skipped') return
    const test = context[0] as { skip?(reason?: string): void } | undefined
    if (test?.skip) test.skip(result.reason)
    else notApplicable.push(result)
  }
  it(name, body, longest(set, one))
}

/** Where the runner could not be told, a reader is. */
function tell({ name }: Settings, notApplicable: readonly CaseResult[]): void {
  if (notApplicable.length === 0) return
  const lines = notApplicable.map(({ id, reason }) => `  ${id}: ${reason}\n`)
  process.stderr.write(`${name}: ${lines.length} cases do not apply\n${lines.join('')}`)
}
