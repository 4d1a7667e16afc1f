import { toStorageDriver } from '@stowage/core/driver'
import { registerSuite } from '@stowage/testsuite'
import { ChunkDriver } from '../../src/index.ts'
import { MemoryData, memoryStore } from './memory-store.ts'

const CHUNK = 4 * 1024

// A store that answers at once finds what a network hides, and the other way round.
for (const synchronous of [true, false]) {
  const databases = new Map<string, MemoryData>()
  const open = (storage: string) => {
    const data = databases.get(storage) ?? new MemoryData()
    databases.set(storage, data)
    const identity = `conformance ${synchronous} ${storage}`
    return new ChunkDriver(memoryStore(data, { identity, chunkSize: CHUNK, synchronous }))
  }
  registerSuite({
    name: `chunk store, ${synchronous ? 'synchronous' : 'asynchronous'}`,
    open: (storage) => toStorageDriver(open(storage)),
    remove: (storage) => void databases.delete(storage),
    capabilities: open('capabilities').capabilities,
    partSize: CHUNK,
  })
}
