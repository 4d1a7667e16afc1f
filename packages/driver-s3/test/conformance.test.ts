import { registerSuite } from '@stowage/testsuite'
import { CHILD_PARAMETERS, PART, testServers } from './helpers/storages.ts'
import { NO_SERVER } from './helpers/world.ts'

/** What a server cannot do, by the suite's ids; it is a fact about the server, not about the driver. */
const SKIP: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  minio: {
    'uploads-delete-removes': 'MinIO lists uploads by their exact key only',
    'uploads-delete-only-uploads': 'MinIO lists uploads by their exact key only',
  },
  versitygw: {
    // In full size; both pass where it runs with a sidecar folder instead.
    'reader-far-offsets':
      'versitygw has no room for the list of 820 parts in an extended attribute',
    'scale-five-gibibytes':
      'versitygw has no room for the list of 1,024 parts in an extended attribute',
    'uploads-page': 'versitygw refuses the markers that it gave for the next page',
    'uploads-purge-idle-only':
      'versitygw was seen, under load, to complete an upload that was aborted while a part was under way',
  },
  localstack: {
    'abort-next-tick': 'LocalStack keeps a key locked when an upload to it was cut off',
  },
  moto: {
    'redirect-expires': 'moto does not check signatures',
    'uploads-dry-run': 'moto says that every upload began in 2010',
    'uploads-age': 'moto says that every upload began in 2010',
    'uploads-purge-idle-only': 'moto says that every upload began in 2010',
  },
}

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
    skip: SKIP[server.name],
    child: {
      module: new URL('./helpers/storages.ts', import.meta.url),
      execArgv: ['--conditions=@stowage/source', '--disable-warning=ExperimentalWarning'],
      env: { [CHILD_PARAMETERS]: JSON.stringify(await parameters()) },
    },
  })
}
