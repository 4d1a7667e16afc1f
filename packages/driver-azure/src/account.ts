import {
  type Authorization,
  type Connection,
  EMULATOR,
  PUBLIC_REALM,
  parseConnectionString,
  splitServiceURL,
  type TokenCredential,
} from './connection.ts'

/** The parameters that say where and who. */
interface Values {
  readonly accountName?: string | undefined
  readonly accountKey?: string | undefined
  readonly container?: string | undefined
  readonly connectionString?: string | undefined
  readonly sasToken?: string | undefined
  readonly credential?: TokenCredential | undefined
  readonly emulator: boolean
  readonly realm?: string | undefined
  readonly serviceURL?: string | undefined
}

interface Credentials {
  readonly type: string
  readonly clientId: string
  readonly tenantId: string
  readonly secret: string
}

/** An account, and the container where its URL names one. */
interface Found {
  readonly connection: Connection
  readonly container?: string | undefined
}

/** Account, address and authorisation, from whichever of the parameters say it. */
export function connect(
  values: Values,
  credentials: Credentials | undefined,
  problems: string[],
): Found | undefined {
  const text = values.connectionString ?? fromEnvironment(values, credentials)
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
  const service = splitServiceURL(url, values.container)
  if (service === undefined) {
    problems.push('serviceURL should be an http or https URL')
    return undefined
  }
  const { serviceURL, container } = service
  if (container !== undefined && values.container && container !== values.container) {
    problems.push(`serviceURL is of the container ${container}, not of ${values.container}`)
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
  return authorization && { connection: { serviceURL, realm, authorization }, container }
}

/** The variable in which Microsoft's own tools find the account. */
const VARIABLE = 'AZURE_STORAGE_CONNECTION_STRING'

/** Asked only where no parameter says who asks, or where. */
function fromEnvironment(values: Values, credentials: unknown): string | undefined {
  const { accountKey, sasToken, credential, serviceURL, emulator } = values
  const given = accountKey ?? sasToken ?? credential ?? serviceURL ?? credentials
  return given === undefined && !emulator ? process.env[VARIABLE] : undefined
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
  if (sasToken) return { kind: 'sas', token: sasToken.replace(/^[?&]+/, '') }
  return missing(
    'no credentials: give one of accountKey, sasToken, connectionString, credentials, credential or client',
  )
}
