import { create } from '@stowage/core'
import '@stowage/driver-inmemory'
import { registerModelSuite } from '@stowage/testsuite'
import { testServers } from './helpers/storages.ts'

const servers = await testServers('model')
if (servers.length === 0) {
  it.skip('the model (skipped: no server for Google Cloud Storage runs here, see "test servers")', () => {})
}

for (const { server, open } of servers) {
  const name = `gcs on ${server.name} ${server.version}`
  if (server.quirks.has('no-empty-objects')) {
    it.skip(`${name} is not compared with the model: an empty file breaks its connection`, () => {})
    continue
  }
  registerModelSuite({
    name,
    // Sizes around this; a real chunk would leave time for few sequences, and sessions need none.
    partSize: 64 * 1024,
    open: (storage) => open(storage, { pageSize: 3 }),
    oracle: (parameters) => create('inmemory', parameters),
  })
}
