// The servers that imitate Google Cloud Storage. Neither is faithful; the README has the table.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { acquire, type FindOptions } from './acquire.ts'
import { fakeGcsServer, gcpStorageEmulator, type Program } from './catalog.ts'
import type { Found } from './find.ts'
import { answers, freePort, makeFolder, removeFolder, startProcess } from './process.ts'
import { type Blueprint, type Facts, note, type Started, TestServer } from './server.ts'
import { sharedServers } from './share.ts'

/**
 * One difference from Google Cloud Storage:
 * - `status-finishes-upload`: asking a resumable session for its status (`bytes *` `/*`) ends the upload with what is there
 * - `status-counts-one-more`: the status of a session without a byte says `Range: bytes=0-0` instead of nothing
 * - `no-status-after-end`: a finished session answers 404 instead of 200
 * - `no-overlap`: bytes of a resumable upload that are sent twice are an error or are stored twice
 * - `gaps-accepted`: a chunk that leaves a gap is taken
 * - `no-session-delete`: a resumable session cannot be cancelled
 * - `no-upload-conditions`: ifGenerationMatch on uploads has no effect
 * - `no-read-conditions`: ifGenerationMatch on get and download has no effect
 * - `no-change-conditions`: preconditions on delete, patch, rewrite, copyTo and compose have no effect
 * - `no-generation-reads`: `generation` on a download has no effect
 * - `no-suffix-range`: `Range: bytes=-5` returns the whole object
 * - `no-416`: a range that starts at or after the end is answered 206
 * - `no-empty-objects`: an upload of no byte at all breaks the connection
 * - `no-list-paging`: maxResults and startOffset have no effect
 * - `long-pages`: a page without maxResults can have more than 1000 entries
 * - `no-parent-segments`: a name with a segment `..` breaks the connection
 * - `no-concurrency`: concurrent uploads break connections
 * - `no-compose`, `no-move`: these operations are missing
 * - `hash-header-ignored`: `x-goog-hash` on an upload is not checked
 * - `no-authentication`: tokens and signatures are not checked
 */
export type GcsQuirk =
  | 'status-finishes-upload'
  | 'status-counts-one-more'
  | 'no-status-after-end'
  | 'no-overlap'
  | 'gaps-accepted'
  | 'no-session-delete'
  | 'no-upload-conditions'
  | 'no-read-conditions'
  | 'no-change-conditions'
  | 'no-generation-reads'
  | 'no-suffix-range'
  | 'no-416'
  | 'no-empty-objects'
  | 'no-list-paging'
  | 'long-pages'
  | 'no-parent-segments'
  | 'no-concurrency'
  | 'no-compose'
  | 'no-move'
  | 'hash-header-ignored'
  | 'no-authentication'

/** What a Google Cloud Storage client needs to know; no credentials are needed. */
export interface GcsFacts extends Facts {
  readonly projectId: string
  /** A bucket to use instead of creating one. */
  readonly bucket?: string
}

/** A server for Google Cloud Storage clients. */
export class GcsServer extends TestServer<GcsFacts> {
  /** In what it differs from Google's. */
  readonly quirks: ReadonlySet<GcsQuirk>

  constructor(blueprint: Blueprint<GcsFacts>, quirks: readonly GcsQuirk[]) {
    super(blueprint)
    this.quirks = new Set(quirks)
  }

  get projectId(): string {
    return this.facts.projectId
  }

