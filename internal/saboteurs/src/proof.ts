import { type CaseInfo, type CaseResult, runSuite, type SuiteOptions } from '@stowage/testsuite'
import { patient } from '@stowage-internal/jest-preset/patience'
import { PAGE_SIZE, PART_SIZE } from './delegate.ts'
import { Storages } from './healthy.ts'
import { fetchFrom } from './redirect.ts'
import type { Baseline, Saboteur } from './saboteur.ts'

/** The proof is to give the same result every time. */
const SEED = 20_000_113
/** A broken driver that hangs is to be given up soon; a healthy one has all the time there is. */
const PATIENCE = patient(0.1)
/** What the suite says of a case that has run out of time: of a busy machine, perhaps, and no finding. */
const OUT_OF_TIME = /did not end within/
/** Cases at a time: many wait for a moment. */
const CONCURRENCY = 8

/** The suite's options for a driver that is broken like that, or for a healthy one. */
function optionsFor(saboteur?: Saboteur, baseline?: Baseline): SuiteOptions {
  const storages = new Storages(saboteur, baseline)
  return {
    name: saboteur?.id ?? 'healthy',
    open: (storage) => storages.open(storage),
    remove: (storage) => storages.remove(storage),
    fetch: fetchFrom((storage) => storages.open(storage)),
    partSize: PART_SIZE,
    pageSize: PAGE_SIZE,
    size: 'quick',
    seed: SEED,
    ...(saboteur && { patience: PATIENCE }),
    concurrency: CONCURRENCY,
  }
}

/** What the suite says of the driver, case by case. */
export async function trial(
  saboteur?: Saboteur,
  { baseline, only }: { baseline?: Baseline; only?: (info: CaseInfo) => boolean } = {},
): Promise<readonly CaseResult[]> {
  const hooks = only === undefined ? {} : { filter: only }
  return (await runSuite(optionsFor(saboteur, baseline), hooks)).results
}

/** Cases that move megabytes or wait, with the areas of the saboteurs that they are about. */
const HEAVY: readonly (readonly [cases: RegExp, areas: readonly string[]])[] = [
  [/^revisions-/, ['reader', 'claims']],
  [/^scale-unread/, ['reader']],
  [/^scale-/, ['list', 'walk', 'delete']],
  [/^reader-(back-pressure|concurrent|destroy|paused)/, ['reader', 'abort']],
  [/^redirect-expires/, ['claims']],
]

/** Whether the case is tried on the saboteur. */
export function isWorthIt({ id }: CaseInfo, saboteur: Saboteur): boolean {
  const heavy = HEAVY.find(([cases]) => cases.test(id))
  return heavy?.[1].includes(saboteur.area) ?? true
}

/** Whether the case has found something, and did not merely break down itself. */
export function isKill({ status, error }: CaseResult): boolean {
  if (status !== 'failed') return false
  const cause = error?.cause
  if (OUT_OF_TIME.test(error?.message ?? '')) return false
  const { name, code } = (cause ?? error ?? {}) as { name?: string; code?: string }
  // An error of the driver that a case did not expect is a finding; one of the language is a bug of the case.
  return code !== undefined || !['TypeError', 'ReferenceError', 'SyntaxError'].includes(name ?? '')
}
