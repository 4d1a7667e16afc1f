// The functions of `parameter`, which describe what values a parameter may have.
import type { Parameter } from './parameters.ts'

type Extra<T> = Partial<Omit<Parameter<T>, 'read'>>

/** Text; numbers and booleans of a configuration file are taken as they are written. */
export function string<const X extends Extra<string>>(extra: X = {} as X): Parameter<string> & X {
  const read = (value: unknown): string | undefined =>
    typeof value === 'string'
      ? value
      : typeof value === 'number' || typeof value === 'boolean'
        ? String(value)
        : undefined
  return { expected: 'text', ...extra, read }
}

const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True']
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False']

/** A boolean, or a string that Go's `ParseBool` takes for one. */
export function boolean<const X extends Extra<boolean>>(
  extra: X = {} as X,
): Parameter<boolean> & X {
  const read = (value: unknown): boolean | undefined =>
    typeof value === 'boolean'
      ? value
      : TRUE.includes(value as string)
        ? true
        : FALSE.includes(value as string)
          ? false
          : undefined
  const problem = (name: string): string => `the ${name} parameter should be a boolean`
  return { expected: 'true or false', problem, ...extra, read }
}

/** A safe integer in a range, or a string that is one. */
export function integer<const X extends Extra<number>>(
  { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number },
  extra: X = {} as X,
): Parameter<number> & X {
  const read = (value: unknown): number | undefined => {
    const number = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value
    const fits =
      Number.isSafeInteger(number) && (number as number) >= min && (number as number) <= max
    return fits ? (number as number) : undefined
  }
  const top = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`
  const from = min === Number.MIN_SAFE_INTEGER ? '' : ` from ${min}`
  return { expected: `an integer${from}${top}`, ...extra, read }
}

/** An integer, or text in Go's notation of one. A value below `min` becomes `min`, as in the Go registry. */
export function clampedInteger<const X extends Extra<number>>(
  { min }: { min: number },
  extra: X = {} as X,
): Parameter<number> & X {
  const read = (value: unknown): number | undefined => {
    const number = typeof value === 'string' ? goUnsigned(value) : value
    return Number.isSafeInteger(number) ? Math.max(min, number as number) : undefined
  }
  // The Go registry's words, which its operators know.
  const problem = (name: string, shown: string): string =>
    shown.startsWith("'")
      ? `${name} config error: parameter must be an integer, ${shown} invalid`
      : `${name} config error: invalid value ${shown}`
  return { expected: `an integer (less than ${min} counts as ${min})`, problem, ...extra, read }
}

/** Go's `ParseUint(text, 0, 64)`: `0x`, `0o`, `0b` or a leading 0 name the base, `_` may separate digits. */
function goUnsigned(text: string): number | undefined {
  const plain = text.replace(/(?<=[0-9a-fxob])_(?=[0-9a-f])/gi, '')
  if (/^0[0-7]+$/.test(plain)) return Number.parseInt(plain, 8)
  return /^(0|[1-9]\d*|0x[0-9a-f]+|0o[0-7]+|0b[01]+)$/i.test(plain) ? Number(plain) : undefined
}

/** One of a few words, in any case; read as it is written in the list. */
function oneOf<const V extends string, const X extends Extra<V>>(
  words: readonly V[],
  extra: X = {} as X,
): Parameter<V> & X {
  const read = (value: unknown): V | undefined =>
    words.find((word) => word.toLowerCase() === String(value).toLowerCase())
  return { expected: `one of ${words.join(', ')}`, ...extra, read }
}

export { oneOf as enum }

/** A thing that only a program can hand over: a client, a credential provider. */
export function object<T extends object>(expected: string): Parameter<T> {
  const read = (value: unknown): T | undefined =>
    typeof value === 'object' || typeof value === 'function' ? (value as T) : undefined
  return { expected, read, secret: true }
}
