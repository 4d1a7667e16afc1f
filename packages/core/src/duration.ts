/** Milliseconds in each of Go's units; it takes two code points for micro. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

const PIECE = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g

/**
 * Milliseconds of a duration as Go's `time.ParseDuration` takes it (`1h30m`, `1.5s`, `-2m`, `0`), which is how the
 * original's configuration files have them; undefined where it is none.
 */
export function parseDuration(text: string): number | undefined {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/.exec(text) ?? []
  if (rest === '0') return 0
  if (rest === '' || rest.replace(PIECE, '') !== '') return undefined
  let sum = 0
  for (const [, number, unit = ''] of rest.matchAll(PIECE))
    sum += Number(number) * (UNITS[unit] ?? 0)
  return sign === '-' ? -sum : sum
}
