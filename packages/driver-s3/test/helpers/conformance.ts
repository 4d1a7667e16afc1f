import { registerSuite } from '@stowage/testsuite'
import { FULL } from '@stowage-internal/jest-preset/sample'
import { SERVER_LIMITS } from './server-limits.ts'
import { CHILD_PARAMETERS, PART, type TestServer, testServers } from './storages.ts'
import { NO_SERVER } from './world.ts'

const THOUSANDS = { 'scale-thousand': 'thousands of requests: on another server, or in full size' }

/** The whole suite on each of these servers. A test file for the slowest of them, so that they run side by side. */
export async function conformOn(picks: (server: string) => boolean): Promise<void> {
  const all = await testServers('conformance')
  const servers = all.filter(({ server }) => picks(server.name))
  if (servers.length === 0) it.skip(`the suite (${NO_SERVER})`, () => {})
  // Ceph takes a minute for 1,001 files; in quick size the next server has them.
  const skip = !FULL && all.length > 1 ? { ceph: THOUSANDS } : {}
  for (const one of servers) await conform(one, skip)
}

async function conform(
  { server, open, parameters }: TestServer,
  skip: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<void> {
  // They follow from the provider's profile; opening makes no request.
  const { capabilities } = await open('capabilities')
  registerSuite({
    name: `s3 on ${server.name} ${server.version}`,
    open,
    capabilities,
    partSize: PART,
    concurrency: 4,
    skip: { ...SERVER_LIMITS[server.name], ...skip[server.name] },
    child: {
      module: new URL('./storages.ts', import.meta.url),
      execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
      env: { [CHILD_PARAMETERS]: JSON.stringify(await parameters()) },
    },
  })
}
