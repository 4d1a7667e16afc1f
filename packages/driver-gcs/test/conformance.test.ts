import { registerSuite } from '@stowage/testsuite'
import { CHILD_PARAMETERS, CHUNK, SMALL, testServers } from './helpers/storages.ts'

const servers = await testServers('conformance')

for (const { server, open, parameters } of servers) {
  const { capabilities } = await open('capabilities')
  registerSuite({
    name: `gcs on ${server.name} ${server.version}`,
    open,
    capabilities,
    partSize: CHUNK,
    pageSize: SMALL.pageSize,
    concurrency: 4,
    child: {
      module: new URL('./helpers/storages.ts', import.meta.url),
      execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
      env: { [CHILD_PARAMETERS]: JSON.stringify(await parameters()) },
    },
  })
}
