// What a run of all tests tries of what has too many cases: a sample that another seed draws each time.

/** Whether every case runs instead of a sample. */
export const FULL = process.env.STOWAGE_SUITE_SIZE === 'full'

/** Which sample: printed in the names of the tests. */
export const SEED = Number(process.env.STOWAGE_SUITE_SEED || Math.floor(Math.random() * 2 ** 31))

/** Numbers from 0 to before 1 that follow from the seed. */
export function random(seed = SEED) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Some of the cases, in their order; all of them in full size. */
export function sample(cases, count) {
  if (FULL || cases.length <= count) return [...cases]
  const next = random()
  const drawn = cases.map((value, index) => ({ value, index, key: next() }))
  return drawn
    .sort((a, b) => a.key - b.key)
    .slice(0, count)
    .sort((a, b) => a.index - b.index)
    .map(({ value }) => value)
}
