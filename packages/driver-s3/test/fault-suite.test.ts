// On the strictest server that runs here; in full size on each.
import { registerFaultSuite } from '@stowage/testsuite'
import { FULL } from '@stowage-internal/jest-preset/sample'
import { faultOptions } from './helpers/faulty.ts'
import { testServers } from './helpers/storages.ts'
import { NO_SERVER } from './helpers/world.ts'

const servers = await testServers('fault-suite')

if (servers.length === 0) it.skip(`the fault suite (${NO_SERVER})`, () => {})

for (const server of FULL ? servers : servers.slice(0, 1)) {
  registerFaultSuite(await faultOptions(server))
}
