import { create, type StorageDriver } from '@stowage/core'
import '../src/index.ts'

/**
 * Opens a storage for a test. The same id is the same storage, as another process would open it; a new id is an empty one.
 */
export function open(storage: string): Promise<StorageDriver> {
  return create('mydriver', { location: storage })
}
