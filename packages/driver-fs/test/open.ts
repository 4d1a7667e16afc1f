import { join } from 'node:path'
import '../src/index.ts'
import { create, type StorageDriver } from '@stowage/core'

/** What the driver declares on every volume. */
export const FLAGS = {
  persistent: true,
  append: true,
  purgeUploads: true,
  unicodePaths: true,
  // Windows refuses to replace a file that is open.
  snapshotReads: process.platform !== 'win32',
  atomicMove: true,
  modTimes: true,
}

/** Opens a storage of the conformance test, in the process that runs it or in one that it starts. */
export function open(storage: string): Promise<StorageDriver> {
  const folder = process.env.STOWAGE_FS_FOLDER ?? ''
  return create('fs', { rootDirectory: join(folder, storage), chunkSize: 64 * 1024 })
}
