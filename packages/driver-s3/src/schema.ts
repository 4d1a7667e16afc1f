import { ConfigError, type Parameter, parameter, parseParameters } from '@stowage/core/driver'
import { MAX_REQUEST_MS } from '@stowage/driver-kit'
import type { S3Parameters } from './parameters.ts'
import { MAX_PART, MIN_PART } from './part-plan.ts'
import { PROVIDERS } from './providers.ts'

const MIB = 1024 * 1024

export const STORAGE_CLASSES = [
  'NONE',
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'OUTPOSTS',
  'GLACIER_IR',
  'EXPRESS_ONEZONE',
] as const

export const ACLS = [
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
] as const

/** The original's levels. All but `off` log one line for each request here; bodies and signatures never. */
export const LOG_LEVELS = [
  'off',
  'debug',
  'debugwithsigning',
  'debugwithhttpbody',
  'debugwithrequestretries',
  'debugwithrequesterrors',
  'debugwitheventstreambody',
] as const

/** An integer in a range, with the original's messages. */
function ranged(min: number, max: number, fallback: number) {
  const problem = (name: string, shown: string): string => {
    const value = shown.replace(/^'(.*)'$/, '$1')
    return /^[+-]?\d+$/.test(value)
      ? `the ${name} ${value} parameter should be a number between ${min} and ${max} (inclusive)`
      : `${name} parameter must be an integer, ${value} invalid`
  }
  return parameter.integer({ min, max }, { default: fallback, problem })
}

function unquoted(shown: string): string {
  return shown.replace(/^'(.*)'$/, '$1')
}

/** Text of a certain form. */
function matching<X extends Partial<Omit<Parameter<string>, 'read'>>>(pattern: RegExp, extra: X) {
  const { read, ...rest } = word(extra)
  return {
    ...rest,
    read: (value: unknown): string | undefined => {
      const given = read(value)
      return given !== undefined && pattern.test(given) ? given : undefined
    },
  }
}

/** Text without blanks at its ends: a secret that was read from a file ends in a line feed. */
function word<const X extends Partial<Omit<Parameter<string>, 'read'>>>(extra: X) {
  const { read, ...rest } = parameter.string(extra)
  return { ...rest, read: (value: unknown): string | undefined => read(value)?.trim() }
}

/** As {@link oneOf}, but nothing else than text is taken for a word. */
function choice<const V extends string>(words: readonly V[], problem: (value: string) => string) {
  return parameter.enum(words, { problem: (_, shown) => problem(unquoted(shown)) })
}

