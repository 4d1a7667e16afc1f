import { registerHostileSuite } from '@stowage/testsuite'
import { blobNames, containerClient, open } from './helpers/storages.ts'

/** Where one of these is in a name, Azurite answers listings with 500; the service encodes the name. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it fails at
const BREAKS_AZURITE = /[\u0000-\u001f\ufffe\uffff]/

registerHostileSuite({
  name: 'azure',
  open,
  stored: 150,
  behind: {
    root: (storage) => `${storage}/`,
    keys: () => blobNames(''),
    async put(key, content) {
      if (BREAKS_AZURITE.test(key)) throw new Error('Azurite could not list it')
      const blob = (await containerClient()).getBlockBlobClient(key)
      await blob.upload(content, content.length)
    },
  },
})
