import { registerHistorySuite } from '@stowage/testsuite'
import { testServers } from './helpers/storages.ts'
import { NO_SERVER } from './helpers/world.ts'

const servers = await testServers('histories')
if (servers.length === 0) it.skip(`histories (${NO_SERVER})`, () => {})

/** What a server cannot do, by the suite's ids. */
const SKIP: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  moto: Object.fromEntries(
    ['files', 'moves', 'directories'].map((id) => [
      `history-${id}`,
      'moto answers 500 to several requests for one key at the same time',
    ]),
  ),
  versitygw: {
    'history-files':
      'versitygw was seen, under load, to call a key a directory, which it is just removing since it was empty',
    'history-moves':
      'versitygw was seen, under load, to make a copy and then say that its source is missing',
    'history-directories':
      'versitygw refuses an object whose directory it is just removing, since that was empty',
  },
}

for (const { server, open } of servers) {
  const name = `s3 on ${server.name} ${server.version}`
  registerHistorySuite({ name, open, rounds: 5, skip: SKIP[server.name] })
}
