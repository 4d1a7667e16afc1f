// Limits guard against hangs only: generous, and all multiplied by one setting where a machine needs more.
// What the published testsuite waits for follows the same setting (packages/testsuite/src/patience.ts).
import { setTimeout as wait } from 'node:timers/promises'

const factor = Number(process.env.STOWAGE_SUITE_PATIENCE || 1)

/** The limit of a test; jest's limit of those that have none of their own. */
export const TEST_MS = patient(300_000)

/** So many milliseconds, times STOWAGE_SUITE_PATIENCE. */
export function patient(ms) {
  return ms * factor
}

/** Waits until it is so. It counts looks, not the clock, so that a busy machine gets as many as a quick one. */
export async function until(isSo, what = String(isSo)) {
  for (let looks = patient(6000); !(await isSo()); looks--) {
    if (looks <= 0) throw new Error(`it never came true: ${what}`)
    await wait(5)
  }
}
