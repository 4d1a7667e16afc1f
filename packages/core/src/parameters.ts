import { ConfigError } from './errors.ts'

export * as parameter from './parameter-builders.ts'

/** How one parameter is read. The functions of {@link parameter} make it. */
export interface Parameter<T> {
  /** For documentation and messages: "an integer from 1". */
  readonly expected: string
  /** The value, or undefined where it is not what is expected. */
  readonly read: (value: unknown) => T | undefined
  /** Other spellings, besides the name in lower case, which always works. */
  readonly aliases?: readonly string[] | undefined
  /** Its absence is a problem; with a string, one of these words. */
  readonly required?: boolean | string | undefined
  /** Never shown in a message. */
  readonly secret?: boolean | undefined
  readonly default?: T | undefined
  /** The words for a wrong value, where a message of the Go registry is kept. */
  readonly problem?: ((name: string, shown: string) => string) | undefined
}

/** The parameters of a driver or a middleware, by name. */
export type ParameterSchema = Readonly<Record<string, Parameter<unknown>>>

/** The values: present where required or with a default, else perhaps undefined. */
export type ParameterValues<S extends ParameterSchema> = {
  readonly [K in keyof S]: S[K] extends Parameter<infer T>
    ? S[K] extends { readonly required: true | string } | { readonly default: T & {} }
      ? T
      : T | undefined
    : never
}

/**
 * Reads an untyped map, as a caller or a configuration file gives it, against a schema. Names are
 * accepted as written in the schema, in lower case and by alias; null counts as absent.
 * @throws ConfigError that lists every problem: wrong values, missing and unknown names.
 */
export function parseParameters<S extends ParameterSchema>(
  driver: string,
  schema: S,
  raw: unknown,
): ParameterValues<S> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    // Not shown: text in this place may be a connection string.
    const kind = raw === null ? 'null' : Array.isArray(raw) ? 'a list' : `a ${typeof raw}`
    throw new ConfigError(`the parameters are a map of names and values, not ${kind}`, { driver })
  }
  const problems: string[] = []
  const names = spellings(schema)
  const given = new Map<string, [spelled: string, value: unknown]>()
  for (const [spelled, value] of Object.entries(raw)) {
    const name = names.get(spelled)
    if (name === undefined) problems.push(unknownParameter(spelled, Object.keys(schema)))
    else if (value === null || value === undefined) continue
    else if (given.has(name))
      problems.push(`${name} is given twice, as ${given.get(name)?.[0]} and as ${spelled}`)
    else given.set(name, [spelled, value])
  }
  const values: Record<string, unknown> = {}
  for (const [name, parameter] of Object.entries(schema)) {
    const found = given.get(name)
    if (found === undefined) {
      values[name] = parameter.default
      if (parameter.required) problems.push(missing(name, parameter))
      continue
    }
    values[name] = parameter.read(found[1])
    if (values[name] === undefined) problems.push(wrong(found[0], found[1], parameter))
  }
  if (problems.length > 0) throw new ConfigError(problems, { driver })
  return values as ParameterValues<S>
}

function spellings(schema: ParameterSchema): Map<string, string> {
  const names = new Map<string, string>()
  for (const [name, { aliases = [] }] of Object.entries(schema)) {
    for (const spelled of [name, name.toLowerCase(), ...aliases]) names.set(spelled, name)
  }
  return names
}

function missing(name: string, { required, expected }: Parameter<unknown>): string {
  return typeof required === 'string' ? required : `${name} is missing: ${expected}`
}

function wrong(name: string, value: unknown, parameter: Parameter<unknown>): string {
  const shown = parameter.secret ? '(not shown)' : show(value)
  return (
    parameter.problem?.(name, shown) ?? `${name} is ${shown}, but should be ${parameter.expected}`
  )
}

function unknownParameter(name: string, known: readonly string[]): string {
  const near = known.find((other) => isNear(name.toLowerCase(), other.toLowerCase()))
  const hint =
    near === undefined ? `known are ${known.join(', ') || 'none'}` : `did you mean ${near}?`
  return `unknown parameter ${name}: ${hint}`
}

/** Whether one becomes the other by two insertions, deletions or replacements; one in a short word. */
function isNear(a: string, b: string): boolean {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced))
    }
    row = next
  }
  return (row[b.length] ?? 0) <= (b.length < 5 ? 1 : 2)
}

/** The text without the user and password of a URL in it, for messages that show a parameter. */
export function withoutUserInfo(text: string): string {
  const from = text.indexOf('://') + 3
  const to = text.lastIndexOf('@')
  return from > 2 && to >= from ? `${text.slice(0, from)}***${text.slice(to)}` : text
}

function show(value: unknown): string {
  const text = withoutUserInfo(typeof value === 'string' ? `'${value}'` : plain(value))
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

function plain(value: unknown): string {
  try {
    if (typeof value === 'object') return JSON.stringify(value)
  } catch {
    // A circle, say: its kind is enough.
  }
  return String(value)
}
