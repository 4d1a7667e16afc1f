import { InvalidArgumentError } from 'commander'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** `1.5 MiB`: at most one decimal. */
export function bytes(count: number): string {
  let value = count
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  const shown = unit === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10
  return `${shown} ${UNITS[unit]}`
}

/** `80 ms`, `0.8 s`, `12 s`, `3 min 20 s`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 0.1) return `${Math.ceil(milliseconds)} ms`
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** Bytes in a time as `3.4 MiB/s`. */
export function rate(count: number, milliseconds: number): string {
  return `${bytes(milliseconds > 0 ? (count * 1000) / milliseconds : count)}/s`
}

/** `1 file`, `3 files`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

/** Local time to the second, as `ls` shows it. */
export function time(date: Date): string {
  if (Number.isNaN(date.getTime()) || date.getTime() === 0) return '-'.padEnd(19)
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 19).replace('T', ' ')
}

const FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** A number of bytes: `4096`, `4k`, `1.5MiB`. */
export function parseBytes(text: string): number {
  const [, digits = '', letter = ''] = /^(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?$/i.exec(text) ?? []
  const value = Math.floor(Number(digits) * (FACTORS[letter.toLowerCase()] ?? Number.NaN))
  if (digits === '' || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It is a number of bytes such as 4096, 64k or 1MiB.')
  }
  return value
}

const SPANS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** A span of time in milliseconds: `90s`, `30m`, `12h`, `7d`, `2w`, or `0`. */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  const [, digits = '', letter = ''] = /^(\d+(?:\.\d+)?)([smhdw])$/i.exec(text) ?? []
  const value = Number(digits) * (SPANS[letter.toLowerCase()] ?? Number.NaN)
  if (digits === '' || !Number.isFinite(value)) {
    throw new InvalidArgumentError('It is a time such as 90s, 30m, 12h, 7d or 0.')
  }
  return value
}

/** An integer of at least `least`, for an option. */
export function integerFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It is an integer from ${least}.`)
    }
    return value
  }
}
