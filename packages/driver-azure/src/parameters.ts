import type { ContainerClient } from '@azure/storage-blob'
import {
  ConfigError,
  isStorageError,
  object,
  type Parameter,
  type ParameterSchema,
  type ParameterValues,
  parseDuration,
  parseParameters,
} from '@stowage/core'
import {
  type Authorization,
  type Connection,
  EMULATOR,
  PUBLIC_REALM,
  parseConnectionString,
  splitServiceURL,
  type TokenCredential,
} from './connection.ts'
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
  skipVerify?: boolean | undefined
  userAgent?: string | undefined
  blockSize?: number | undefined
  concurrency?: number | undefined
  pageSize?: number | undefined
  copyTimeout?: string | undefined
  idleTimeout?: string | undefined
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
  readonly skipVerify: boolean
  readonly userAgent: string
  readonly blockSize: number
  readonly concurrency: number
  readonly pageSize: number
  readonly copyTimeout: number
  readonly idleTimeout: number
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

const word = <const X extends Extra<string>>(extra: X): Parameter<string> & X =>
  strict('text', (value) => (typeof value === 'string' ? value : undefined), extra)

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
    typeof value === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(value) ? value : undefined,
  { secret: true },
)

const schema = {
  accountName: word({}),
  accountKey: base64Key,
  container: word({}),
  connectionString: word({ secret: true }),
  sasToken: word({ secret: true, aliases: ['sas_token'] }),
  credentials: object<Record<string, unknown>>('a map with type, and what that type needs'),
  credential: object<TokenCredential>('an object with a method getToken'),
  client: object<ContainerClient>('a ContainerClient of @azure/storage-blob'),
  emulator: bool({ default: false }),
  realm: word({}),
  serviceURL: word({ aliases: ['serviceUrl'], secret: true }),
  rootDirectory: word({ default: '' }),
  maxRetries: whole(-1, 1000, { default: 5, aliases: ['max_retries'] }),
  retryDelay: duration({ default: 100, aliases: ['retry_delay'] }),
  skipVerify: bool({ default: false }),
  userAgent: word({ default: '' }),
  blockSize: whole(1, MAX_BLOCK_SIZE, { default: 8 * MIB }),
  concurrency: whole(1, 64, { default: 4 }),
  pageSize: whole(1, MAX_PAGE, { default: MAX_PAGE }),
  copyTimeout: duration({ default: 30 * 60_000 }),
  idleTimeout: duration({ default: 2 * 60_000 }),
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
  const connection = client ? undefined : connect(values, credentials, problems)
  if (!values.container && !client) problems.push('no container parameter provider')
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    ...{ connection, client, container: values.container ?? client?.containerName ?? '' },
    ...{ rootDirectory: values.rootDirectory, userAgent: values.userAgent },
    // 0 is the original's word for its default, -1 for none.
    maxRetries: values.maxRetries === 0 ? 5 : Math.max(0, values.maxRetries),
    ...{ retryDelay: values.retryDelay, skipVerify: values.skipVerify },
    ...{ blockSize: values.blockSize, concurrency: values.concurrency, pageSize: values.pageSize },
    ...{ copyTimeout: values.copyTimeout, idleTimeout: values.idleTimeout },
  }
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

/** Account, address and authorisation, from whichever of the parameters say it. */
function connect(
  values: Values,
  credentials: Credentials | undefined,
  problems: string[],
): Connection | undefined {
  const text = values.connectionString
  const given = text === undefined ? {} : parseConnectionString(text)
  if (given === undefined) {
    problems.push(
      'connectionString lacks an account or BlobEndpoint, or AccountKey and SharedAccessSignature',
    )
    return undefined
  }
  const emulator = values.emulator || given.emulator ? EMULATOR : undefined
  const accountName = values.accountName ?? given.accountName ?? emulator?.accountName
  const realm = values.realm ?? given.realm ?? PUBLIC_REALM
  const url =
    values.serviceURL ??
    given.serviceURL ??
    emulator?.serviceURL ??
    (accountName && `https://${accountName}.blob.${realm}`)
  if (!url) {
    problems.push('no accountname parameter provided')
    return undefined
  }
  const service = splitServiceURL(url)
  if (service === undefined) {
    problems.push('serviceURL should be an http or https URL')
    return undefined
  }
  const authorization = authorize(
    {
      accountName,
      accountKey: values.accountKey ?? given.accountKey ?? emulator?.accountKey,
      sasToken: values.sasToken ?? service.sasToken ?? given.sasToken,
      credential: values.credential,
    },
    credentials,
    problems,
  )
  return authorization && { serviceURL: service.serviceURL, realm, authorization }
}

interface Secrets {
  readonly accountName: string | undefined
  readonly accountKey: string | undefined
  readonly sasToken: string | undefined
  readonly credential: TokenCredential | undefined
}

function authorize(
  secrets: Secrets,
  credentials: Credentials | undefined,
  problems: string[],
): Authorization | undefined {
  const { accountName, accountKey, sasToken, credential } = secrets
  const missing = (problem: string): undefined => void problems.push(problem)
  const byKey = (): Authorization | undefined => {
    if (!accountName) return missing('no accountname parameter provided')
    return accountKey
      ? { kind: 'key', accountName, accountKey }
      : missing('no accountkey parameter provided')
  }
  if (credential) {
    return typeof credential.getToken === 'function'
      ? { kind: 'credential', credential }
      : missing('credential should be an object with a method getToken')
  }
  if (credentials) {
    const { type, tenantId, clientId, secret } = credentials
    if (type === 'shared_key') return byKey()
    if (type === 'default_credentials' || type === 'default') return { kind: 'default' }
    if (type !== 'client_secret') return missing(`invalid credentials type: "${type}"`)
    if (tenantId && clientId && secret) return { kind: 'secret', tenantId, clientId, secret }
    return missing('credentials of type client_secret need tenantid, clientid and secret')
  }
  if (accountKey) return byKey()
  if (sasToken) return { kind: 'sas', token: sasToken.replace(/^\?/, '') }
  return missing(
    'no credentials: give one of accountKey, sasToken, connectionString, credentials, credential or client',
  )
}
