import type { Case } from './case.ts'
import type { Settings } from './options.ts'
import { longest, runCase, skipReason } from './run-case.ts'
import type { Runner } from './runner.ts'

/** Registers cases as tests, each by itself: for suites whose cases always apply. */
export function registerCases({ it }: Runner, set: Settings, cases: readonly Case[]): void {
  for (const one of cases) {
    const name = `${one.title} [${one.id}]`
    const reason = skipReason(set, one)
    if (reason !== undefined) {
      it.skip(`${name} (skipped: ${reason})`, async () => {})
      continue
    }
    const body = async (): Promise<void> => {
      const { error } = await runCase(set, one)
      if (error !== undefined) throw error
    }
    it(name, body, longest(set, one))
  }
}
