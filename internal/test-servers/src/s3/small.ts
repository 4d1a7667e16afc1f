// The S3 servers that are one process: versitygw, MinIO, moto.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Found } from '../find.ts'
import {
  freePort,
  makeFolder,
  type ProcessOptions,
  removeFolder,
  startProcess,
} from '../process.ts'
import type { Started } from '../server.ts'
import { type S3Facts, s3Ready } from './request.ts'

/** The credentials of all servers that are started here; they guard nothing. */
export const testCredentials = {
  region: 'us-east-1',
  accessKeyId: 'STOWAGETESTKEY',
  secretAccessKey: 'stowage-test-secret',
  pathStyle: true,
} as const

/** Master key of MinIO's built-in key service, so that encryption headers work; it guards nothing either. */
const masterKey = `k1:${Buffer.alloc(32, 'stowage-test').toString('base64')}`

/** What a client of a server on this port needs to know. */
export const localFacts = (port: number): S3Facts => ({
  endpoint: `http://127.0.0.1:${port}`,
  virtualHostEndpoint: `http://localhost:${port}`,
  ...testCredentials,
})

type Details = Pick<ProcessOptions, 'args'> & Partial<Pick<ProcessOptions, 'env'>>

async function startSmall(
  name: string,
  found: Found,
  details: (folder: string, port: number) => Promise<Details>,
): Promise<Started<S3Facts>> {
  const folder = await makeFolder(name)
  try {
    const port = await freePort()
    const facts = localFacts(port)
    const { args, env } = await details(folder, port)
    const running = await startProcess({
      name,
      command: found.command,
      args: [...found.prefix, ...args],
      folder,
      ...(env && { env }),
      ready: () => s3Ready(facts),
    })
    const stop = async (): Promise<void> => {
      await running.stop()
      await removeFolder(folder)
    }
    return { facts, pids: [running.pid], stop }
  } catch (error) {
    await removeFolder(folder)
    throw error
  }
}

/** The Versity gateway over a folder: a strict front end with a file system's limits. */
export async function startVersitygw(found: Found): Promise<Started<S3Facts>> {
  try {
    return await versitygwWith(found, 'attributes')
  } catch (error) {
    if (!/xattr|extended attribute/i.test(String(error))) throw error
    return versitygwWith(found, 'sidecar')
  }
}

/**
 * Object metadata in extended attributes changes in one step with the content. On a file system without them it goes
 * into a sidecar folder, where it does not.
 */
function versitygwWith(
  found: Found,
  metadata: 'attributes' | 'sidecar',
): Promise<Started<S3Facts>> {
  return startSmall('versitygw', found, async (folder, port) => {
    const dir = (name: string): string => join(folder, name)
    for (const name of ['data', 'versions', 'sidecar']) await mkdir(dir(name))
    const { accessKeyId, secretAccessKey, region } = testCredentials
    // No --keep-alive: after a request that was refused unread, its body would be taken for the next request.
    const listen = [
      '--port',
      `127.0.0.1:${port}`,
      '--region',
      region,
      '--quiet',
      '--virtual-domain',
      `localhost:${port}`,
    ]
    const keys = ['--access', accessKeyId, '--secret', secretAccessKey]
    const posix = ['posix', '--versioning-dir', dir('versions')]
    if (metadata === 'sidecar') posix.push('--sidecar', dir('sidecar'))
    return { args: [...listen, ...keys, ...posix, dir('data')] }
  })
}

/** MinIO on one drive. */
export function startMinio(found: Found): Promise<Started<S3Facts>> {
  return startSmall('minio', found, async (folder, port) => ({
    args: [
      'server',
      '--quiet',
      ...['--address', `127.0.0.1:${port}`],
      ...['--certs-dir', join(folder, 'certs')],
      join(folder, 'data'),
    ],
    env: {
      MINIO_ROOT_USER: testCredentials.accessKeyId,
      MINIO_ROOT_PASSWORD: testCredentials.secretAccessKey,
      MINIO_REGION: testCredentials.region,
      MINIO_KMS_SECRET_KEY: masterKey,
      MINIO_BROWSER: 'off',
      MINIO_DOMAIN: 'localhost',
      MINIO_UPDATE: 'off',
    },
  }))
}

/** moto's server: a simulator in Python that checks no signatures. */
export function startMoto(found: Found): Promise<Started<S3Facts>> {
  return startSmall('moto', found, async (_, port) => ({
    args: ['-H', '127.0.0.1', '-p', String(port)],
  }))
}
