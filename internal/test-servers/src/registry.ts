// The Go registry (CNCF distribution), whose storage layout the drivers share: for interoperability tests.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { acquire, type FindOptions } from './acquire.ts'
import type { AzuriteServer } from './azurite.ts'
import { registry } from './catalog.ts'
import type { Found } from './find.ts'
import { answers, freePort, makeFolder, removeFolder, startProcess } from './process.ts'
import type { S3Server } from './s3/index.ts'
import { type Facts, type Started, TestServer } from './server.ts'

/**
 * Where the registry keeps its data; servers must have been started, buckets and containers must exist. For Google
 * Cloud Storage its driver insists on Google's own hosts: who asks for it says by the environment how it is to find
 * them elsewhere (a proxy, and whose certificates to trust).
 */
export type RegistryStorage =
  | { readonly filesystem: { readonly rootDirectory?: string } }
  | { readonly s3: { server: S3Server; bucket: string; rootDirectory?: string } }
  | { readonly azure: { server: AzuriteServer; container: string; rootDirectory?: string } }
  | { readonly gcs: GcsStorage }

interface GcsStorage {
  readonly bucket: string
  readonly rootDirectory?: string
  /** Path of a service account's key. */
  readonly keyFile: string
  /** Added to the registry's environment. */
  readonly env: Readonly<Record<string, string>>
}

export interface RegistryOptions extends FindOptions {
  /** Default: the file system, in a temporary folder. */
  readonly storage?: RegistryStorage
}

export interface RegistryFacts extends Facts {
  /** The storage section of the configuration, as given to the registry. */
  readonly storage: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** With the file system: the folder of its data. */
  readonly rootDirectory?: string
}

/** A registry of its own for the asking test; it is never shared. */
export type RegistryServer = TestServer<RegistryFacts>

/**
 * The Go registry over the given storage, not started. Undefined if this machine has none; then
 * `node internal/test-servers/src/install.ts registry` installs it.
 */
export async function startRegistry(
  options: RegistryOptions = {},
): Promise<RegistryServer | undefined> {
  const found = (await acquire('registry', [registry], options)).get(registry)
  if (!found) return undefined
  const { version } = found
  const begin = (): Promise<Started<RegistryFacts>> =>
    startWith(found, options.storage ?? { filesystem: {} })
  return new TestServer({ kind: 'registry', name: 'registry', version, begin })
}

async function startWith(found: Found, choice: RegistryStorage): Promise<Started<RegistryFacts>> {
  const folder = await makeFolder('registry')
  try {
    const port = await freePort()
    const storage = await storageSection(choice, folder)
    const configuration = {
      version: '0.1',
      log: { level: 'warn' },
      storage: { ...storage, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}`, secret: 'stowage-test' },
    }
    const file = join(folder, 'config.yml')
    await writeFile(file, JSON.stringify(configuration)) // JSON is YAML
    const endpoint = `http://127.0.0.1:${port}`
    const running = await startProcess({
      name: 'registry',
      command: found.command,
      args: [...found.prefix, 'serve', file],
      folder,
      env: { OTEL_TRACES_EXPORTER: 'none', ...('gcs' in choice && choice.gcs.env) },
      ready: () => answers(`${endpoint}/v2/`, [200]),
    })
    const stop = async (): Promise<void> => {
      await running.stop()
      await removeFolder(folder)
    }
    const rootDirectory = storage.filesystem?.rootdirectory as string | undefined
    const facts = { endpoint, storage, ...(rootDirectory && { rootDirectory }) }
    return { facts, pids: [running.pid], stop }
  } catch (error) {
    await removeFolder(folder)
    throw error
  }
}

async function storageSection(
  choice: RegistryStorage,
  folder: string,
): Promise<RegistryFacts['storage']> {
  if ('s3' in choice) {
    const { server, bucket, rootDirectory: rootdirectory = '' } = choice.s3
    const keys = { accesskey: server.accessKeyId, secretkey: server.secretAccessKey }
    const place = { region: server.region, regionendpoint: server.endpoint, bucket, rootdirectory }
    return { s3: { ...keys, ...place, secure: false, v4auth: true, forcepathstyle: true } }
  }
  if ('azure' in choice) {
    const { server, container, rootDirectory: rootdirectory = '' } = choice.azure
    const { accountName: accountname, accountKey: accountkey, endpoint: serviceurl } = server
    const account = { accountname, accountkey, serviceurl, credentials: { type: 'shared_key' } }
    // Its signed URLs are for https only, which Azurite does not speak here.
    return { azure: { ...account, container, rootdirectory }, redirect: { disable: true } }
  }
  if ('gcs' in choice) {
    const { bucket, rootDirectory: rootdirectory = '', keyFile: keyfile } = choice.gcs
    // Its signed URLs are for Google's own host.
    return { gcs: { bucket, rootdirectory, keyfile }, redirect: { disable: true } }
  }
  const rootdirectory = choice.filesystem.rootDirectory ?? join(folder, 'data')
  await mkdir(rootdirectory, { recursive: true })
  return { filesystem: { rootdirectory } }
}
