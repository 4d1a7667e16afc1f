import { create } from '@stowage/core'
import { registerHostileSuite } from '@stowage/testsuite'
import '@stowage/driver-inmemory'

const stored = 2000

registerHostileSuite({ name: 'inmemory', open: () => create('inmemory'), stored })

registerHostileSuite({
  name: 'inmemory as an object store',
  open: () => create('inmemory', { fileAndDirectory: true }),
  stored,
})
