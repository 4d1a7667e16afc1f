import { create, type StorageDriver } from '@stowage/core'
import 'stowage-driver-webdav'

/** Opens a storage of the test that started this process. */
export function open(storage: string): Promise<StorageDriver> {
  return create('webdav', {
    url: `${process.env.STOWAGE_WEBDAV_URL}/${storage}`,
    partSize: 64 * 1024,
  })
}
