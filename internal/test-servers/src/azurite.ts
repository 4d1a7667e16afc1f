// Azurite, the emulator of Azure Blob Storage; it comes with the development dependencies.
import { execFile, spawnSync } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { wanted } from './acquire.ts'
import { freePort, makeFolder, removeFolder, startProcess } from './process.ts'
import { type Blueprint, type Facts, note, type Started, TestServer } from './server.ts'
import { sharedServers } from './share.ts'

export interface AzuriteOptions {
  /** Keep blobs on disk instead of in memory. */
  readonly disk?: boolean
  /** Listen with TLS, with a certificate made for it (needs the command `openssl`); see `caFile`. */
  readonly https?: boolean
  /** Accept bearer tokens as well, see `token`; implies https. */
  readonly oauth?: boolean
  /** Answer requests of API versions that it does not know with an error, as it does by itself. */
  readonly checkApiVersion?: boolean
}

/** What an Azure client needs to know. */
export interface AzuriteFacts extends Facts {
  readonly accountName: string
  readonly accountKey: string
  readonly connectionString: string
  /** The certificate that a client must trust: a file for NODE_EXTRA_CA_CERTS. */
  readonly caFile?: string
  /** A container to use instead of creating one. */
  readonly container?: string
}

// Azurite's documented account; it opens nothing but emulators.
const accountName = 'devstoreaccount1'
const accountKey =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** An Azure Blob Storage server. */
export class AzuriteServer extends TestServer<AzuriteFacts> {
  get accountName(): string {
    return this.facts.accountName
  }

  get accountKey(): string {
    return this.facts.accountKey
  }

  get connectionString(): string {
    return this.facts.connectionString
  }

  get caFile(): string | undefined {
    return this.facts.caFile
  }

  /** Starts the server if need be, creates the container, and returns the name of the container to use. */
  async createContainer(name: string): Promise<string> {
    await this.start()
    if (this.facts.container) return this.facts.container
    const url = new URL(`${this.endpoint}/${name}`)
    const date = new Date().toUTCString()
    const headers = { 'x-ms-date': date, 'x-ms-version': '2024-11-04' }
    const lines = Object.entries(headers).map(([key, value]) => `${key}:${value}\n`)
    const text = `PUT\n${'\n'.repeat(11)}${lines.join('')}/${this.accountName}${url.pathname}\nrestype:container`
    const key = Buffer.from(this.accountKey, 'base64')
    const signature = createHmac('sha256', key).update(text).digest('base64')
    const authorization = `SharedKey ${this.accountName}:${signature}`
    const reply = await fetch(`${url}?restype=container`, {
      method: 'PUT',
      headers: { ...headers, authorization },
    })
    const said = await reply.text()
    if (reply.status === 201 || reply.status === 409) return name
    throw new Error(
      `creating the container ${name} at ${this.endpoint} answered ${reply.status}: ${said}`,
    )
  }

  /** A made-up bearer token that `oauth` accepts: Azurite reads issuer, audience and times, not the signature. */
  token(lifetime = 3600, audience = 'https://storage.azure.com'): string {
    const now = Math.floor(Date.now() / 1000)
    const encode = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url')
    const tenant = randomUUID()
    const claims = {
      aud: audience,
      iss: `https://sts.windows.net/${tenant}/`,
      ...{ iat: now - 60, nbf: now - 60, exp: now + lifetime },
      ...{ oid: randomUUID(), tid: tenant, ver: '1.0' },
    }
    return `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}.${Buffer.from('none').toString('base64url')}`
  }
}

/** Whether Azurite can speak https here: its certificate is made by the command `openssl`. */
export function canServeHttps(): boolean {
  return spawnSync('openssl', ['version']).status === 0
}

/**
 * Azurite, not started; `await server.start()` does that. An account in `STOWAGE_TEST_AZURE_CONNECTION_STRING` takes
 * its place, and one that was started for the whole test run too unless options ask for a special one. Undefined if
 * `STOWAGE_TEST_SERVERS` leaves it out.
 */
export async function startAzurite(
  options: AzuriteOptions = {},
): Promise<AzuriteServer | undefined> {
  const special = Object.values(options).some(Boolean)
  if (!special) {
    const shared = sharedServers<AzuriteFacts>('azurite')
    if (shared) return shared.map(({ facts, ...rest }) => given({ ...rest, shared: facts }))[0]
    const external = fromEnvironment()
    if (external) return external
  }
  if (!wanted('azurite')) return undefined
  const require = createRequire(import.meta.url)
  const manifest = require.resolve('azurite/package.json')
  const { version } = require(manifest) as { version: string }
  const main = join(dirname(manifest), 'dist', 'src', 'blob', 'main.js')
  const blueprint = { kind: 'azurite', name: 'azurite', version } as const
  if (!special) note({ ...blueprint, state: 'idle', detail: 'no test started it' })
  return new AzuriteServer({ ...blueprint, begin: () => begin(main, options) })
}

