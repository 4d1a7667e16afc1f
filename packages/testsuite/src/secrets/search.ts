import { AssertionError } from 'node:assert'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { format, inspect } from 'node:util'
import { OPERATION_CHANNEL } from '@stowage/core'

/** Shorter text is found by chance. */
const SHORTEST = 6
/** Lines of a key file that are shorter say nothing of it. */
const SHORTEST_LINE = 16
const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const

interface Form {
  readonly secret: string
  readonly form: string
  readonly text: string
}

/**
 * Looks for secrets in everything a program may print of a value. It finds them as they are, and encoded for
 * URLs, forms, JSON, HTML, in base64 and in hex; what it says never contains one.
 */
export class SecretSearch {
  readonly #forms: Form[] = []

  /**
   * @param secrets what nobody may see, by a name that may be printed.
   * @throws TypeError for a secret so short that it is found by chance.
   */
  constructor(secrets: Readonly<Record<string, string>>) {
    for (const [name, secret] of Object.entries(secrets)) this.add(name, secret)
  }

  /** One more, that came to be only now: a signature, say. */
  add(name: string, secret: string): void {
    if (secret.length < SHORTEST) throw new TypeError(`${name} is too short to be looked for`)
    for (const [form, text] of formsOf(secret)) this.#forms.push({ secret: name, form, text })
  }

  /** Where the value shows a secret, in words; empty where nothing of it does. */
  findings(what: string, value: unknown): string[] {
    const found = new Set<string>()
    for (const [view, text] of viewsOf(value)) {
      for (const { secret, form, text: hidden } of this.#forms) {
        if (text.includes(hidden)) found.add(`${what}: ${view} shows ${secret} ${form}`)
      }
    }
    return [...found]
  }

  /** @throws AssertionError where the value shows a secret. */
  assertNone(what: string, value: unknown): void {
    const findings = this.findings(what, value)
    if (findings.length > 0) throw new AssertionError({ message: findings.join('\n') })
  }

  /** Runs the work and gives what it gives; every event of it on the diagnostics channel is looked at. */
  async watching<T>(what: string, work: () => Promise<T>): Promise<T> {
    const findings: string[] = []
    const look = (message: unknown): void => {
      findings.push(...this.findings(`${what}, an event`, message))
    }
    const names = EVENTS.map((event) => `tracing:${OPERATION_CHANNEL}:${event}`)
    for (const name of names) subscribe(name, look)
    let result: T
    try {
      result = await work()
    } finally {
      for (const name of names) unsubscribe(name, look)
    }
    if (findings.length > 0) throw new AssertionError({ message: findings.join('\n') })
    return result
  }
}

/** The ways in which a secret may be written, each once. */
function formsOf(secret: string): [form: string, text: string][] {
  const bytes = Buffer.from(secret)
  const url = encodeURIComponent(secret.toWellFormed())
  const forms: [form: string, text: string][] = [
    ['as it is', secret],
    ['encoded for URLs', url],
    ['encoded for URLs in lower case', url.replace(/%../g, (code) => code.toLowerCase())],
    ['encoded for forms', new URLSearchParams([['', secret]]).toString().slice(1)],
    ['escaped for JSON', JSON.stringify(secret).slice(1, -1)],
    ['escaped for HTML', secret.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`)],
    ['escaped for XML', secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;')],
    ['in hex', bytes.toString('hex')],
    ['in upper hex', bytes.toString('hex').toUpperCase()],
    // At whichever of three places it begins, the middle of it is the same.
    ...[0, 1, 2].map((at): [string, string] => ['in base64', middle(bytes, at, 'base64')]),
    ...[0, 1, 2].map((at): [string, string] => ['in base64url', middle(bytes, at, 'base64url')]),
    ...secret
      .split(/\r?\n/)
      .filter((line) => line.length >= SHORTEST_LINE && line !== secret && !line.includes('-----'))
      .map((line): [string, string] => ['in part', line]),
  ]
  // Of several forms that are the same text, the first names it.
  return [...new Map(forms.reverse().map(([form, text]) => [text, form])).entries()]
    .filter(([text]) => text.length >= SHORTEST)
    .map(([text, form]) => [form, text])
}

/** The base64 of the bytes behind so many others, without what depends on its neighbours. */
function middle(bytes: Buffer, at: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(at), bytes])
    .toString(encoding)
    .replace(/(?<!=)=+$/, '')
  return text.slice(at === 0 ? 0 : at + 1, text.length - 1)
}

/** Everything that a program may print of the value, by the way it does. */
function viewsOf(value: unknown): [view: string, text: string][] {
  const views: [string, () => unknown][] = [
    ['String()', () => String(value)],
    ['inspect()', () => inspect(value)],
    ['inspect() of all', () => inspect(value, ALL)],
    ['format(%o)', () => format('%o', value)],
    ['JSON', () => JSON.stringify(value)],
    ['a property', () => textsOf(value).join('\n')],
  ]
  return views.map(([view, show]): [string, string] => {
    try {
      return [view, String(show() ?? '')]
    } catch {
      // Not everything has a JSON form.
      return [view, '']
    }
  })
}

const ALL = {
  ...{ showHidden: true, depth: Number.POSITIVE_INFINITY, getters: true },
  ...{ maxArrayLength: null, maxStringLength: null },
}

/** Every text that can be reached from the value by properties, hidden ones, symbols, keys and entries. */
function textsOf(root: unknown): string[] {
  const texts: string[] = []
  const seen = new Set<unknown>()
  const queue: unknown[] = [root]
  for (let value = queue.pop(); value !== undefined || queue.length > 0; value = queue.pop()) {
    if (typeof value === 'string') texts.push(value)
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    if (value instanceof Uint8Array) {
      texts.push(Buffer.from(value).toString('latin1'))
      continue
    }
    if (value instanceof Map) queue.push(...value.keys(), ...value.values())
    if (value instanceof Set) queue.push(...value)
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'string') texts.push(key)
      try {
        queue.push(Reflect.get(value, key))
      } catch {
        // A getter that fails shows nothing.
      }
    }
  }
  return texts
}
