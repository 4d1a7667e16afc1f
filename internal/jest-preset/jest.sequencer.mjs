// What took longest the last time goes first. Of a file that this machine has not run yet, nothing is known: these are
// taken for long, so that none of them is begun when all others are done.
import { createRequire } from 'node:module'

// A CommonJS module whose default is a property.
const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer')

const LONGEST = [
  /conformance/,
  /kill-matrix/,
  /fault-suite/,
  /internal.docs/,
  /internal.bench/,
  /hostile|histories|model/,
  /create-stowage-driver/,
]

/** Milliseconds that it takes, or may take. */
function expected({ path, duration }) {
  if (duration !== undefined) return duration
  const found = LONGEST.findIndex((pattern) => pattern.test(path))
  return found < 0 ? 3_000 : 60_000 / (found + 1)
}

export default class extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests)
    return sorted.sort((a, b) => expected(b) - expected(a))
  }
}
