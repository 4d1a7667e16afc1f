import { join } from 'node:path'
import { create, type StorageDriver } from '@stowage/core'
import 'stowage-driver-sqlite'

/** Opens a storage of the test that started this process. */
export function open(storage: string): Promise<StorageDriver> {
  return create('sqlite', {
    file: join(process.env.STOWAGE_SQLITE_FOLDER ?? '', `${storage}.db`),
  })
}
