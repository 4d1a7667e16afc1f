import { forms, spellings } from './spellings.ts'

/** A text from outside is cut to this many characters before it is searched. */
const MAX_SEARCHED = 4096
/** And to this many afterwards: a line of a log. */
const MAX_SHOWN = 500
const HIDDEN = '***'
/** A shorter word is part of any text, and protects nothing. */
const SHORTEST_SECRET = 4
/** Shorter secrets are removed only where they are a word of their own. */
const SURE_SECRET = 8

/**
 * What is a secret in any text. All quantifiers are bounded, and each begins with a fixed word: a hostile text of any
 * kind takes microseconds.
 */
const PATTERNS: readonly [RegExp, string][] = [
  [
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,4096}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
    HIDDEN,
  ],
  [/\b(Bearer|Basic|SharedKey(?:Lite)?|AWS)([ +]|%20){1,4}[^\s"'<>&,;]{8,4096}/gi, `$1 ${HIDDEN}`],
  [
    /\b(sig|signature|sktid|skoid|x-amz-signature|x-goog-signature|x-amz-security-token|upload_id|AccountKey|SharedAccessSignature|access_token|refresh_token|id_token|client_secret|client_assertion|private_key|assertion|password|SecretAccessKey|SessionToken|security-token|customer-key)((?:\\{0,3}["']|&quot;|%22)?[ \t]{0,4}(?:[=:>]|%3D|%3A)[ \t]{0,4}(?:\\{0,3}["']|&quot;|%22)?)[^\s"'<>&\\,;]{1,4096}/gi,
    `$1$2${HIDDEN}`,
  ],
  [/\bya29\.[\w.-]{1,4096}/g, HIDDEN],
  [/:\/\/[^\s/@?#"'<>]{1,512}@/g, `://${HIDDEN}@`],
]

// biome-ignore lint/suspicious/noControlCharactersInRegex: these must not reach a terminal
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g
const CODE = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/
const ID = /^[\w:+/=.-]{1,128}$/

/**
 * Removes secrets from what services and SDKs say, before it becomes part of an error: the secrets that the driver
 * has, in every spelling of URLs, JSON, XML, base64 and hexadecimal digits, also where the text ends within one; and
 * what looks like one (signatures, tokens, Authorization headers, private keys). The time it takes is bounded.
 */
export class Scrubber {
  readonly #secrets: () => readonly (string | undefined)[]

  /** @param secrets The driver's secrets. Called for each text, because tokens change. */
  constructor(secrets: () => readonly (string | undefined)[]) {
    this.#secrets = secrets
  }

  /**
   * One line of at most 500 characters without secrets.
   * @param value A string, or anything else that a service's answer was parsed into.
   * @param more Secrets of this request alone: its signature, its session's URI.
   */
  text(value: unknown, more: readonly (string | undefined)[] = []): string {
    const all = stringOf(value)
    const cut = all.slice(0, MAX_SEARCHED)
    const known = this.#without(cut, [...this.#secrets(), ...more])
    const clean = PATTERNS.reduce((text, [pattern, by]) => text.replace(pattern, by), known)
    const line = clean.toWellFormed().replace(UNPRINTABLE, ' ').trim()
    return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN - 3)}...` : line
  }

  /** A code of the service (`NoSuchKey`), or undefined where the value does not look like one. */
  code(value: unknown, more?: readonly (string | undefined)[]): string | undefined {
    return this.#whole(value, CODE, more)
  }

  /** A request's id, or undefined where the value does not look like one. */
  id(value: unknown, more?: readonly (string | undefined)[]): string | undefined {
    return this.#whole(value, ID, more)
  }

  #whole(value: unknown, form: RegExp, more: readonly (string | undefined)[] = []) {
    if (typeof value !== 'string' || value.length > 128 || !form.test(value)) return undefined
    return this.text(value, more) === value ? value : undefined
  }

  #without(text: string, secrets: readonly (string | undefined)[]): string {
    const given = secrets.filter((one) => one !== undefined && one.length >= SHORTEST_SECRET)
    const all = [...new Set(given as string[])].flatMap((secret) =>
      forms(secret).filter((form) => form.length >= Math.min(secret.length, SURE_SECRET)),
    )
    if (all.length === 0) return text
    const byFirst = new Map<string, string[]>()
    for (const form of all) {
      for (const spelling of spellings(firstOf(form))) {
        const first = spelling[0] as string
        const same = byFirst.get(first)
        if (same === undefined) byFirst.set(first, [form])
        else if (!same.includes(form)) same.push(form)
      }
    }
    return replace(text, byFirst)
  }
}

function replace(text: string, byFirst: ReadonlyMap<string, readonly string[]>): string {
  let clean = ''
  for (let at = 0; at < text.length; ) {
    let end = at
    for (const secret of byFirst.get(text[at] as string) ?? []) {
      end = Math.max(end, endOf(text, at, secret))
    }
    if (end > at) {
      clean += HIDDEN
      at = end
    } else clean += text[at++]
  }
  return clean
}

/** Where the secret that begins here ends, in whatever spelling; `start` where none does. */
function endOf(text: string, start: number, secret: string): number {
  let ends = [start]
  let matched = 0
  let isShortened = false
  for (const character of secret) {
    const next: number[] = []
    for (const at of ends) {
      for (const spelling of spellings(character)) {
        if (text.startsWith(spelling, at)) {
          if (!next.includes(at + spelling.length)) next.push(at + spelling.length)
        } else if (matched >= SHORTEST_SECRET && isCut(text, at, spelling)) isShortened = true
      }
    }
    // Only where no more of it follows: dots may be the secret's own.
    if (next.length === 0) return isShortened ? text.length : start
    ends = next
    matched++
  }
  const end = Math.max(...ends)
  const sure = secret.length >= SURE_SECRET || !(isWord(text[start - 1]) || isWord(text[end]))
  return sure ? end : start
}

/** Whether the text ends here, within this spelling, or was shortened with dots. */
function isCut(text: string, at: number, spelling: string): boolean {
  let end = at
  while (end < text.length && text[end] === spelling[end - at]) end++
  return end === text.length || text.startsWith('...', end) || text[end] === '…'
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /\w/.test(character)
}

function firstOf(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) as number)
}

function stringOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  if (value instanceof Error) return value.message
  try {
    return (typeof value === 'object' ? JSON.stringify(value) : undefined) ?? String(value)
  } catch {
    return ''
  }
}

/**
 * The secret parts of an Authorization header (AWS signatures of version 2 and 4, SharedKey, Bearer, Basic), to be
 * given to {@link Scrubber.text} for the errors of that request. A signature may hold `/`, `+` and `=`.
 */
export function authorizationSecrets(header: string | undefined): string[] {
  if (header === undefined || header === '') return []
  const parts = [header]
  const space = header.indexOf(' ')
  const rest = space < 0 ? '' : header.slice(space + 1).trim()
  const signature = rest.lastIndexOf('Signature=')
  if (signature >= 0) parts.push(rest.slice(signature + 'Signature='.length))
  else if (rest !== '') {
    parts.push(rest)
    const colon = rest.lastIndexOf(':')
    if (colon >= 0) parts.push(rest.slice(colon + 1))
  }
  return parts
}
