import { base } from '@stowage/core'
import { registerSuite } from '@stowage/testsuite'
// By its path: the driver's own tests depend on this package.
import { InMemoryDriver } from '../../driver-inmemory/src/index.ts'

for (const fileAndDirectory of [false, true]) {
  registerSuite({
    name: fileAndDirectory ? 'inmemory as an object store' : 'inmemory',
    open: () => base(new InMemoryDriver({ fileAndDirectory })),
  })
}
