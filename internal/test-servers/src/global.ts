// Starts servers once for a whole test run and lets its other processes find them through the environment.
import { type InstallPolicy, installPolicy } from './acquire.ts'
import { startAzurite } from './azurite.ts'
import { startGcs } from './gcs.ts'
import { reportServers } from './report.ts'
import { startS3 } from './s3/index.ts'
import type { Kind, TestServer } from './server.ts'
import { allNotes } from './server.ts'
import { shareEnvironment } from './share.ts'

const started: TestServer[] = []

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
  Object.assign(process.env, shareEnvironment(kinds, running))
  const failed = required(kinds)
  if (failed.length === 0) return
  await stopShared()
  throw new Error(
    `required by STOWAGE_TEST_REQUIRE: ${failed.join(', ')}\n${reportServers().join('\n')}`,
  )
}

/** The required servers of these kinds that do not run; those of other kinds are somebody else's business. */
function required(kinds: readonly Kind[]): readonly string[] {
  const names = (process.env.STOWAGE_TEST_REQUIRE ?? '').split(',').map((name) => name.trim())
  return allNotes()
    .filter(({ kind, name }) => kinds.includes(kind) && names.includes(name))
    .filter(({ state }) => state === 'missing' || state === 'failed')
    .map(({ name }) => name)
}

/** Stops what `startShared` started in this process. */
export async function stopShared(): Promise<void> {
  const stopping = started.splice(0).map((server) => server.stop())
  await Promise.all(stopping)
}
