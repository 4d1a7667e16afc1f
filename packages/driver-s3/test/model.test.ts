import { create } from '@stowage/core'
import '@stowage/driver-inmemory'
import { registerModelSuite } from '@stowage/testsuite'
import { testServers } from './helpers/storages.ts'
import { NO_SERVER } from './helpers/world.ts'

/** Where a server departs from S3 in what the model looks at. */
const DEPARTS: Readonly<Record<string, string>> = {
  localstack:
    'compares StartAfter with keys in percent-encoding, in which all beyond ASCII comes first',
  minio: 'lists uploads by exact key only, so a delete leaves those beneath the path',
  moto: 'says of every upload that it began in 2010, so none is too young for a purge',
}

const servers = await testServers('model')
if (servers.length === 0) it.skip(`the model (${NO_SERVER})`, () => {})

for (const { server, open } of servers) {
  const name = `s3 on ${server.name} ${server.version}`
  const reason = DEPARTS[server.name]
  if (reason !== undefined) {
    it.skip(`${name} is not compared with the model: it ${reason}`, () => {})
    continue
  }
  registerModelSuite({
    name,
    // A real part of 5 MiB would leave time for few sequences: uploads in several sessions need none.
    partSize: 64 * 1024,
    open,
    oracle: (parameters) => create('inmemory', parameters),
  })
}
