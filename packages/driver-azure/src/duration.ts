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

/** Milliseconds of a duration in Go's notation (`100ms`, `1m30s`), or undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (
    !/^(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$/.test(
      text,
    )
  )
    return undefined
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    sum += Number(amount) * (UNITS[unit ?? ''] ?? 0)
  }
  return sum
}
