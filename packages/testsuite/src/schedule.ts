import type { Case } from './case.ts'
import type { CaseResult, Settings } from './options.ts'
import { runCase } from './run-case.ts'

/**
 * Runs cases in their order, up to `concurrency` at a time: a case that is asked for draws the next
 * ones along. Cases that look at the whole process run alone.
 */
export class Schedule {
  readonly #settings: Settings
  readonly #cases: readonly Case[]
  readonly #results = new Map<Case, Promise<CaseResult>>()
  readonly #running = new Set<Promise<CaseResult>>()

  constructor(settings: Settings, cases: readonly Case[]) {
    this.#settings = settings
    this.#cases = cases
  }

  async result(one: Case): Promise<CaseResult> {
    const started = this.#results.get(one)
    if (started !== undefined) return started
    if (one.alone) await Promise.all(this.#running)
    const result = this.#start(one)
    if (!one.alone) this.#ahead(this.#cases.indexOf(one) + 1)
    return result
  }

  /** Starts what may run meanwhile. */
  #ahead(index: number): void {
    for (const next of this.#cases.slice(index)) {
      if (this.#running.size >= this.#settings.concurrency) return
      if (!next.alone && !this.#results.has(next)) void this.#start(next)
    }
  }

  #start(one: Case): Promise<CaseResult> {
    const result = runCase(this.#settings, one)
    this.#results.set(one, result)
    this.#running.add(result)
    const end = (): void => {
      this.#running.delete(result)
    }
    result.then(end, end)
    return result
  }
}
