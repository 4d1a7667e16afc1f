// On the strictest server that runs here; in full size on each.
import { registerFaultSuite } from '@stowage/testsuite'
import { faultOptions } from './helpers/faulty.ts'
import { testServers } from './helpers/storages.ts'
import { NO_SERVER } from './helpers/world.ts'

const servers = await testServers('fault-suite')
const full = process.env.STOWAGE_SUITE_SIZE === 'full'

if (servers.length === 0) it.skip(`the fault suite (${NO_SERVER})`, () => {})

for (const server of full ? servers : servers.slice(0, 1)) {
  registerFaultSuite(await faultOptions(server))
}
