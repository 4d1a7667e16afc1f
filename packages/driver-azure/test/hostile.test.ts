import { registerHostileSuite } from '@stowage/testsuite'
import { azurite, blobNames, containerClient, open } from './helpers/storages.ts'

/** Where one of these is in a name, Azurite answers listings with 500; the service encodes the name. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it fails at
const BREAKS_AZURITE = /[\u0000-\u001f\ufffe\uffff]/

/** Of its own: it looks at everything that is there, and other tests work at the same time. */
let made: Promise<string> | undefined
function container(): Promise<string> {
  made ??= azurite().then((server) => server.createContainer('hostile'))
  return made
}
const client = async () => containerClient(await container())

registerHostileSuite({
  name: 'azure',
  open: async (storage) => open(storage, { container: await container() }),
  stored: 150,
  behind: {
    root: (storage) => `${storage}/`,
    listsForeign: true,
    keys: () => blobNames('', client()),
    async put(key, content) {
      if (BREAKS_AZURITE.test(key)) throw new Error('Azurite could not list it')
      const blob = (await client()).getBlockBlobClient(key)
      await blob.upload(content, content.length)
    },
  },
})
