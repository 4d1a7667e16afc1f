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

/** Sticky: each piece begins where the last one ended, so that a hostile text takes no longer than its length. */
const PIECE = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y
/** Longer texts are refused. */
const LONGEST = 100

/**
 * Milliseconds of a duration as Go's `time.ParseDuration` takes it (`1h30m`, `1.5s`, `-2m`, `0`), which is how the
 * Go registry's configuration files have them. Undefined if the text is no duration.
 */
export function parseDuration(text: string): number | undefined {
  const isSigned = text.startsWith('+') || text.startsWith('-')
  const rest = isSigned ? text.slice(1) : text
  if (rest === '0') return 0
  if (rest === '' || rest.length > LONGEST) return undefined
  let sum = 0
  for (let at = 0; at < rest.length; ) {
    PIECE.lastIndex = at
    const [piece, number, unit = ''] = PIECE.exec(rest) ?? []
    if (piece === undefined) return undefined
    sum += Number(number) * (UNITS[unit] ?? 0)
    at += piece.length
  }
  return text.startsWith('-') ? -sum : sum
}