  /** Starts the server if need be, creates the bucket, and returns the name of the bucket to use. */
  async createBucket(name: string): Promise<string> {
    await this.start()
    if (this.facts.bucket) return this.facts.bucket
    const reply = await fetch(`${this.endpoint}/storage/v1/b?project=${this.projectId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    })
    const text = await reply.text()
    if (reply.status === 200 || reply.status === 409) return name
    throw new Error(
      `creating the bucket ${name} at ${this.endpoint} answered ${reply.status}: ${text}`,
    )
  }
}

interface Entry {
  readonly program: Program
  readonly quirks: readonly GcsQuirk[]
  readonly arguments: (port: number, folder: string) => readonly string[]
}

const entries: readonly Entry[] = [
  {
    program: fakeGcsServer,
    // Its other backend, a folder, brings the limits of file names with it.
    arguments: (port) => [
      ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory'],
      ...['-public-host', `127.0.0.1:${port}`, '-external-url', `http://127.0.0.1:${port}`],
      ...['-log-level', 'warn'],
    ],
    quirks: [
      'status-finishes-upload',
      'no-status-after-end',
      'no-overlap',
      'gaps-accepted',
      'no-session-delete',
      'no-read-conditions',
      'no-change-conditions',
      'long-pages',
      'no-move',
      'hash-header-ignored',
      'no-authentication',
    ],
  },
  {
    program: gcpStorageEmulator,
    arguments: (port, folder) => {
      const listen = ['-H', '127.0.0.1', '--port', String(port), '--quiet']
      return ['-d', join(folder, 'data'), 'start', ...listen, '--in-memory']
    },
    quirks: [
      'status-counts-one-more',
      'no-status-after-end',
      'no-overlap',
      'no-session-delete',
      'no-upload-conditions',
      'no-read-conditions',
      'no-change-conditions',
      'no-generation-reads',
      'no-suffix-range',
      'no-416',
      'no-empty-objects',
      'no-list-paging',
      'long-pages',
      'no-parent-segments',
      'no-concurrency',
      'no-compose',
      'no-move',
      'hash-header-ignored',
      'no-authentication',
    ],
  },
]

/**
 * Every server for Google Cloud Storage clients that this machine has, none of them started. An endpoint in
 * `STOWAGE_TEST_GCS_ENDPOINT` takes the place of all others; servers that were started for the whole test run too.
 */
export async function startGcs(options: FindOptions = {}): Promise<readonly GcsServer[]> {
  const shared = sharedServers<GcsFacts>('gcs')
  if (shared) return shared.map(({ facts, ...rest }) => given(rest.name, rest.version, facts))
  const external = fromEnvironment()
  if (external) return [external]
  const programs = entries.map(({ program }) => program)
  const found = await acquire('gcs', programs, options)
  return entries.flatMap((entry) => {
    const one = found.get(entry.program)
    if (!one) return []
    const { name } = entry.program
    const begin = (): Promise<Started<GcsFacts>> => startEntry(entry, one)
    return [new GcsServer({ kind: 'gcs', name, version: one.version, begin }, entry.quirks)]
  })
}

async function startEntry(entry: Entry, found: Found): Promise<Started<GcsFacts>> {
  const { name } = entry.program
  const folder = await makeFolder(name)
  try {
    await mkdir(join(folder, 'data'))
    const port = await freePort()
    const endpoint = `http://127.0.0.1:${port}`
    const running = await startProcess({
      name,
      command: found.command,
      args: [...found.prefix, ...entry.arguments(port, folder)],
      folder,
      ready: () => answers(`${endpoint}/storage/v1/b?project=test`, [200]),
    })
    const stop = async (): Promise<void> => {
      await running.stop()
      await removeFolder(folder)
    }
    return { facts: { endpoint, projectId: 'test' }, pids: [running.pid], stop }
  } catch (error) {
    await removeFolder(folder)
    throw error
  }
}

function given(name: string, version: string, facts: GcsFacts): GcsServer {
  const quirks = entries.find(({ program }) => program.name === name)?.quirks ?? []
  const begin = (): Promise<never> => Promise.reject(new Error('it runs already'))
  return new GcsServer({ kind: 'gcs', name, version, shared: facts, begin }, quirks)
}

function fromEnvironment(): GcsServer | undefined {
  const { env } = process
  const endpoint = env.STOWAGE_TEST_GCS_ENDPOINT
  if (!endpoint) return undefined
  const name = env.STOWAGE_TEST_GCS_NAME ?? 'external'
  const version = env.STOWAGE_TEST_GCS_VERSION ?? 'unknown version'
  const bucket = env.STOWAGE_TEST_GCS_BUCKET
  note({ kind: 'gcs', name, version, state: 'external', detail: endpoint })
  const projectId = env.STOWAGE_TEST_GCS_PROJECT ?? 'test'
  return given(name, version, { endpoint, projectId, ...(bucket && { bucket }) })
}
