import { registerSuite } from '@stowage/testsuite'
import { SERVER_LIMITS } from './helpers/server-limits.ts'
import { CHILD_PARAMETERS, PART, testServers } from './helpers/storages.ts'
import { NO_SERVER } from './helpers/world.ts'

const servers = await testServers('conformance')

if (servers.length === 0) it.skip(`the suite (${NO_SERVER})`, () => {})

for (const { server, open, parameters } of servers) {
  // They follow from the provider's profile; opening makes no request.
  const { capabilities } = await open('capabilities')
  registerSuite({
    name: `s3 on ${server.name} ${server.version}`,
    open,
    capabilities,
    partSize: PART,
    concurrency: 4,
    skip: SERVER_LIMITS[server.name],
    child: {
      module: new URL('./helpers/storages.ts', import.meta.url),
      execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
      env: { [CHILD_PARAMETERS]: JSON.stringify(await parameters()) },
    },
  })
}
