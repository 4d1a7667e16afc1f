// Jest starts with what took longest the last time; a new machine knows of no last time, and would begin the longest
// file when all others are done. These go first, the rest follows in jest's order.
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

const rank = ({ path }) => {
  const found = LONGEST.findIndex((pattern) => pattern.test(path))
  return found < 0 ? LONGEST.length : found
}

export default class extends Sequencer {
  async sort(tests) {
    const known = tests.some(({ duration }) => duration !== undefined)
    const sorted = await super.sort(tests)
    return known ? sorted : sorted.sort((a, b) => rank(a) - rank(b))
  }
}
