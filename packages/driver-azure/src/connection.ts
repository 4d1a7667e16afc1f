/** What gives out tokens of Entra ID: any credential of `@azure/identity` is one. */
export interface TokenCredential {
  getToken(
    scopes: string | string[],
    options?: object,
  ): Promise<{ token: string; expiresOnTimestamp: number } | null>
}

/** How requests are authorised. */
export type Authorization =
  | { readonly kind: 'key'; readonly accountName: string; readonly accountKey: string }
  | { readonly kind: 'sas'; readonly token: string }
  | { readonly kind: 'credential'; readonly credential: TokenCredential }
  | { readonly kind: 'default' }
  | {
      readonly kind: 'secret'
      readonly tenantId: string
      readonly clientId: string
      readonly secret: string
    }

/** Where the container is. */
export interface Connection {
  /** Of the account, without a final `/` and without a query. */
  readonly serviceURL: string
  readonly realm: string
  readonly authorization: Authorization
}

/** Microsoft's suffix of the public cloud's endpoints. */
export const PUBLIC_REALM = 'core.windows.net'

/** The account that every Azurite and storage emulator has; its key is public and opens nothing else. */
export const EMULATOR = {
  accountName: 'devstoreaccount1',
  accountKey:
    'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
  serviceURL: 'http://127.0.0.1:10000/devstoreaccount1',
}

/** Sign-in hosts of the sovereign clouds, by the suffix of their storage endpoints. */
const AUTHORITY_HOSTS: Readonly<Record<string, string>> = {
  'core.chinacloudapi.cn': 'https://login.chinacloudapi.cn',
  'core.usgovcloudapi.net': 'https://login.microsoftonline.us',
}

/** Where a client secret of that cloud signs in; undefined for the public one. */
export function authorityHost(realm: string): string | undefined {
  return AUTHORITY_HOSTS[realm]
}

/** The parts of a connection string that name an account of blobs. */
export interface ConnectionString {
  readonly accountName?: string | undefined
  readonly accountKey?: string | undefined
  readonly sasToken?: string | undefined
  readonly serviceURL?: string | undefined
  readonly realm?: string | undefined
  readonly emulator?: boolean | undefined
}

/** Reads a connection string; undefined where it is none. */
export function parseConnectionString(text: string): ConnectionString | undefined {
  const parts = new Map<string, string>()
  // Copied out of a shell or a YAML file, it may have its quotes still.
  for (const part of text
    .trim()
    .replace(/^(["'])(.*)\1$/s, '$2')
    .split(';')) {
    const cut = part.indexOf('=')
    if (cut > 0) parts.set(part.slice(0, cut).trim().toLowerCase(), part.slice(cut + 1).trim())
  }
  if (parts.get('usedevelopmentstorage')?.toLowerCase() === 'true') return { emulator: true }
  const accountName = parts.get('accountname')
  const realm = parts.get('endpointsuffix')
  const protocol = parts.get('defaultendpointsprotocol') ?? 'https'
  const host = accountName && `${protocol}://${accountName}.blob.${realm ?? PUBLIC_REALM}`
  const serviceURL = parts.get('blobendpoint') ?? host
  const accountKey = parts.get('accountkey')
  const sasToken = parts.get('sharedaccesssignature')
  if (serviceURL === undefined || (accountKey ?? sasToken) === undefined) return undefined
  return { accountName, accountKey, sasToken, serviceURL, realm }
}

/** The parts of a `serviceURL`. */
export interface ServiceURL {
  /** Of the account. */
  readonly serviceURL: string
  readonly sasToken?: string
  /** Where the URL was that of a container. */
  readonly container?: string
}

/** Hosts that name the account; elsewhere the first part of the path does. */
const ACCOUNT_HOST = /^[^.]+\.blob\./

/**
 * Takes a `serviceURL` apart. It may be the URL of a container, as the portal gives it with a SAS.
 * @param container The one that the parameters name.
 */
export function splitServiceURL(text: string, container?: string): ServiceURL | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined
  const sasToken = url.searchParams.has('sig') ? url.search.slice(1) : undefined
  const parts = url.pathname.split('/').filter((part) => part !== '')
  const ofContainer =
    url.searchParams.get('sr') === 'c' || (parts.length > 1 && parts.at(-1) === container)
  const least = ACCOUNT_HOST.test(url.hostname) ? 1 : 2
  const named = parts.length >= least && (ofContainer || least === 1) ? parts.pop() : undefined
  const serviceURL = [url.origin, ...parts].join('/')
  return { serviceURL, ...(sasToken && { sasToken }), ...(named && { container: named }) }
}
