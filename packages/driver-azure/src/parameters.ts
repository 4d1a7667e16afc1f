import type { ContainerClient } from '@azure/storage-blob'
import {
  ConfigError,
  isStorageError,
  type Parameter,
  type ParameterSchema,
  type ParameterValues,
  parameter,
  parseDuration,
  parseParameters,
} from '@stowage/core/driver'
import { MAX_REQUEST_MS } from '@stowage/driver-kit'
import { connect } from './account.ts'
import type { Connection, TokenCredential } from './connection.ts'
import { MAX_BLOCK_SIZE, MAX_PAGE, MIB } from './limits.ts'

/** Who asks, where neither a key nor a SAS says it. */
export interface AzureCredentials {
  /** `default` is another word for `default_credentials`. */
  type: 'shared_key' | 'client_secret' | 'default_credentials' | 'default'
  clientId?: string | undefined
  tenantId?: string | undefined
  secret?: string | undefined
}

/** Parameters of `create('azure', ...)`; the README explains each. The original's spellings work too. */
export interface AzureParameters {
  container?: string | undefined
  accountName?: string | undefined
  accountKey?: string | undefined
  connectionString?: string | undefined
  sasToken?: string | undefined
  credentials?: AzureCredentials | undefined
  /** Any credential of `@azure/identity` or your own. */
  credential?: TokenCredential | undefined
  /** A client made by you; then nothing about account and credentials is needed. */
  client?: ContainerClient | undefined
  /** Azurite's well-known account at its usual address. */
  emulator?: boolean | undefined
  realm?: string | undefined
  serviceURL?: string | undefined
  rootDirectory?: string | undefined
  maxRetries?: number | undefined
  /** A duration in Go's notation: `100ms`. */
  retryDelay?: string | undefined
  maxRetryDelay?: string | undefined
  /** Of all files that are written: the account's default where it is left out. */
  accessTier?: 'Hot' | 'Cool' | 'Cold' | 'Archive' | undefined
  skipVerify?: boolean | undefined
  userAgent?: string | undefined
  blockSize?: number | undefined
  concurrency?: number | undefined
  pageSize?: number | undefined
  copyTimeout?: string | undefined
  idleTimeout?: string | undefined
  requestTimeout?: string | undefined
}

/** Parameters, checked and completed. */
export interface AzureSettings {
  readonly container: string
  /** Undefined where a client was given. */
  readonly connection?: Connection | undefined
  readonly client?: ContainerClient | undefined
  readonly rootDirectory: string
  readonly maxRetries: number
  readonly retryDelay: number
  readonly maxRetryDelay: number
  readonly accessTier?: string | undefined
  readonly skipVerify: boolean
  readonly userAgent: string
  readonly blockSize: number
  readonly concurrency: number
  readonly pageSize: number
  readonly copyTimeout: number
  readonly idleTimeout: number
  readonly requestTimeout: number
}

type Extra<T> = Partial<Omit<Parameter<T>, 'read'>>

/** The original does not take a number for text, nor text for a number or a boolean. */
function strict<T, const X extends Extra<T>>(
  expected: string,
  read: (value: unknown) => T | undefined,
  extra: X,
): Parameter<T> & X {
  return { expected, ...extra, read }
}

/** Files of secrets, and what is copied from a terminal, end in a newline. No value begins or ends with blanks. */
const word = <const X extends Extra<string>>(extra: X): Parameter<string> & X =>
  strict('text', (value) => (typeof value === 'string' ? value.trim() : undefined), extra)

const bool = <const X extends Extra<boolean>>(extra: X): Parameter<boolean> & X =>
  strict('true or false', (value) => (typeof value === 'boolean' ? value : undefined), extra)

const whole = <const X extends Extra<number>>(min: number, max: number, extra: X) =>
  strict(
    `an integer from ${min} to ${max}`,
    (value) =>
      Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
        ? (value as number)
        : undefined,
    extra,
  )

const duration = <const X extends Extra<number>>(extra: X) =>
  strict(
    "a duration like '100ms', '1.5s' or '2m'",
    (value) => {
      const ms = typeof value === 'string' ? parseDuration(value) : undefined
      return ms !== undefined && ms >= 0 ? ms : undefined
    },
    extra,
  )

const base64Key = strict(
  'an account key in base64',
  (value) =>
    typeof value === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(value.trim())
      ? value.trim()
      : undefined,
  { secret: true },
)

const TIERS = ['Hot', 'Cool', 'Cold', 'Archive']

const tier = strict(
  `one of ${TIERS.join(', ')}`,
  (value) =>
    TIERS.find((one) => typeof value === 'string' && one.toLowerCase() === value.toLowerCase()),
  {},
)