async function begin(main: string, options: AzuriteOptions): Promise<Started<AzuriteFacts>> {
  const folder = await makeFolder('azurite')
  try {
    const port = await freePort()
    const https = options.https || options.oauth
    const caFile = https ? await certificate(folder) : undefined
    const endpoint = `${https ? 'https' : 'http'}://127.0.0.1:${port}/${accountName}`
    const running = await startProcess({
      name: 'azurite',
      command: process.execPath,
      args: [main, ...(await flags(folder, port, options))],
      folder,
      ready: async (said) => said().includes('successfully listen'),
    })
    const stop = async (): Promise<void> => {
      await running.stop()
      await removeFolder(folder)
    }
    const connectionString = `DefaultEndpointsProtocol=${https ? 'https' : 'http'};AccountName=${accountName};AccountKey=${accountKey};BlobEndpoint=${endpoint};`
    const account = { accountName, accountKey, connectionString }
    const facts: AzuriteFacts = { endpoint, ...account, ...(caFile && { caFile }) }
    return { facts, pids: [running.pid], stop }
  } catch (error) {
    await removeFolder(folder)
    throw error
  }
}

async function flags(
  folder: string,
  port: number,
  options: AzuriteOptions,
): Promise<readonly string[]> {
  const args = ['--blobHost', '127.0.0.1', '--blobPort', String(port)]
  args.push('--silent', '--disableTelemetry')
  // The newest SDK is always some API versions ahead of Azurite.
  if (!options.checkApiVersion) args.push('--skipApiVersionCheck')
  if (options.disk) {
    const data = join(folder, 'data')
    await mkdir(data)
    args.push('-l', data)
  } else {
    args.push('--inMemoryPersistence')
  }
  if (options.https || options.oauth) {
    args.push('--cert', join(folder, 'cert.pem'), '--key', join(folder, 'key.pem'))
  }
  if (options.oauth) args.push('--oauth', 'basic')
  return args
}

/** A certificate for 127.0.0.1, valid for a day. */
async function certificate(folder: string): Promise<string> {
  const file = join(folder, 'cert.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const files = ['-keyout', join(folder, 'key.pem'), '-out', file]
  try {
    await promisify(execFile)('openssl', ['req', '-x509', '-days', '1', ...key, ...names, ...files])
  } catch (error) {
    throw new Error(
      'a certificate for Azurite could not be made; https needs the command openssl on PATH',
      { cause: error },
    )
  }
  return file
}

function given(blueprint: Omit<Blueprint<AzuriteFacts>, 'begin'>): AzuriteServer {
  const begin = (): Promise<never> => Promise.reject(new Error('it runs already'))
  return new AzuriteServer({ ...blueprint, begin })
}

function fromEnvironment(): AzuriteServer | undefined {
  const { env } = process
  const connectionString = env.STOWAGE_TEST_AZURE_CONNECTION_STRING
  if (!connectionString) return undefined
  const field = (name: string): string | undefined =>
    new RegExp(`(?:^|;)${name}=([^;]+)`, 'i').exec(connectionString)?.[1]
  const [account, key] = [field('AccountName'), field('AccountKey')]
  if (!account || !key) {
    throw new Error(
      'STOWAGE_TEST_AZURE_CONNECTION_STRING lacks AccountName or AccountKey; copy it from the access keys of the account',
    )
  }
  const suffix = field('EndpointSuffix') ?? 'core.windows.net'
  const endpoint = (field('BlobEndpoint') ?? `https://${account}.blob.${suffix}`).replace(/\/$/, '')
  const container = env.STOWAGE_TEST_AZURE_CONTAINER
  const shared: AzuriteFacts = {
    ...{ endpoint, accountName: account, accountKey: key, connectionString },
    ...(container && { container }),
  }
  const name = env.STOWAGE_TEST_AZURE_NAME ?? 'external'
  const version = env.STOWAGE_TEST_AZURE_VERSION ?? 'unknown version'
  note({ kind: 'azurite', name, version, state: 'external', detail: endpoint })
  return given({ kind: 'azurite', name, version, shared })
}
