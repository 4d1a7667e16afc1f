// The whole suite on the two servers that others wrote: what one cannot do, the other can. On each, what it
// cannot do is skipped by name, with the reason.
import { registerSuite, suiteCases } from '@stowage/testsuite'
import { CHUNK, childOptions, SMALL, testServers } from './helpers/storages.ts'

/** What only a server with whole resumable uploads shows: the areas that gcp-storage-emulator runs. */
const UPLOADS = ['process', 'resume', 'sessions', 'uploads']

const elsewhere = Object.fromEntries(
  suiteCases
    .filter(({ area }) => !UPLOADS.includes(area))
    .map(({ id }) => [id, 'gcp-storage-emulator is here for unfinished uploads only, see README']),
)

/** By the suite's ids; each is a fact about the server, not about the driver. */
const SKIP: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'fake-gcs-server': {
    'process-killed-writing': 'fake-gcs-server ends an upload that is asked how far it is',
    'process-killed-continuing': 'fake-gcs-server ends an upload that is asked how far it is',
  },
  'gcp-storage-emulator': elsewhere,
}

const servers = await testServers('conformance')
if (servers.length === 0) {
  it.skip('the suite (skipped: no server for Google Cloud Storage runs here, see "test servers")', () => {})
}

for (const { server, open, parameters } of servers) {
  // They follow from the parameters; opening makes no request.
  const { capabilities } = await open('capabilities')
  registerSuite({
    name: `gcs on ${server.name} ${server.version}`,
    open,
    capabilities,
    partSize: CHUNK,
    pageSize: SMALL.pageSize,
    concurrency: server.quirks.has('no-concurrency') ? 1 : 4,
    skip: SKIP[server.name],
    child: childOptions(await parameters()),
  })
}
