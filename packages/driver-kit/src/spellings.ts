/** The ways in which services, SDKs and JSON, XML and URLs write one character. */
const known = new Map<string, readonly string[]>()

const XML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Every spelling of a character, itself first. */
export function spellings(character: string): readonly string[] {
  let all = known.get(character)
  if (all === undefined) {
    all = [...new Set(make(character))]
    // Secrets are of few characters; a hostile configuration must not fill the memory.
    if (known.size < 1000) known.set(character, all)
  }
  return all
}

function make(character: string): string[] {
  const percent = percentEncoded(character)
  const json = JSON.stringify(character).slice(1, -1)
  const point = character.codePointAt(0) ?? 0
  return [
    character,
    ...bothCases(percent),
    ...bothCases(percent.replaceAll('%', '%25')),
    ...(character === ' ' ? ['+'] : []),
    json,
    JSON.stringify(json).slice(1, -1),
    `\\${character}`,
    ...bothCases(unicodeEscaped(character)),
    XML[character] ?? character,
    `&#${point};`,
    ...bothCases(`&#x${point.toString(16)};`),
    `&#0${point};`,
  ]
}

function percentEncoded(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
    .join('')
}

function unicodeEscaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')
}

/** With the hexadecimal digits of both cases; the letters before them (`\u`, `&#x`) stay small. */
function bothCases(text: string): string[] {
  return [text, text.replace(/[0-9a-f]{2,}/g, (digits) => digits.toUpperCase())]
}

/**
 * Forms of the whole secret. In base64 they depend on where it begins within three bytes, as in
 * `Basic base64(name:secret)`, so only the characters that the secret alone decides are compared.
 */
export function forms(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  const found = [secret, hex, hex.toUpperCase()]
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    const from = Math.ceil((before * 8) / 6)
    const to = Math.floor(((before + bytes.length) * 8) / 6)
    const sure = text.slice(from, to)
    found.push(sure, sure.replaceAll('+', '-').replaceAll('/', '_'))
  }
  return [...new Set(found)]
}