const schema = {
  accessKey: word({ secret: true, aliases: ['accessKeyId'] }),
  secretKey: word({ secret: true, aliases: ['secretAccessKey'] }),
  sessionToken: word({ secret: true }),
  credentials: parameter.object<object>('credentials or a function that gives them'),
  client: parameter.object<object>('an S3Client of @aws-sdk/client-s3'),
  provider: parameter.enum(PROVIDERS),
  region: matching(/^[a-z0-9][a-z0-9-]*$/i, {
    problem: (_: string, shown: string) => `invalid region provided: ${unquoted(shown)}`,
  }),
  endpoint: word({ aliases: ['regionEndpoint', 'regionendpoint'] }),
  publicEndpoint: word({ aliases: ['redirectEndpoint', 'redirectendpoint'] }),
  forcePathStyle: parameter.boolean({ aliases: ['pathstyle'] }),
  bucket: matching(/./, {
    required: 'no bucket parameter provided',
    problem: () => 'no bucket parameter provided',
  }),
  rootDirectory: parameter.string({ default: '' }),
  encrypt: parameter.boolean({ default: false }),
  keyId: parameter.string(),
  sseCustomerKey: matching(/^[A-Za-z0-9+/]{43}=$/, {
    expected: '32 bytes in base64',
    secret: true,
  }),
  secure: parameter.boolean({ default: true }),
  skipVerify: parameter.boolean({ default: false }),
  v4Auth: parameter.boolean({ default: true }),
  chunkSize: ranged(MIN_PART, MAX_PART, 10 * MIB),
  concurrency: ranged(1, 1000, 4),
  multipartCopyChunkSize: ranged(MIN_PART, MAX_PART, 32 * MIB),
  multipartCopyMaxConcurrency: ranged(1, Number.MAX_SAFE_INTEGER, 100),
  multipartCopyThresholdSize: ranged(0, MAX_PART, 32 * MIB),
  storageClass: choice(
    STORAGE_CLASSES,
    (value) =>
      `the storageclass parameter must be one of [${STORAGE_CLASSES.join(' ')}], ${value} invalid`,
  ),
  objectACL: choice([...ACLS, ''], (value) => `invalid value for objectacl parameter: ${value}`),
  contentType: parameter.string({ default: 'application/octet-stream' }),
  userAgent: parameter.string(),
  useDualStack: parameter.boolean({ default: false }),
  accelerate: parameter.boolean({ default: false }),
  useFIPSEndpoint: parameter.boolean({ default: false }),
  logLevel: { ...parameter.enum(LOG_LEVELS, { default: 'off' }), read: logLevel },
  connectTimeout: ranged(1, 3_600_000, 10_000),
  idleTimeout: ranged(1, 86_400_000, 60_000),
  copyTimeout: ranged(1, 86_400_000, 600_000),
  requestTimeout: ranged(1, 86_400_000, MAX_REQUEST_MS),
  maxAttempts: ranged(1, 100, 4),
  maxRetries: parameter.integer({ min: 0, max: 99 }),
  objectOwnership: parameter.boolean({ default: false }),
  checksumDisabled: parameter.boolean({ default: false, aliases: ['checksum_disabled'] }),
  maxConnections: ranged(1, 10_000, 128),
  unorderedListing: parameter.boolean({ default: false }),
}

/** As in the original, what is no level means off. */
function logLevel(value: unknown): (typeof LOG_LEVELS)[number] {
  return LOG_LEVELS.find((level) => level === String(value).toLowerCase()) ?? 'off'
}

type Defaulted =
  | 'bucket'
  | 'rootDirectory'
  | 'encrypt'
  | 'secure'
  | 'skipVerify'
  | 'v4Auth'
  | 'chunkSize'
  | 'concurrency'
  | 'multipartCopyChunkSize'
  | 'multipartCopyMaxConcurrency'
  | 'multipartCopyThresholdSize'
  | 'contentType'
  | 'useDualStack'
  | 'accelerate'
  | 'useFIPSEndpoint'
  | 'logLevel'
  | 'connectTimeout'
  | 'idleTimeout'
  | 'copyTimeout'
  | 'requestTimeout'
  | 'objectOwnership'
  | 'checksumDisabled'
  | 'maxAttempts'
  | 'maxConnections'
  | 'unorderedListing'

/** The parameters one by one: of the right type, with their defaults. */
export type Checked = {
  readonly [K in Exclude<keyof S3Parameters, Defaulted>]: S3Parameters[K]
} & { readonly [K in Defaulted]: NonNullable<S3Parameters[K]> }

/** Names of other versions of the original that have no meaning here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  urlexpiry: 'who asks for a URL says how long it is valid (expiresIn)',
  checksum_algorithm: 'the checksum is CRC32 where the provider knows it; leave it out',
  maxrequestspersecond: 'requests are limited by maxConnections',
}

/** Without effect: nothing is kept on a local disk. */
const IGNORED = new Set(['spooldir'])

/** @throws ConfigError that lists every problem. */
export function check(given: unknown): Checked {
  const entries = Object.entries((given ?? {}) as object)
  const problems = entries.flatMap(([name]) => {
    const why = ELSEWHERE[name.toLowerCase()]
    return why === undefined ? [] : [`${name} is not a parameter of this driver: ${why}`]
  })
  if (problems.length > 0) throw new ConfigError(problems, { driver: 's3aws' })
  const known = entries.filter(([name]) => !IGNORED.has(name.toLowerCase()))
  const raw = known.length < entries.length ? Object.fromEntries(known) : given
  return parseParameters('s3aws', schema, raw)
}
