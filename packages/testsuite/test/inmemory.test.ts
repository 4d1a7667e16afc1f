import { toStorageDriver } from '@stowage/core/driver'
import { registerSuite } from '@stowage/testsuite'
// By its path: the driver's own tests depend on this package.
import { InMemoryDriver } from '../../driver-inmemory/src/index.ts'

/** Why what is asked for in full size only is not done here. */
const GIGABYTES = 'the content would be held in memory'

for (const fileAndDirectory of [false, true]) {
  registerSuite({
    name: fileAndDirectory ? 'inmemory as an object store' : 'inmemory',
    skip: { 'reader-far-offsets': GIGABYTES, 'scale-five-gibibytes': GIGABYTES },
    open: () => toStorageDriver(new InMemoryDriver({ fileAndDirectory })),
  })
}
