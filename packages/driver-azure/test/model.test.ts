import { create } from '@stowage/core'
import '@stowage/driver-inmemory'
import { registerModelSuite } from '@stowage/testsuite'
import { open } from './helpers/storages.ts'

const partSize = 4096

registerModelSuite({
  name: 'azure',
  partSize,
  open: (storage) => open(storage, { blockSize: partSize, pageSize: 3 }),
  oracle: (parameters) => create('inmemory', parameters),
})
