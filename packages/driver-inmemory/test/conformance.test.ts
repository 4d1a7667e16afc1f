import { create } from '@stowage/core'
import { applyMiddleware } from '@stowage/core/middleware'
import { registerSuite } from '@stowage/testsuite'
import '@stowage/driver-inmemory'

/** Why what is asked for in full size only is not done here. */
const GIGABYTES = 'the content would be held in memory'
const skip = { 'reader-far-offsets': GIGABYTES, 'scale-five-gibibytes': GIGABYTES }

const capabilities = {
  append: true,
  purgeUploads: true,
  longNames: true,
  unicodePaths: true,
  caseSensitive: true,
  normalizationSensitive: true,
  snapshotReads: true,
  atomicMove: true,
  modTimes: true,
}

registerSuite({ name: 'inmemory', capabilities, skip, open: () => create('inmemory') })

// Core's middleware must not change what a driver guarantees.
registerSuite({
  name: 'inmemory as an object store, behind middleware',
  capabilities: { ...capabilities, fileAndDirectory: true },
  skip,
  open: async () =>
    applyMiddleware(await create('inmemory', { fileAndDirectory: true }), [
      { name: 'regulator', options: { maxConcurrency: 2 } },
      { name: 'rewrite', options: { scheme: 'https' } },
    ]),
})
