import { readFile } from 'node:fs/promises'
import { ConfigError } from '@stowage/core/driver'

/** The content of a key file. */
export type Key = Readonly<Record<string, unknown>>

/** The kinds of credentials that Google's libraries read. Only the first reads no other file and asks no other address. */
export const KINDS: readonly string[] = [
  'service_account',
  'authorized_user',
  'impersonated_service_account',
  'external_account',
  'external_account_authorized_user',
]

/** No path of a key file is longer; a key, also in base64, is. */
const LONGEST_PATH = 255

/** The content of a key file. What is wrong with it is told without a word of it. */
export async function readKey(file: string): Promise<Key> {
  // The error below names the file: the key itself, where somebody has put it, must not come that far.
  if (file.length > LONGEST_PATH || /PRIVATE KEY|[{\n]/.test(file)) {
    throw problem(
      'keyFile is the name of a file, not its content: that can be given as credentials',
    )
  }
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code = 'it cannot be read' } = error as NodeJS.ErrnoException
    throw problem(`the key file ${file} cannot be used: ${code}`)
  }
  const key = parseKey(text)
  if (key !== undefined) return key
  throw problem(`the key file ${file} cannot be used: it is not a JSON object`)
}

/** Some editors put a byte order mark in front. */
export function parseKey(text: string): Key | undefined {
  try {
    const key: unknown = JSON.parse(text.replace(/^\ufeff/, ''))
    return typeof key === 'object' && key !== null && !Array.isArray(key) ? (key as Key) : undefined
  } catch {
    // Its error would quote the key.
    return undefined
  }
}

/**
 * The key as the SDK takes it.
 * @param kind What it has to be; undefined: any kind will do.
 * @throws ConfigError where it is of another kind.
 */
export function usableKey(key: Key, kind: string | undefined): Key {
  const { type, private_key: pem } = key
  if (kind !== undefined && type !== kind) {
    const found = KINDS.includes(String(type)) ? `of type ${type}` : 'of no known type'
    throw problem(`the credentials are ${found}, but credentialsType allows ${kind} only`)
  }
  // Variables and templates often hand over the two characters of an escaped line break.
  if (typeof pem !== 'string' || !pem.includes('\\n')) return key
  return { ...key, private_key: pem.replaceAll('\\n', '\n') }
}

/** Every text of a key that nobody may see. */
export function secretsOf(key: Key | undefined): string[] {
  const secrets: string[] = []
  for (const [name, value] of Object.entries(key ?? {})) {
    if (typeof value === 'object' && value !== null) secrets.push(...secretsOf(value as Key))
    else if (typeof value === 'string' && /private_key$|secret|token$|passcode/.test(name)) {
      secrets.push(value)
    }
  }
  return secrets
}

function problem(text: string): ConfigError {
  return new ConfigError(text, { driver: 'gcs' })
}
