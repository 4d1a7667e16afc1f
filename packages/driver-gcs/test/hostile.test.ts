import { registerHostileSuite } from '@stowage/testsuite'
import { listNames, testServers } from './helpers/storages.ts'

const servers = (await testServers('hostile')).filter(
  // It has no empty files, no `..` in names, and all on one page.
  ({ server }) => !server.quirks.has('no-list-paging'),
)
if (servers.length === 0) {
  it.skip('hostile names (skipped: no fitting server for Google Cloud Storage runs here, see "test servers")', () => {})
}

for (const { server, open, parameters } of servers) {
  registerHostileSuite({
    name: `gcs on ${server.name} ${server.version}`,
    open,
    stored: 100,
    behind: {
      root: (storage) => `${storage}/`,
      listsForeign: true,
      keys: async () => listNames(await parameters(), ''),
      async put(key, content) {
        const { endpoint, bucket } = await parameters()
        const query = `uploadType=media&name=${encodeURIComponent(key)}`
        const body = new Uint8Array(content)
        const reply = await fetch(`${endpoint}/upload/storage/v1/b/${bucket}/o?${query}`, {
          ...{ method: 'POST', body },
        })
        if (!reply.ok) throw new Error(`answered ${reply.status}`)
      },
    },
  })
}
