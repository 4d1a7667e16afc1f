// Starts servers once for a whole test run and lets its other processes find them through the environment.
import { type InstallPolicy, installPolicy } from './acquire.ts'
import { startAzurite } from './azurite.ts'
import { startGcs } from './gcs.ts'
import { reportServers } from './report.ts'
import { startS3 } from './s3/index.ts'
import { allNotes, type Kind, note, type TestServer } from './server.ts'
import { shareEnvironment, variable } from './share.ts'

const members: Readonly<Record<Kind, readonly string[]>> = {
  s3: ['ceph', 'versitygw', 'minio', 'moto'],
  azurite: ['azurite'],
  gcs: ['fake-gcs-server', 'gcp-storage-emulator'],
  registry: ['registry'],
}

const started: TestServer[] = []
/** What the environment said before the first start. */
let inherited: { readonly text: string | undefined } | undefined

async function candidates(kind: Kind, install: InstallPolicy): Promise<readonly TestServer[]> {
  if (kind === 's3') return startS3({ install })
  if (kind === 'gcs') return startGcs({ install })
  if (kind === 'azurite') return [await startAzurite()].filter((server) => server !== undefined)
  throw new Error(`${kind} cannot be shared: each test starts its own`)
}

/**
 * Starts all servers of these kinds, at the same time, and describes them in `process.env`. A server that does not
 * start is left out and reported, unless `STOWAGE_TEST_REQUIRE` names it: then this fails. Where nothing of a kind is
 * there, one server is installed (`STOWAGE_TEST_INSTALL=none` prevents that, `all` installs all).
 */
export async function startShared(kinds: readonly Kind[]): Promise<void> {
  const found = await Promise.all(kinds.map((kind) => candidates(kind, installPolicy('minimum'))))
  const servers = found.flat()
  const results = await Promise.allSettled(servers.map((server) => server.start()))
  const running = servers.filter((_, index) => results[index]?.status === 'fulfilled')
  started.push(...running)
  for (const server of running) noteShared(server)
  inherited ??= { text: process.env[variable] }
  Object.assign(process.env, shareEnvironment(kinds, running))
  const failed = required(kinds)
  if (failed.length === 0) return
  await stopShared()
  throw new Error(
    `required by STOWAGE_TEST_REQUIRE: ${failed.join(', ')}\n${reportServers().join('\n')}`,
  )
}

/** The required servers of these kinds that do not run; those of other kinds are another setup's business. */
function required(kinds: readonly Kind[]): readonly string[] {
  const names = (process.env.STOWAGE_TEST_REQUIRE ?? '').split(',').map((name) => name.trim())
  const known = Object.values(members).flat()
  const unknown = names.filter((name) => name !== '' && !known.includes(name))
  if (unknown.length > 0) {
    return unknown.map((name) => `${name} (unknown; known are ${known.join(' ')})`)
  }
  const runs = (name: string): boolean =>
    allNotes().some((one) => one.name === name && (one.state === 'ran' || one.state === 'external'))
  return kinds
    .flatMap((kind) => members[kind])
    .filter((name) => names.includes(name) && !runs(name))
}

/** A server that another process started for this run counts as one that ran. */
function noteShared({ kind, name, version, shared }: TestServer): void {
  if (!shared || allNotes().some((one) => one.kind === kind && one.name === name)) return
  note({ kind, name, version, state: 'ran', detail: 'started by another process of this run' })
}

/** Stops what `startShared` started in this process, and takes it out of the environment again. */
export async function stopShared(): Promise<void> {
  const stopping = started.splice(0).map((server) => server.stop())
  if (inherited?.text !== undefined) process.env[variable] = inherited.text
  else if (inherited) delete process.env[variable]
  inherited = undefined
  await Promise.all(stopping)
}
