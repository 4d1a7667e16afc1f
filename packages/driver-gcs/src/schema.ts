import { type Parameter, parameter, parseParameters } from '@stowage/core/driver'
import { KINDS, parseKey } from './keys.ts'

/** Every chunk of a resumable upload but the last is a multiple of this. */
export const GRANULE: number = 256 * 1024
const DEFAULT_CHUNK = 16 * 1024 * 1024
/** The original's: more requests at once wait, and a lower limit counts as the second number. */
const MAX_CONCURRENCY = { default: 50, min: 25 }
/** Largest page of a listing that the service gives. */
const MAX_PAGE = 1000

const unquoted = (shown: string): string => shown.replace(/^'(.*)'$/, '$1')

const chunkSize: Parameter<number> & { readonly default: number } = {
  expected: `a multiple of ${GRANULE}`,
  default: DEFAULT_CHUNK,
  read: (value) => {
    const number = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value
    const fits = Number.isSafeInteger(number) && (number as number) >= GRANULE
    return fits && (number as number) % GRANULE === 0 ? (number as number) : undefined
  },
  // The original's words, by which its operators know it.
  problem: (_, shown) => {
    const value = unquoted(shown)
    if (!/^[+-]?\d+$/.test(value)) {
      return shown.startsWith("'")
        ? `chunksize must be an integer, ${value} invalid`
        : `invalid valud for chunksize: ${value}`
    }
    return Number(value) < GRANULE
      ? `chunksize ${Number(value)} must be larger than or equal to ${GRANULE}`
      : `chunksize should be a multiple of ${GRANULE}`
  },
}

const bucket = {
  ...parameter.string({ required: 'no bucket parameter provided' }),
  // Files of secrets end in a line break.
  read: (value: unknown): string | undefined => {
    const name = parameter.string().read(value)?.trim()
    return name !== undefined && bucketName.test(name) ? name : undefined
  },
  problem: (_: string, shown: string): string =>
    unquoted(shown).trim() === ''
      ? 'no bucket parameter provided'
      : `bucket is the name of a bucket, without gs:// and without /, ${unquoted(shown)} invalid`,
}

/** Text without blanks at its ends, as {@link bucket}. */
function word<const X extends Partial<Omit<Parameter<string>, 'read'>>>(extra: X) {
  const { read, ...rest } = parameter.string(extra)
  return { ...rest, read: (value: unknown): string | undefined => read(value)?.trim() }
}

const bucketName = /^[A-Za-z0-9][\w.-]{0,221}$/

const badKey = (keys: Iterable<unknown>): string | undefined => {
  for (const key of keys) {
    if (typeof key !== 'string')
      return `one of the credential keys was not a string: ${String(key)}`
  }
  return undefined
}

const credentials: Parameter<Readonly<Record<string, unknown>>> = {
  expected: 'a map with the content of a key file',
  secret: true,
  read: (value) => {
    if (typeof value === 'string') return parseKey(value)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    if (!isMap(value)) return value as Record<string, unknown>
    return badKey(value.keys()) === undefined ? Object.fromEntries(value) : undefined
  },
  problem: () => 'the credentials were not specified in the correct format',
}

/** By its tag: a map may come from another realm. */
function isMap(value: object): value is Map<unknown, unknown> {
  return Object.prototype.toString.call(value) === '[object Map]'
}

const schema = {
  bucket,
  rootDirectory: parameter.string({ default: '' }),
  chunkSize,
  keyFile: word({ aliases: ['keyFilename'] }),
  credentials,
  credentialsType: parameter.enum(KINDS, { aliases: ['credentials_type'] }),
  maxConcurrency: parameter.clampedInteger(
    { min: MAX_CONCURRENCY.min },
    { default: MAX_CONCURRENCY.default },
  ),
  userAgent: parameter.string({ default: '' }),
  endpoint: word({ aliases: ['apiEndpoint', 'apiendpoint'] }),
  anonymous: parameter.boolean(),
  client: parameter.object<object>('a Storage of @google-cloud/storage'),
  userProject: word({}),
  maxRetries: parameter.integer({ min: 0, max: 100 }, { default: 6 }),
  retryDelay: parameter.integer({ min: 1, max: 60_000 }, { default: 500 }),
  idleTimeout: parameter.integer({ min: 1, max: 86_400_000 }, { default: 60_000 }),
  pageSize: parameter.integer({ min: 1, max: MAX_PAGE }, { default: MAX_PAGE }),
}

/** The parameters one by one: of the right type, with their defaults. */
export interface Checked {
  readonly bucket: string
  readonly rootDirectory: string
  readonly chunkSize: number
  readonly keyFile: string | undefined
  readonly credentials: Readonly<Record<string, unknown>> | undefined
  readonly credentialsType: string | undefined
  readonly maxConcurrency: number
  readonly userAgent: string
  readonly endpoint: string | undefined
  readonly anonymous: boolean | undefined
  readonly client: object | undefined
  readonly userProject: string | undefined
  readonly maxRetries: number
  readonly retryDelay: number
  readonly idleTimeout: number
  readonly pageSize: number
}

/** @throws ConfigError that lists every problem. */
export function check(raw: unknown): Checked {
  const given = (raw as { credentials?: object } | null | undefined)?.credentials
  const problem = given && isMap(given) ? badKey(given.keys()) : undefined
  if (problem === undefined) return parseParameters('gcs', schema, raw)
  // A parameter's own message cannot name the key that is no text.
  const named = { ...credentials, problem: () => problem }
  return parseParameters('gcs', { ...schema, credentials: named }, raw)
}