/** What GitLab's registry says at the top, and this driver under `credentials`; and its layout. */
const GITLAB = {
  credentialsType: word({ aliases: ['credentials_type'] }),
  tenantId: word({}),
  clientId: word({}),
  secret: word({ secret: true }),
  legacyRootPrefix: bool({ default: false }),
  trimLegacyRootPrefix: bool({ default: true }),
} satisfies ParameterSchema

/** What GitLab's registry takes and has no meaning here: its logs, and how it polls copies. */
const IGNORED = {
  debugLog: ignored(),
  debugLogEvents: ignored(),
  apiPoolInitialInterval: ignored(),
  apiPoolMaxInterval: ignored(),
  apiPoolMaxElapsedTime: ignored(),
  retryTryTimeout: ignored('retry_try_timeout'),
} satisfies ParameterSchema

function ignored(...aliases: string[]): Parameter<true> {
  return { expected: 'anything: it is ignored', aliases, read: () => true }
}

const schema = {
  ...IGNORED,
  ...GITLAB,
  accountName: word({}),
  accountKey: base64Key,
  container: word({}),
  connectionString: word({ secret: true }),
  sasToken: word({ secret: true, aliases: ['sas_token'] }),
  credentials: parameter.object<Record<string, unknown>>(
    'a map with type, and what that type needs',
  ),
  credential: parameter.object<TokenCredential>('an object with a method getToken'),
  client: parameter.object<ContainerClient>('a ContainerClient of @azure/storage-blob'),
  emulator: bool({ default: false }),
  realm: word({}),
  serviceURL: word({ aliases: ['serviceUrl'], secret: true }),
  // A name may end in a blank.
  rootDirectory: strict('text', (value) => (typeof value === 'string' ? value : undefined), {
    default: '',
  }),
  maxRetries: whole(-1, 1000, { default: 5, aliases: ['max_retries'] }),
  retryDelay: duration({ default: 100, aliases: ['retry_delay'] }),
  maxRetryDelay: duration({ default: 30_000, aliases: ['max_retry_delay'] }),
  accessTier: tier,
  skipVerify: bool({ default: false }),
  userAgent: word({ default: '' }),
  blockSize: whole(1, MAX_BLOCK_SIZE, { default: 8 * MIB }),
  concurrency: whole(1, 64, { default: 4 }),
  pageSize: whole(1, MAX_PAGE, { default: MAX_PAGE }),
  copyTimeout: duration({ default: 30 * 60_000 }),
  idleTimeout: duration({ default: 2 * 60_000 }),
  requestTimeout: duration({ default: MAX_REQUEST_MS }),
} satisfies ParameterSchema

const credentialsSchema = {
  type: word({ default: '' }),
  clientId: word({ default: '' }),
  tenantId: word({ default: '' }),
  secret: word({ default: '', secret: true }),
} satisfies ParameterSchema

type Values = ParameterValues<typeof schema>
type Credentials = ParameterValues<typeof credentialsSchema>

/** @throws ConfigError that lists every problem. */
export function parse(raw: unknown): AzureSettings {
  const problems: string[] = []
  const values = collect(problems, () => parseParameters('azure', schema, raw))
  const nested = (raw as { credentials?: unknown } | null | undefined)?.credentials
  const credentials = nested
    ? collect(problems, () => parseParameters('azure', credentialsSchema, nested))
    : undefined
  if (values === undefined) throw new ConfigError(problems)
  const { client } = values
  const found = client ? undefined : connect(values, credentials ?? flat(values), problems)
  const container = values.container || found?.container || client?.containerName || ''
  if (container === '') problems.push('no container parameter provider')
  if (values.legacyRootPrefix || !values.trimLegacyRootPrefix) problems.push(LEGACY)
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    ...{ connection: found?.connection, client, container },
    ...{ accessTier: values.accessTier, maxRetryDelay: values.maxRetryDelay },
    ...{ rootDirectory: values.rootDirectory, userAgent: values.userAgent },
    // 0 is the original's word for its default, -1 for none.
    maxRetries: values.maxRetries === 0 ? 5 : Math.max(0, values.maxRetries),
    ...{ retryDelay: values.retryDelay, skipVerify: values.skipVerify },
    ...{ blockSize: values.blockSize, concurrency: values.concurrency, pageSize: values.pageSize },
    ...{ copyTimeout: values.copyTimeout, idleTimeout: values.idleTimeout },
    requestTimeout: values.requestTimeout,
  }
}

const LEGACY =
  "GitLab's legacy layout, with an empty name in front of all others, cannot be read: move the data, and set trimlegacyrootprefix to true"

/** Credentials as GitLab's registry writes them. */
function flat(values: Values): Credentials | undefined {
  const { credentialsType: type, tenantId = '', clientId = '', secret = '' } = values
  return type === undefined ? undefined : { type, tenantId, clientId, secret }
}

function collect<T>(problems: string[], run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (!isStorageError(error, 'CONFIG')) throw error
    problems.push(...(error as ConfigError).problems)
    return undefined
  }
}
