import { create } from '@stowage/core'
import '@stowage/driver-inmemory'
import { registerModelSuite } from '@stowage/testsuite'
import { PART, testServers } from './helpers/storages.ts'

for (const { server, open } of await testServers('model')) {
  // moto says of every upload that it began in 2010, so none is ever too young for a purge.
  if (server.name === 'moto') continue
  registerModelSuite({
    name: `s3 on ${server.name} ${server.version}`,
    partSize: PART,
    open,
    oracle: (parameters) => create('inmemory', parameters),
  })
}
